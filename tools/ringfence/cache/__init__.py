"""What earlier runs worked out, kept by content in the user's cache folder; a run without it gives the same result.

Knows keys and bytes: what a value means, and what its key must say, is its owner's business. Values are data (JSON,
msgpack), never code. A folder or file that somebody else could write is never used, and nothing in it is believed
before its own checksum fits. The tool, its dependencies and Python are part of every key (`tool`).
"""

from __future__ import annotations

from ringfence.cache.place import Place, find
from ringfence.cache.store import Store, store
from ringfence.cache.tools import tool

__all__ = ["Place", "Store", "find", "store", "tool"]
