"""The weekly list: whom to reach out to, why, what changed since last week."""

from early_id._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "LIST_COLUMNS": "_lists",
        "WeeklyLists": "_lists",
        "catalog_of": "_lists",
        "earlier_lists": "_history",
        "publish": "_publish",
        "rank_students": "_lists",
        "school_files": "_files",
        "school_year": "_year",
        "scope_of": "_lists",
    },
)
