"""Would it have worked? Temporal backtest and metrics at the size of the real list."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Backtest": "_backtest",
        "Capacity": "_capacity",
        "SCORE_DECIMALS": "_capacity",
        "backtest": "_backtest",
        "capacity_by_school": "_capacity",
        "compute_calibration": "_calibration",
        "compute_metrics": "_metrics",
        "compute_metrics_by_date": "_metrics",
        "list_at_capacity": "_capacity",
        "list_id": "_capacity",
        "load_backtest": "_store",
        "places": "_capacity",
        "plain_capacity": "_capacity",
        "publish_calibration": "_publish",
        "publish_metrics": "_publish",
        "publish_metrics_by_date": "_publish",
        "rank_in_school": "_capacity",
        "save_backtest": "_store",
        "write_atomic": "_store",
    },
)
