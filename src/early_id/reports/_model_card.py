"""The model card: what the model is, its tables in words, how well it did, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from early_id.reports._card import card_of
from early_id.reports._end import SignOffEnd
from early_id.reports._page import render, write_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from early_id.reports._card_evidence import CardEvidence


class Document(Protocol):
    """What the card reads of an additive model."""

    @property
    def label(self) -> str:
        """The outcome it looks ahead to."""

    @property
    def sha256(self) -> str:
        """Hash that a reviewer signs."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Where it comes from."""

    @property
    def periods(self) -> Sequence[Any]:
        """Periods of the school year with their counts."""

    def to_frame(self) -> pd.DataFrame:
        """One row per period, feature and bin."""


def write_model_card(
    document: Document,
    path: str | Path,
    *,
    evidence: CardEvidence | None = None,
    signed: Mapping[str, Any] | None = None,
    ended: SignOffEnd | None = None,
) -> Path:
    """Write what a school board needs to know about a model: as a page, and beside it the same as Markdown.

    Answers what the model is for and not for, whom it is about, what it learned from, what it says, how well it did and
    for whom, what is not known, and who signed it. Nothing is computed: every number is in the document, in the
    evidence or in the record.

    Parameters
    ----------
    document : AdditiveModel
        The model.
    path : str or Path
        The page to write, such as model_card.html, whole or not at all; the Markdown gets the same name with `.md`. The
        folder must exist.
    evidence : CardEvidence, optional
        What was published of its backtest and audit; without it the card says that there are no results.
    signed : mapping, optional
        The content of the record of the sign-off; without it the card says that nobody has signed.
    ended : SignOffEnd, optional
        How the sign-off came to its end; the card then says since when the model is no longer in use, and why.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    DataError
        If the audit is of another document, the record of another audit, or the metrics lack a column.
    ConfigError
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from early_id.models import AdditiveModel, FeatureInfo, Period, Term
    >>> days = Term("absent_days", "step", edges=(2.0,), values=(-0.5, 1.0), missing=0.0)
    >>> document = AdditiveModel("chronic_absence", [FeatureInfo("absent_days")], [Period(0, None, -1.0, (days,))])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     card = write_model_card(document, f"{folder}/card.html")
    ...     texts = [form.read_text(encoding="utf-8") for form in (card, card.with_suffix(".md"))]
    >>> ["2 or more" in text and "Nobody has signed" in text for text in texts]
    [True, True]
    """
    content = card_of(document, evidence, signed, ended)
    path = Path(path)
    write_page(render("model_card.md.j2", content), path.with_suffix(".md"))
    return write_page(render("model_card.html.j2", content), path)
