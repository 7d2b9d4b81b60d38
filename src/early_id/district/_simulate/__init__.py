"""A county with known truth: the canonical tables, and each student's true risk over time.

How it hangs together: `_schools` and `_calendar` lay out the county, `_blocks` parts it; `_students` draws who is where
in which year (`Roster`); `_regimes`, `_incidents`, `_attendance` and `_grades` let each school year happen; `_records`
decides when any of it is known; `_truth` computes the risk exactly from the generating process. `_frames` and `_arrow`
make tables of what happened, in memory and for files.
"""

from early_id.district._simulate._bias import Bias, load_bias
from early_id.district._simulate._county import Simulated, simulate_tables

__all__ = ["Bias", "Simulated", "load_bias", "simulate_tables"]
