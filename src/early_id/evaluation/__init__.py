"""Would it have worked? Temporal backtest and metrics at the size of the real list."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Backtest": "_backtest",
        "backtest": "_backtest",
        "Capacity": "_capacity",
        "capacity_by_school": "_capacity",
        "check_quality": "_quality",
        "compare_contestants": "_compare",
        "compute_calibration": "_calibration",
        "compute_metrics": "_metrics",
        "compute_metrics_by_date": "_metrics",
        "effective_size": "_wilson",
        "list_across_schools": "_capacity",
        "list_at_capacity": "_capacity",
        "list_id": "_capacity",
        "load_backtest": "_store",
        "places": "_capacity",
        "plain_capacity": "_capacity",
        "publish_calibration": "_publish",
        "publish_metrics": "_publish",
        "publish_metrics_by_date": "_publish",
        "publish_reliability": "_reliability",
        "QualityCheck": "_check",
        "rank_in_school": "_capacity",
        "save_backtest": "_store",
        "SCORE_DECIMALS": "_capacity",
        "small_sample": "_wilson",
        "wilson_interval": "_wilson",
        "write_atomic": "_store",
    },
)
