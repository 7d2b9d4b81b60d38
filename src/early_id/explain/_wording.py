"""Words that never describe a child, in English and in Spanish."""

from __future__ import annotations

import re

from early_id.exceptions import ConfigError

# Facts have dates and counts; these are judgements and labels.
_LABELS = (
    r"(at|high|low|medium)[- ]?risks?",
    r"risk(y|s)?",
    r"drop[- ]?outs?",
    r"problem(s|atic)?",
    r"fail(ing|ed)? (student|pupil|learner|child|kid|boy|girl)s?",
    r"failures?",
    r"troubled?",
    r"trouble[- ]?makers?",
    r"truan(t|ts|cy)",
    r"absentee(s|ism)?",
    r"chronic(ally)?",
    r"crónic(o|a|os|as|amente)",
    r"ausentis(tas?|mo)",
    r"repetidor(a|es|as)?",
    r"repitentes?",
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
    r"(de |alto |bajo )?riesgos?",
    r"desert(or|ora|ores|oras|ar|ó|ción)",
    r"problem(a|as|ático|ática|áticos|áticas)",
    r"fracas(o|os|ó|ado|ada|ar)",
    r"(mal|mala|malos|malas|débil|flojo|floja|lento|lenta) (estudiante|alumn[oa]|niñ[oa]|lector|lectora)s?",
    r"(estudiante|alumn[oa]|niñ[oa])s? (difícil|mal[oa]|débil|floj[oa]|lent[oa]|conflictiv[oa])(e?s)?",
    r"perezos[oa]s?",
    r"conflictiv[oa]s?",
    r"desafiantes?",
    r"desobedientes?",
    r"rebeldes?",
    r"delincuen(te|tes|cia)",
    r"indisciplinad[oa]s?",
    r"reprobad[oa]s?",
    r"anormal(es)?",
    r"violent[oa]s?",
    r"sospechos[oa]s?",
    r"víctimas?",
)
# What may come is no fact, however probable.
_FORECASTS = (
    r"will( not|n't)?",
    r"won't",
    r"going to",
    r"might",
    r"on (pace|track) to",
    r"van? a",
    r"podrían?",
    r"están? por",
    r"(un)?likely",
    r"likelihood",
    r"probabl[ey]",
    r"probabilit(y|ies)",
    r"predict(s|ed|ion|ions)?",
    r"forecasts?",
    r"expected to",
    r"chances?",
    r"(im)?probable(s|mente)?",
    r"probabilidad(es)?",
    r"predicci(ón|ones)",
    r"pronóstic(o|os|a|ado)",
    r"previst[oa]s?",
    r"se espera",
    r"(faltará|reprobará|abandonará|tendrá|será)n?",
)
# What somebody belongs to is no reason.
_GROUPS = (
    r"race",
    r"racial",
    r"ethnic(ity)?",
    r"black",
    r"white",
    r"hispanic",
    r"latin[oax]s?",
    r"asian",
    r"african[- ]american",
    r"native american",
    r"foster",
    r"homeless(ness)?",
    r"migrants?",
    r"immigra(nt|nts|tion)",
    r"refugees?",
    r"english learners?",
    r"disab(led|ility|ilities)",
    r"special education",
    r"autis(m|mo|tic)",
    r"autistas?",
    r"iep",
    r"gender",
    r"(fe)?males?",
    r"girls?",
    r"boys?",
    r"low[- ]income",
    r"poverty",
    r"reduced[- ]price",
    r"religio(n|us)",
    r"raza",
    r"etnia",
    r"negr[oa]s?",
    r"blanc[oa]s?",
    r"hispan[oa]s?",
    r"asiátic[oa]s?",
    r"acogida",
    r"sin hogar",
    r"migrantes?",
    r"inmigrantes?",
    r"refugiad[oa]s?",
    r"aprendi(z|ces) de inglés",
    r"discapaci(dad|dades|tad[oa]s?)",
    r"educación especial",
    r"género",
    r"bajos ingresos",
    r"pobreza",
    r"religi(ón|os[oa]s?)",
)
_PATTERN = re.compile(rf"\b({'|'.join((*_LABELS, *_FORECASTS, *_GROUPS))})\b", re.IGNORECASE)


def check_wording(text: str) -> str:
    """Refuse words that label a child, name a group, or tell what may come as if it were a fact.

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
            f"Expected words that state a fact and never label a child, name a group or foretell, got {found[0]!r} in "
            f"{text!r}; say what happened, how often and when."
        )
        raise ConfigError(msg)
    return text
