"""Rows as a list for people and for reports: ends and connections by name, and which of them a text means."""

from __future__ import annotations

from msgspec import Struct

from ringfence.connectivity.cluster import Endpoint
from ringfence.connectivity.result import Connectivity, Row
from ringfence.connectivity.result import End as RowEnd
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet

End = str | AddressSet
"""A pod's id, `namespace/name` with the namespace's name in the cluster, a place by name, or addresses outside."""


class Connection(Struct, frozen=True):
    """One listed connection. `source` and `destination` are declared names where there are any.

    `ends` are the pods (`namespace/name` in the cluster) or addresses behind the names; `causes` the flows
    (`shop/pay`) and grants (`baseline dns`) that declare some of it; `undefined` the ports without a verdict;
    `restricted` those that are restricted above layer 4, by what.
    """

    cluster: str
    source: str
    destination: str
    ports: PortSet
    undefined: PortSet
    causes: tuple[str, ...]
    ends: tuple[End, End]
    restricted: tuple[tuple[str, PortSet], ...] = ()

    def is_between(self, source: str | None, destination: str | None) -> bool:
        """Whether both ends are the named ones: a name, `namespace/*`, or an address set's text (None: any)."""
        names = (self.source, self.destination)
        wanted = zip((source, destination), names, self.ends, strict=True)
        return all(text is None or is_end(text, name, end) for text, name, end in wanted)


def listing(result: Connectivity) -> list[Connection]:
    """The connections of plain manifests, without a repository."""
    return [connection(row) for row in result.rows(replicas=False)]


def connection(row: Row) -> Connection:
    """One connection of plain manifests."""
    ends = end_of(row.source), end_of(row.destination)
    names = end_name(row.source), end_name(row.destination)
    return Connection("", *names, row.allowed, row.undefined, (), ends, row.restricted)


def end_of(end: RowEnd) -> End:
    """An end of a row of connectivity."""
    if isinstance(end, AddressSet):
        return end
    return end.id if isinstance(end, Endpoint) else str(end)


def end_name(end: RowEnd) -> str:
    """An end of plain manifests as reports name it."""
    return addresses(end) if isinstance(end, AddressSet) else str(end)


def addresses(end: AddressSet) -> str:
    """Addresses in a sentence: at most three ranges of them."""
    cidrs = end.cidrs()
    return ", ".join(cidrs[:3]) + (f" and {len(cidrs) - 3} more ranges" if len(cidrs) > 3 else "")


def is_end(text: str, name: str, end: End) -> bool:
    """Whether a text means an end: by its name, its bare name, its namespace (`shop/*`), or an address of it."""
    if isinstance(end, str):
        plain = name.partition("[")[0]
        inside = text.endswith("/*") and plain.startswith(text[:-1])
        return inside or text in (name, plain, end, plain.rpartition("/")[2])
    if text == name:
        return True
    try:
        wanted = AddressSet.of([text if "/" in text else f"{text}/{128 if ':' in text else 32}"])
    except ValueError:
        return False
    return bool(wanted & end)
