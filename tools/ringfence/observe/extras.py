"""The libraries that reading logs needs, which are extras: imported, or refused with the way to get them."""

from __future__ import annotations

import importlib

from ringfence.errors import UsageError

_EXTRAS = {"duckdb": "learn", "ibis": "learn", "pyarrow": "learn", "pyspark": "spark"}


def needed(*names: str) -> None:
    """Nothing, if some modules can be imported. Raises UsageError, which names the extra to install, if not."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            message = f"Flow logs need {name}, which cannot be imported: {error}"
            raise UsageError(message, f"pip install 'ringfence[{_EXTRAS[name]}]'") from None
