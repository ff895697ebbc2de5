"""Which catalogue peers hold an address: looked up, since a log may have a hundred thousand of them."""

from __future__ import annotations

import bisect
import ipaddress
from collections.abc import Sequence

from ringfence.model.types import Peer
from ringfence.values import intervals
from ringfence.values.addresses import NOWHERE, AddressSet


class Ranges:
    """Peers of addresses by the addresses that they hold, the smallest first."""

    def __init__(self, peers: Sequence[Peer]) -> None:
        self._peers = sorted(peers, key=size)
        self._index = {
            4: _index([peer.addresses.v4 for peer in self._peers]),
            6: _index([peer.addresses.v6 for peer in self._peers]),
        }

    def around(self, text: str) -> list[Peer]:
        """The peers that hold an address, or all of a CIDR; none for a text that is neither."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            held = address_set(text)
            return [peer for peer in self._peers if held and held <= peer.addresses]
        starts, holders = self._index[address.version]
        at = bisect.bisect_right(starts, int(address)) - 1
        return [self._peers[number] for number in holders[at]] if at >= 0 else []


def address_set(text: str) -> AddressSet:
    """The set of one address or CIDR; empty for what is neither."""
    try:
        return AddressSet.of([str(ipaddress.ip_network(text, strict=False))]) if text else NOWHERE
    except ValueError:
        return NOWHERE


def size(peer: Peer) -> int:
    """How many addresses a peer has, an IPv6 /64 counting as one IPv4 address does."""
    return intervals.size(peer.addresses.v4) + (intervals.size(peer.addresses.v6) >> 64)


def _index(spans: Sequence[intervals.Intervals]) -> tuple[list[int], list[tuple[int, ...]]]:
    """Where which sets begin or end, and the numbers of those that hold what follows, ascending."""
    changes: dict[int, list[tuple[int, bool]]] = {}
    for number, own in enumerate(spans):
        for low, high in own:
            changes.setdefault(low, []).append((number, True))
            changes.setdefault(high + 1, []).append((number, False))
    starts, holders, active = sorted(changes), [], set[int]()
    for start in starts:
        # what ends here ends before what begins
        for number, begins in sorted(changes[start], key=lambda item: item[1]):
            (active.add if begins else active.discard)(number)
        holders.append(tuple(sorted(active)))
    return starts, holders
