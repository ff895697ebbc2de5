"""What really happened: flow logs are read, and aggregated to who was seen talking to whom.

The only importer of DuckDB and Ibis, which are extras, inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.observe.reading import read
    from ringfence.observe.types import Observations, Seen, Side, Trouble, Verdict

__all__ = ["Observations", "Seen", "Side", "Trouble", "Verdict", "read"]


def __getattr__(name: str) -> object:
    # whoever only wants to know of a use must not pay for the readers of logs
    if name == "read":
        from ringfence.observe import reading

        return reading.read
    if name in __all__:
        from ringfence.observe import types

        return getattr(types, name)
    raise AttributeError(name)
