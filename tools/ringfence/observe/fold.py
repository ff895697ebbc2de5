"""Addresses, folded into networks where there are too many to be told apart: a scan may come from any of them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network

from msgspec import Struct, field

from ringfence.observe.points import Connection

MOST = 256
"""Addresses that connections may differ by, if they are alike otherwise."""
_LENGTHS = {4: (32, 24, 16, 8, 0), 6: (128, 64, 48, 32, 0)}
_LEVELS = 5

Addresses = tuple[str, str]


class Folded(Struct):
    """Connections that differ by addresses only. What is folded depends on the addresses and not on their order."""

    level: int = 0
    connections: dict[Addresses, Connection] = field(default_factory=dict)

    def at(self, addresses: Addresses) -> Connection:
        """The connection of two addresses, or of the networks that they are folded into."""
        key = _folded(addresses, self.level)
        while key not in self.connections and len(self.connections) >= MOST and self.level + 1 < _LEVELS:
            self.level += 1
            before, self.connections = self.connections, {}
            for old, connection in before.items():
                self.connections.setdefault(_folded(old, self.level), Connection()).merge(connection)
            key = _folded(addresses, self.level)
        return self.connections.setdefault(key, Connection())


def _folded(addresses: Addresses, level: int) -> Addresses:
    return (network(addresses[0], level), network(addresses[1], level))


@lru_cache(maxsize=65536)
def network(address: str, level: int) -> str:
    """The network of a level that an address or a smaller network is in. What is neither stays as it is."""
    if not level or not address:
        return address
    try:
        inner = ip_network(address)
    except ValueError:
        return address
    return str(inner.supernet(new_prefix=min(_LENGTHS[inner.version][level], inner.prefixlen)))
