"""The other clusters of the repository: an import changes nothing in them, or it is refused as a whole.

A cluster that shares its environment has the same namespaces and flows, whatever runs there: a namespace that is
new here is closed there too. The manifests of the others are not known, so what is rendered for them is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ringfence import connectivity, manifests, render
from ringfence.adopt.existing import proof
from ringfence.connectivity import Change, evaluate
from ringfence.connectivity.listing import end_name
from ringfence.documents import Document
from ringfence.errors import NothingToCheckError, UsageError
from ringfence.model.types import Model
from ringfence.sources import Overlay, Tree
from ringfence.verify.state import alone

SHOWN = 5
"""How many pairs are named."""


class Side(Struct, frozen=True):
    """A repository, and the tree of its files; `with_rendered` has what its declarations render to."""

    model: Model
    tree: Tree

    def rendered(self) -> dict[str, bytes]:
        """Every file below `policies/rendered/` that says what is allowed."""
        try:
            return render.tree(self.model, render.own_templates(self.tree))
        except NothingToCheckError:
            return {}

    def with_rendered(self, files: Mapping[str, bytes]) -> Tree:
        """The tree with these files in the place of those that are rendered there."""
        stale = dict.fromkeys(self.tree.files(render.RENDERED))
        return Overlay(self.tree, {**stale, **files}, "rendered")


def refuse_changes(before: Side, after: Side, cluster: str) -> None:
    """Raise `UsageError` where what is rendered for another cluster than this one allows something else than before."""
    others = [name for name in before.model.clusters if name != cluster]
    if not others:
        return
    files = before.rendered(), after.rendered()
    own = f"{proof.OVERLAYS}/{cluster}/"
    if all(files[0].get(path) == files[1].get(path) or path.startswith(own) for path in files[0].keys() | files[1]):
        return
    trees = before.with_rendered(files[0]), after.with_rendered(files[1])
    for name in sorted(others):
        documents = list(proof.rendered(trees[0], name)), list(proof.rendered(trees[1], name))
        if sorted(map(_enforced, documents[0])) == sorted(map(_enforced, documents[1])):
            continue
        # a flow that names its environments now may stand elsewhere in a policy, which changes nothing
        if pairs := _pairs(after.model, trees[1], name, documents):
            raise UsageError(
                _message(after.model, cluster, name, pairs), _hint(before.model, after.model, cluster, name)
            )


def _enforced(document: Document) -> str:
    """An object without what nobody enforces, to be compared."""
    data = document.data
    meta = {key: value for key, value in data["metadata"].items() if key != "annotations"}
    return json.dumps({**data, "metadata": meta}, sort_keys=True)


def _pairs(model: Model, tree: Tree, name: str, documents: tuple[list[Document], list[Document]]) -> list[str]:
    """What the policies of before and after let declared pods, and others of their namespaces, do otherwise."""
    state = alone(model, tree, model.clusters[name]).connectivity.cluster
    sides = []
    for found in documents:
        parsed = manifests.parse_documents(iter(found))
        sides.append(
            evaluate(
                replace(
                    state,
                    policies=tuple(parsed.policies),
                    admin=tuple(parsed.admin),
                    calico=tuple(parsed.calico),
                    cilium=tuple(parsed.cilium),
                    opaque=tuple(parsed.opaque),
                ),
                representatives=True,
            )
        )
    return list(_said(connectivity.diff(*sides, replicas=False)))


def _said(changes: list[Change]) -> Iterator[str]:
    for change in changes:
        ends = f"{end_name(change.source)} → {end_name(change.destination)}"
        yield f"{ends}  before: {change.before} · after: {change.after}"


def _message(model: Model, cluster: str, name: str, pairs: list[str]) -> str:
    what = "\n".join(f"  ≠ {line}" for line in pairs[:SHOWN])
    more = f"\n  and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else ""
    own = model.clusters[cluster].environment
    why = f"the environment {own} is that of both, and what is declared for it holds in both"
    if model.clusters[name].environment != own:
        why = "a declaration that both share would have to change"
    return f"importing {cluster} would change what cluster {name} allows, and nothing is written: {why}\n{what}{more}"


def _hint(known: Model, model: Model, cluster: str, name: str) -> str:
    if model.clusters[name].environment != model.clusters[cluster].environment:
        return (
            f"declare by hand what {cluster} has and {name} has not, or import {cluster} into a repository of its own"
        )
    way = f"import {cluster} with an environment of its own (--environment {cluster})"
    if cluster in known.clusters:
        way = f"give {cluster} an environment of its own in {known.clusters[cluster].where.path}"
    return f"{way}, for which namespaces and flows are declared without changing {name}"
