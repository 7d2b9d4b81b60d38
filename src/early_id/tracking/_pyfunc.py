"""What MLflow imports to score with a document: JSON in, no pickle, no code from the artifact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from early_id.models import AdditiveModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]


class _Scorer:
    """The `predict` MLflow asks for: probability of the outcome, shape (n,)."""

    def __init__(self, document: AdditiveModel) -> None:
        self.document = document

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Floats:
        del params  # MLflow passes it; a document has none
        probabilities: Floats = self.document.predict_proba(model_input)[:, 1]
        return probabilities


def _load_pyfunc(path: str) -> _Scorer:
    """Read the document; its hash is checked against its content."""
    return _Scorer(AdditiveModel.from_json(Path(path).read_bytes()))
