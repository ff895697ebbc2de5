"""The declaration behind each part of a change, and what no declaration is behind."""

from __future__ import annotations

from ringfence.impact.types import Cause
from ringfence.model.types import Flow
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify.declared import Declared, Statement, uncovered
from ringfence.verify.ends import End, covered, statements


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


def cause(statement: Statement, side: str) -> Cause:
    """The cause that a statement's declaration is."""
    declaration = statement.cause
    if isinstance(declaration, Flow):
        expires = declaration.expires.isoformat() if declaration.expires else ""
        return Cause(
            "flow",
            declaration.id,
            declaration.where,
            declaration.team,
            declaration.reason,
            expires,
            declaration.ticket,
            side,
        )
    return Cause("baseline", declaration.name, declaration.where, "platform", declaration.reason, "", "", side)
