"""Who exists, who may call whom, where and why: the resolved types, and the loader that makes them of a tree.

It knows neither YAML nor Git: documents come from `documents`, files from `sources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringfence.findings import Check, Finding
    from ringfence.model.remembered import Remembered
    from ringfence.model.types import Model
    from ringfence.sources import Tree

    CHECKS: tuple[Check, ...]

MANY = 10_000
"""Flows from which on the collector is kept away from a model for good: it would pass over a million objects."""


def load(
    tree: Tree,
    absent: Iterable[str] = (),
    shared: Remembered | None = None,
    within: frozenset[str] | None = None,
    *,
    like: Model | None = None,
) -> tuple[Model | None, list[Finding]]:
    """The model of a repository and everything that is wrong with it (`loading.load`).

    What is equal in `like`, the model of another revision, is held once (`alike`).
    """
    import gc

    from ringfence.model import loading
    from ringfence.values import garbage

    with garbage.ignored():  # nothing of what is built here is any yet
        loaded, findings = loading.load(tree, absent, shared, within)
        if loaded is not None and like is not None:
            from ringfence.model import alike

            loaded = alike.alike(loaded, like)
        if loaded is not None and len(loaded.flows) > MANY:
            gc.freeze()  # nor will it be as long as the run needs it
        return loaded, findings


def __getattr__(name: str) -> object:
    # the pages are long, and whoever only wants the types must not pay for them
    if name == "CHECKS":
        from ringfence.model.problems import every

        return every.CHECKS
    raise AttributeError(name)
