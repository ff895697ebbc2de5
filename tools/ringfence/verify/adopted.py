"""The adopted policies of a cluster: that they are rendered as they are, and what they do beyond the flows.

They are left out of the proof that a bundle does what was declared: nobody declared what they do. What is in force
counts them in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ringfence import connectivity, manifests
from ringfence.connectivity import ClusterState, Connectivity
from ringfence.documents import Document
from ringfence.findings import Finding
from ringfence.manifests import Manifests
from ringfence.manifests.kinds import split as split_api
from ringfence.model.types import Adopted, Cluster, Model
from ringfence.values.ports import NO_PORTS
from ringfence.verify.ends import end_of, is_other
from ringfence.verify.pages import ADOPTED, ADOPTED_DIFFERS

if TYPE_CHECKING:
    from ringfence.verify.state import State

_HINT = "run: ringfence render"
LABEL = "ringfence.dev/adopted"
"""What tells the rendered policy apart from one of a bundle."""

Key = tuple[str, str, str, str]
"""API group, kind, namespace and name."""


def of(model: Model, clusters: Iterable[Cluster]) -> list[Adopted]:
    """The adopted policies of some clusters."""
    return [item for cluster in clusters for item in model.adopted_in(cluster)] if model.adopted else []


def apart(items: Sequence[Adopted], built: Iterable[Document]) -> tuple[list[Document], list[Finding], set[Key]]:
    """The rendered objects that are no adopted policies, what is wrong, and the keys of the adopted ones there are."""
    expected = _expected(items) if items else {}
    own: list[Document] = []
    findings: list[Finding] = []
    there: set[Key] = set()
    for document in built:
        data = document.data
        key = _key(data) if isinstance(data, dict) else ("", "", "", "")
        if key in expected:
            wanted, item = expected[key]
            there.add(key)
            if data != wanted:
                message = f"{item.id} is not what is adopted in {item.where.path}"
                findings.append(ADOPTED_DIFFERS.at(document.at(), message, hint=_HINT, subject=item.id))
            continue
        if isinstance(data, dict) and _labelled(data):
            message = f"{key[1]} {key[3]} says that it is adopted, and nothing in policies/adopted/ is of its name"
            findings.append(ADOPTED_DIFFERS.at(document.at(), message, hint=_HINT, subject=key[3]))
        own.append(document)
    return own, findings, there


def missing(items: Iterable[Adopted], there: Collection[Key]) -> list[Finding]:
    """A finding for each adopted policy of a cluster that is not among its rendered objects."""
    return [
        ADOPTED_DIFFERS.at(
            item.where, f"{item.id} is adopted, and it is not rendered for {item.cluster}", hint=_HINT, subject=item.id
        )
        for item in items
        if _key(item.data) not in there
    ]


def namespaces(items: Iterable[Adopted]) -> set[str]:
    """The namespaces that adopted policies are for, by their names in the cluster."""
    return {_key(item.data)[2] for item in items}


def parsed(items: Iterable[Adopted]) -> Manifests:
    """The adopted policies as typed values, each at the place where it is adopted."""
    return manifests.parse_documents(item.document for item in items)


def joined(state: ClusterState, found: Manifests) -> ClusterState:
    """A cluster with adopted policies beside its own."""
    return replace(
        state,
        policies=(*state.policies, *found.policies),
        admin=(*state.admin, *found.admin),
        calico=(*state.calico, *found.calico),
        cilium=(*state.cilium, *found.cilium),
        opaque=(*state.opaque, *found.opaque),
    )


def findings(model: Model) -> list[Finding]:
    """What is wrong with adopted policies as manifests: what the API server refuses, and what it takes otherwise."""
    return [
        finding
        for cluster in model.clusters.values()
        if (items := model.adopted_in(cluster))
        for finding in parsed(items).findings
    ]


def effect(bare: Connectivity, whole: Connectivity) -> tuple[int, int]:
    """How many connections between known ends adopted policies open beyond the flows, and how many they close."""
    opened = closed = 0
    for change in connectivity.diff(bare, whole):
        if not (is_other(end_of(change.source)) or is_other(end_of(change.destination))):
            opened += change.after - change.before != NO_PORTS
            closed += change.before - change.after != NO_PORTS
    return opened, closed


def told(state: State) -> list[Finding]:
    """How many adopted policies a cluster has, and what they do beyond the flows: one finding, or none."""
    if state.bare is None:
        return []
    opened, closed = effect(state.bare, state.connectivity)
    number = len(state.adopted)
    message = (
        f"in {state.name}, {number} adopted {'policy opens' if number == 1 else 'policies open'} {opened} "
        f"{'connection' if opened == 1 else 'connections'} beyond the flows, and "
        f"{'closes' if number == 1 else 'close'} {closed}"
    )
    hint = "write flows for what is needed, and delete the files"
    related = [(item.where, item.id) for item in state.adopted[1:]]
    return [ADOPTED.at(state.adopted[0].where, message, hint=hint, subject=state.name, related=related)]


def _expected(items: Iterable[Adopted]) -> dict[Key, tuple[dict[str, Any], Adopted]]:
    """What is rendered for each."""
    from ringfence.render import adopted as rendering

    return {_key(data): (data, item) for item in items for data in (rendering.data(item),)}


def _key(data: Mapping[str, Any]) -> Key:
    meta = data.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    group = split_api(str(data.get("apiVersion", "")))[0]
    return (group, str(data.get("kind", "")), str(meta.get("namespace") or ""), str(meta.get("name") or ""))


def _labelled(data: dict[str, Any]) -> bool:
    meta = data.get("metadata")
    labels = meta.get("labels") if isinstance(meta, dict) else None
    return isinstance(labels, dict) and LABEL in labels
