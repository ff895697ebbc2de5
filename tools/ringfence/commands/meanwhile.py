"""What is imported while Git is at work: a question that nobody asked before will need it.

What it is asked of is known only when Git has answered, and until then there is nothing else to do.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

MODULES = (
    "affected",
    "model.loading",
    "model.remembered",
    "connectivity",
    "manifests",
    "checks",
    "compile",
    "render",
    "verify",
    "gitops",
    "impact",
    "report.impact",
)
"""Those of `impact` of a change in some namespaces; each takes a few hundredths of a second."""


def work(waits: Callable[[], bool]) -> None:
    """Import one after another, as long as somebody waits."""
    while waits() and (name := next(_modules, None)):
        importlib.import_module(f"ringfence.{name}")


def structs() -> None:
    """Import `msgspec` as it is where there is no `typing_extensions`, of which it takes what `typing` has since 3.11.

    With that come `inspect`, `ast` and others, which nothing here needs: half of the time.
    """
    if "typing_extensions" not in sys.modules:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
        try:
            importlib.import_module("msgspec")
        finally:
            del sys.modules["typing_extensions"]


_modules = iter(MODULES)
