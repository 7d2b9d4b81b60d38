"""Run the main job's functions once, small, to see whether the installed versions work at all.

Run: python -m experiments.smoke
"""

from __future__ import annotations

import early_id as eid

SUNDAYS = ["2022-11-06", "2022-12-04", "2023-02-05", "2023-11-05", "2023-12-03", "2024-02-04"]


def main() -> None:
    """Simulate, learn, backtest, audit, explain, draft a list."""
    county = eid.simulate_district(students=600, schools=6, districts=3, seed=1)
    panel = eid.build_panel(county, label="chronic_absence", as_of=SUNDAYS)
    contestants = {"additive": eid.MonotoneAdditiveClassifier(max_iter=30), "pace rule": eid.PaceRule()}
    backtest = eid.backtest(contestants, panel, capacity="10%")
    audit = eid.audit(backtest, groups=county.groups, capacity="10%", replicates=300)
    document = backtest.documents["additive"]
    again = eid.AdditiveModel.from_json(document.to_json())
    values = eid.explain(again, panel.X.iloc[:50])
    draft = eid.rank_students(again, county, as_of="2025-01-26", capacity="10%")
    print(backtest.metrics().query("rows == 'onset'").to_string(index=False))
    print(f"audit: {audit.verdict()}; explained {values.values.shape}; drafted {len(draft.lists)} rows")


if __name__ == "__main__":
    main()
