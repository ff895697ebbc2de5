"""What earlier runs worked out, kept by content in the user's cache folder; a run without it gives the same result.

Knows keys and bytes: what a value means, and what its key must say, is its owner's business. Values are data (JSON,
msgpack), never code. A folder or file that somebody else could write is never used, and nothing in it is believed
before its own checksum fits. The tool, its dependencies and Python are part of every key (`tool`).
"""

from __future__ import annotations

from ringfence.cache.marks import known, note
from ringfence.cache.place import OFF, VARIABLE, find
from ringfence.cache.tools import digest, tool

TYPE_CHECKING = False  # as in `typing`, which a hook that starts here has no time to import
if TYPE_CHECKING:
    from ringfence.cache.rows import Store

__all__ = ["OFF", "VARIABLE", "Store", "digest", "find", "known", "note", "store", "tool"]


def store() -> Store:
    """The store of this user, or one that holds nothing and says why."""
    from ringfence.cache import rows

    return rows.store()
