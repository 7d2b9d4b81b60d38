"""One row = one student in one school on one as-of date: cohort, features, labels."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CATALOG": "_catalog",
        "FEATURE_PHRASES": "_phrases",
        "Feature": "_feature",
        "LANGUAGES": "_phrases",
        "LIST_PHRASES": "_phrases",
        "Label": "_labels",
        "Panel": "_panel",
        "PanelQuery": "_query",
        "TimeSafety": "_safety",
        "build_panel": "_panel",
        "catalog_frame": "_catalog",
        "check_time_safety": "_safety",
        "panel_query": "_query",
        "phrase_of": "_phrases",
    },
)
