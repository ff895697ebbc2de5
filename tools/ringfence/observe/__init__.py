"""What really happened: flow logs are read, and aggregated to who was seen talking to whom.

The only importer of DuckDB and Ibis, which are extras, inside functions.
"""

from __future__ import annotations

from ringfence.observe.reading import read
from ringfence.observe.types import Observations, Seen, Side, Trouble, Verdict

__all__ = ["Observations", "Seen", "Side", "Trouble", "Verdict", "read"]
