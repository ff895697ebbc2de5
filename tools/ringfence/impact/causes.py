"""The declaration behind each part of a change, and what no declaration is behind."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.impact.types import Cause
from ringfence.model.types import Flow
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify.declared import Declared, Statement, uncovered

End = str | AddressSet


def covering(declared: Declared, source: End, destination: End, ports: PortSet) -> tuple[list[Statement], PortSet]:
    """The statements that allow any of the ports between two ends, and the ports that none of them allows.

    For addresses, a port counts as allowed only where it is allowed for every one of them.
    """
    if isinstance(source, str) and isinstance(destination, str):
        found = [item for item in declared.pairs.get((source, destination), ()) if item.ports & ports]
        rest = ports
        for item in found:
            rest = rest - item.ports
        return found, rest
    if isinstance(source, str) and isinstance(destination, AddressSet):
        return _addresses(declared.outward.get(source, ()), destination, ports, outward=True)
    if isinstance(destination, str) and isinstance(source, AddressSet):
        return _addresses(declared.inward.get(destination, ()), source, ports, outward=False)
    return [], ports


def _addresses(
    statements: Sequence[Statement], addresses: AddressSet, ports: PortSet, *, outward: bool
) -> tuple[list[Statement], PortSet]:
    found = []
    covered = []
    for item in statements:
        end = item.destination if outward else item.source
        if isinstance(end, AddressSet) and end & addresses and item.ports & ports:
            found.append(item)
            covered.append((end, item.ports))
    rest = NO_PORTS
    for _, left in uncovered(addresses, ports, covered):
        rest = rest | left
    return found, rest


def cause(statement: Statement, side: str) -> Cause:
    """The cause that a statement's declaration is."""
    declaration = statement.cause
    if isinstance(declaration, Flow):
        expires = declaration.expires.isoformat() if declaration.expires else ""
        return Cause(
            "flow", declaration.id, declaration.where, declaration.team, declaration.reason, expires, declaration.ticket, side
        )
    return Cause("baseline", declaration.name, declaration.where, "platform", declaration.reason, "", "", side)
