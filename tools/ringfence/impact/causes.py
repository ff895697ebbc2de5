"""The declarations behind each part of a change, what became of them, and what no declaration is behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ringfence.impact.types import Cause
from ringfence.model.types import Flow, Grant, Model
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify.declared import Cause as Declaration
from ringfence.verify.declared import Declared, Opening, Statement, openings, uncovered
from ringfence.verify.ends import End, covered, statements

PLATFORM = "platform"
"""The owner of what no team owns."""


def covering(declared: Declared, source: End, destination: End, ports: PortSet) -> tuple[list[Statement], PortSet]:
    """The statements that allow any of the ports between two ends, and the ports that none of them allows.

    For addresses, a port counts as allowed only where it is allowed for every one of them.
    """
    found = [item for item in statements(declared, source, destination) if item.ports & ports]
    addresses = next((end for end in (source, destination) if isinstance(end, AddressSet)), None)
    rest = ports
    if addresses is None:
        for item in found:
            rest = rest - item.ports
        return found, rest
    rest = NO_PORTS
    for _, left in uncovered(addresses, ports, [(covered(item), item.ports) for item in found]):
        rest = rest | left
    return found, rest


class Edits:
    """What became of each flow and grant between two models, as people wrote them.

    Ends and environments that only one side has do not count: a workload that comes is no edit of a flow.
    """

    def __init__(self, base: Model | None, head: Model) -> None:
        self._known = base is not None
        sides = [base, head] if base is not None else []
        self._ends = _common(frozenset((*item.workloads, *item.peers)) for item in sides)
        self._environments = _common(item.environments for item in sides)
        self._written = [
            {_key(item): self._as_written(item) for item in _declared(model)} if model else {} for model in (base, head)
        ]

    def of(self, declaration: Declaration, side: str) -> str:
        """`added`, `edited`, `removed`, or empty for one that is the same on both sides."""
        if not self._known:
            return "added"
        before, after = (written.get(_key(declaration)) for written in self._written)
        if before is None or after is None:
            return "added" if side == "head" else "removed"
        return "" if before == after else "edited"

    def _as_written(self, item: Declaration) -> tuple[object, ...]:
        if isinstance(item, Opening):
            return (item.stage,)
        environments = item.environments & self._environments
        if isinstance(item, Grant):
            return (item.peer.id, item.to_peer, item.port_names, environments, _ports_by_hand(item))
        ends = frozenset(
            (leg.source.id, leg.destination.id)
            for leg in item.legs
            if {leg.source.id, leg.destination.id} <= self._ends
        )
        return (ends, item.ports_text, environments)


def _declared(model: Model) -> list[Declaration]:
    return [*model.flows, *model.grants, *openings(model)]


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    found = list(sets)
    return frozenset.intersection(*found) if found else frozenset()


def _key(item: Declaration) -> tuple[str, str]:
    if isinstance(item, Opening):
        return ("stage", item.id)
    return ("flow", item.id) if isinstance(item, Flow) else ("baseline", item.name)


def _ports_by_hand(grant: Grant) -> frozenset[object]:
    """The ports that no port name of the peer stands for: an edit of the peer is no edit of the grant."""
    named = {item for port in grant.peer.ports for item in port.ranges}
    return frozenset(item for item in grant.ranges if item not in named)


def declarations(found: Iterable[Statement], side: str, edits: Edits) -> list[Cause]:
    """The causes that the declarations of some statements are; of the stages of two ends, those that changed."""
    causes = [_cause(item.cause, side, edits.of(item.cause, side)) for item in found]
    staged = any(cause.kind == "stage" and cause.edit for cause in causes)
    return [cause for cause in causes if cause.kind != "stage" or cause.edit or not staged]


def _cause(declaration: Declaration, side: str, edit: str) -> Cause:
    if isinstance(declaration, Flow):
        return Cause(
            "flow",
            declaration.id,
            declaration.where,
            declaration.team,
            declaration.reason,
            declaration.expires.isoformat() if declaration.expires else "",
            declaration.ticket,
            side,
            edit,
        )
    if isinstance(declaration, Opening):
        reason = f"stage {declaration.stage} leaves {declaration.direction} open"
        return Cause("stage", declaration.id, declaration.where, PLATFORM, reason, "", "", side, edit)
    return Cause("baseline", declaration.name, declaration.where, PLATFORM, declaration.reason, "", "", side, edit)


def explained(causes: Collection[Cause]) -> bool:
    """Whether some declaration was written, edited or removed, which is then the reason for the change."""
    return any(cause.is_declaration and cause.edit for cause in causes)
