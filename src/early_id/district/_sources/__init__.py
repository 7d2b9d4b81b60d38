"""How districts keep their data: each source reads files as they lie and makes canonical rows of them."""

from early_id.district._sources._named import SOURCES, Reader, read_source

__all__ = ["SOURCES", "Reader", "read_source"]
