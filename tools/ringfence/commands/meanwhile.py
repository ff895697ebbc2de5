"""What is imported and made ready while Git is at work: a question that nobody asked before will need it.

What it is asked of is known only when Git has answered, and until then there is nothing else to do.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import partial

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
    """Make one thing after another ready, as long as somebody waits."""
    while waits() and (step := next(_steps, None)):
        step()


def finish() -> None:
    """Make all else ready."""
    work(lambda: True)


def _all() -> Iterator[Callable[[], object]]:
    for name in MODULES:
        yield partial(importlib.import_module, f"ringfence.{name}")
    from ringfence.render import templates

    yield from (partial(templates.prepare, name) for name in templates.COMMON)


_steps = _all()
