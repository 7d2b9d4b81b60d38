"""Try the settings a configuration names, before the backtest, and take the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from early_id.evaluation import search


def searched(
    contestants: Mapping[str, Any],
    spaces: Mapping[str, Mapping[str, Sequence[Any]]],
    *,
    folder: Path,
    tell: Callable[[str], None],
    **data: Any,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Give contestants their best settings; also every candidate that was tried, as it may be printed.

    `spaces` names values to try by contestant, and `data` is what the backtest will be given: panel, train_years,
    test_years, rolling. What is done lies in `folder`, so that a training that was stopped does not begin anew.
    """
    chosen, tried = dict(contestants), []
    for name, space in spaces.items():
        found = search(
            contestants[name],
            space,
            folder=folder,
            tell=lambda line, name=name: tell(f"Searching {name}: {line}"),
            **data,
        )
        chosen[name] = found.learner
        tried.append(found.publish().assign(contestant=name, within=found.within))
    return chosen, pd.concat(tried, ignore_index=True) if tried else pd.DataFrame()
