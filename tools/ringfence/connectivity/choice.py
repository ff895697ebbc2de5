"""Which connections a question is about: by either end, by the workload in focus, by port."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity.listing import Connection, End, is_end
from ringfence.errors import UsageError
from ringfence.values.addresses import network
from ringfence.values.nearest import nearest
from ringfence.values.ports import ALL_PORTS, PortSet

INGRESS, EGRESS = "ingress", "egress"


class Choice(Struct, frozen=True):
    """What is asked. An end is named as in `Connection`, by its namespace (`shop/*`) or by its bare name.

    `source` and `destination` must both match where given. `focus`: one end is among them, and the other among `peers`
    (none: any); with a `direction`, only connections into or out of the end in focus. `ports`: only what is on these.
    """

    source: str | None = None
    destination: str | None = None
    focus: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    direction: str | None = None
    ports: PortSet = ALL_PORTS

    def __bool__(self) -> bool:
        return self != Choice()

    def check(self, known: Iterable[str]) -> None:
        """Raise `UsageError` with the nearest of the known names for an end that is none, and no address either."""
        names = set(known)
        bare = {name.partition("[")[0].rpartition("/")[2] for name in names}
        for text in (self.source, self.destination, *self.focus, *self.peers):
            if text is None or text in names or (text in bare - {"*"}):
                continue
            try:
                network(text if "/" in text else f"{text}/{128 if ':' in text else 32}")
            except ValueError:
                guess = nearest(text, names)
                general = "an end is a workload, namespace/*, a catalogue name or an address"
                hint = f"did you mean {guess}?" if guess else general
                raise UsageError(f"there is no end {text!r}", hint) from None

    def of(self, rows: Iterable[Connection]) -> list[Connection]:
        """The connections that are asked for, with the ports that are."""
        if not self:
            return list(rows)
        result = []
        for row in rows:
            ports, undefined = row.ports & self.ports, row.undefined & self.ports
            if (ports or undefined) and self._is_asked(row):
                result.append(replace(row, ports=ports, undefined=undefined))
        return result

    def has(self, name: str, end: End, direction: str) -> bool:
        """Whether connections of one end in a direction are in focus."""
        return self.direction in (None, direction) and (not self.focus or _among(self.focus, name, end))

    def _is_asked(self, row: Connection) -> bool:
        if not row.is_between(self.source, self.destination):
            return False
        ends = (row.source, row.ends[0]), (row.destination, row.ends[1])
        ways = ((EGRESS, *ends), (INGRESS, ends[1], ends[0]))
        return any(self.has(*one, way) and (not self.peers or _among(self.peers, *other)) for way, one, other in ways)


def _among(texts: Iterable[str], name: str, end: End) -> bool:
    return any(is_end(text, name, end) for text in texts)
