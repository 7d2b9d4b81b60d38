from __future__ import annotations

import pandas as pd

from early_id.reports import calibration_curve_svg


def test_the_picture_is_the_same_bytes_every_time_also_without_rows():
    frame = pd.DataFrame(
        {"rows": ["all", "all", "onset"], "expected": [0.1, 0.4, 0.2], "observed": [0.12, 0.35, 0.25]}
    )
    for given in (frame, frame.iloc[:0]):
        assert calibration_curve_svg(given) == calibration_curve_svg(given)
    assert calibration_curve_svg(frame) != calibration_curve_svg(frame.assign(observed=0.1))
