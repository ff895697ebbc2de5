"""The ends of rows as this stage and `impact` speak of them: pods by id, addresses as sets."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.connectivity.listing import End, addresses, end_of
from ringfence.values.addresses import AddressSet
from ringfence.verify.declared import OTHER, Declared, Statement

__all__ = ["NO_END_ELSEWHERE", "End", "covered", "end_of", "is_name", "is_other", "name", "statements"]

NO_END_ELSEWHERE = f"{OTHER}/{OTHER}"
"""The representative of pods in namespaces that nobody knows."""


def is_other(end: End) -> bool:
    """Whether the end stands for pods that nobody declared."""
    return isinstance(end, str) and end.endswith(f"/{OTHER}")


def is_name(end: End) -> bool:
    """Whether the end is whatever has a DNS name."""
    return isinstance(end, str) and end.startswith("dns:")


def name(end: End) -> str:
    """The end in a sentence; of addresses, at most three ranges."""
    if isinstance(end, AddressSet):
        return addresses(end)
    if end == NO_END_ELSEWHERE:
        return "pods of any other namespace"
    return f"any other pod of {end.removesuffix(f'/{OTHER}')}" if is_other(end) else end


def statements(declared: Declared, source: End, destination: End) -> Sequence[Statement]:
    """The statements that speak of both ends; for addresses, of any of them. A stage comes after flows and grants."""
    found: Sequence[Statement]
    if isinstance(source, AddressSet):
        inward = declared.inward.get(destination, ()) if isinstance(destination, str) else ()
        found = [item for item in inward if covered(item) & source]
    elif isinstance(destination, AddressSet):
        found = [item for item in declared.outward.get(source, ()) if covered(item) & destination]
    else:
        found = declared.pairs.get((source, destination), ())
    return [*found, *declared.openings(source, destination)] if declared.opened else found


def covered(statement: Statement) -> AddressSet:
    """The addresses of a statement, whichever end they are; none for two pods."""
    for end in (statement.source, statement.destination):
        if isinstance(end, AddressSet):
            return end
    return AddressSet()
