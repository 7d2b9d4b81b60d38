"""Words that never describe a child."""

from __future__ import annotations

import re

from early_id.exceptions import ConfigError

# Facts have dates and counts; these are judgements, labels or predictions said as if they were facts.
_REFUSED = (
    r"(at|high|low|medium)[- ]?risks?",
    r"risk(y|s)?",
    r"drop[- ]?outs?",
    r"problem(s|atic)?",
    r"fail(ing|ed)? (student|pupil|learner|child|kid|boy|girl)s?",
    r"failures?",
    r"troubled?",
    r"trouble[- ]?makers?",
    r"truan(t|ts|cy)",
    r"delinquen(t|ts|cy)",
    r"offenders?",
    r"defian(t|ce)",
    r"disruptive",
    r"misbehav\w*",
    r"(bad|weak|poor|slow|lazy|difficult) (student|pupil|learner|child|kid|boy|girl|reader)s?",
    r"(low|poor|under)[- ]?(performer|achiever)s?",
    r"lazy",
    r"unmotivated",
    r"hopeless",
    r"deficien(t|cy|cies)",
    r"abnormal",
    r"criminal\w*",
    r"violent",
    r"suspects?",
    r"victims?",
)
_PATTERN = re.compile(rf"\b({'|'.join(_REFUSED)})\b", re.IGNORECASE)


def check_wording(text: str) -> str:
    """Refuse words that label a child.

    Parameters
    ----------
    text : str
        A reason, a strength, or a template of one.

    Returns
    -------
    str
        The text, unchanged.

    Raises
    ------
    ConfigError
        Naming the word.

    Examples
    --------
    >>> check_wording("Absent 3 of the last 20 school days")
    'Absent 3 of the last 20 school days'
    """
    found = _PATTERN.search(text)
    if found:
        msg = (
            f"Expected words that state a fact and never label a child, got {found[0]!r} in {text!r}; "
            "say what happened, how often and when."
        )
        raise ConfigError(msg)
    return text
