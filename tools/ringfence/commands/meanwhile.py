"""What is imported while Git is at work: a question that nobody asked before will need it.

What it is asked of is known only when Git has answered, and until then there is nothing else to do.
"""

from __future__ import annotations

import importlib
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


_modules = iter(MODULES)
