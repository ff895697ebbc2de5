"""What is rendered on both sides of a comparison, read side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from ringfence.model.types import Model
from ringfence.sources import Tree
from ringfence.verify import States

Tell = Callable[[str], None]
"""Called with each step, in words."""

MANY = 100
"""From so many workloads on, Kubernetes clusters are compared side by side."""


class Side(Struct, frozen=True):
    """One side of a comparison: a tree, how to name it, and its model (None where it has no usable declarations).

    `whole`: nothing that it declares is lost to an error. `rendered` are the files that it declares, by path, where
    somebody knows them.
    """

    tree: Tree
    label: str
    model: Model | None
    whole: bool = True
    rendered: Mapping[str, bytes] | None = None


class Rendered(Struct, frozen=True):
    """The states of both sides, None where one has no usable declarations, and the Kubernetes clusters to look at.

    `is_large`: copies of this process are worth their making.
    """

    before: States | None
    after: States | None
    names: Sequence[str]
    is_large: bool


def read(
    sides: tuple[Side, Side],
    within: Collection[str] | None = None,
    only: str | None = None,
    tell: Tell = lambda _: None,
) -> Rendered:
    """Read what is rendered for base and head: for some namespaces, or for the cluster of one name, where not for all.

    What both have is read once.
    """
    base, head = sides
    before = States(base.model, base.tree, within) if base.model else None
    after = States(head.model, head.tree, within, before) if head.model else None
    states = [state for state in (before, after) if state]
    models = [side.model for side in sides if side.model]
    names = sorted({name for state in states for name in state.names})
    if only is not None:
        names = sorted({model.clusters[only].kubernetes_cluster for model in models if only in model.clusters})
    tell("reading what is rendered")
    for state in states:
        state.read(names)
    large = any(state.is_large for state in states) or any(len(model.workloads) >= MANY for model in models)
    return Rendered(before, after, names, large)
