"""Hosts of merge requests: what is told to them over their API. The only importer of `httpx`, which is an extra.

It sends what it is given and knows no model.
"""

from __future__ import annotations

from ringfence.platforms.api import PlatformError, RefusedError
from ringfence.platforms.settings import MergeRequest, merge_request

__all__ = ["MergeRequest", "PlatformError", "RefusedError", "merge_request"]
