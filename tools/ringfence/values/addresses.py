"""Sets of IPv4 and IPv6 addresses, exact for any CIDR with exceptions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from msgspec import Struct

from ringfence.values import intervals
from ringfence.values.intervals import Intervals

V4_LAST = (1 << 32) - 1
V6_LAST = (1 << 128) - 1

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> Network:
    """The network of a CIDR in canonical form.

    Raises `ValueError`, with the canonical form in its text where there is one, for host bits, leading zeros, a missing
    prefix or anything else that Kubernetes 1.36 refuses in an `ipBlock`.
    """
    if "/" not in text:
        raise ValueError(f"{text!r} has no prefix length; write one, such as {text}/32")
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        try:
            canonical = ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a CIDR: {error}") from None
        raise ValueError(f"{text!r} has host bits set; the network is {canonical}") from None


def _span(net: Network) -> tuple[int, int]:
    return int(net.network_address), int(net.broadcast_address)


class AddressSet(Struct, frozen=True):
    """An immutable set of addresses; equal sets compare and hash equal. Families never mix."""

    v4: Intervals = ()
    v6: Intervals = ()

    @classmethod
    def of(cls, cidrs: Iterable[str], excepts: Iterable[str] = ()) -> AddressSet:
        """The addresses of the CIDRs without those of the exceptions. Raises `ValueError` for a bad CIDR."""
        return cls._of(map(network, cidrs)) - cls._of(map(network, excepts))

    @classmethod
    def _of(cls, networks: Iterable[Network]) -> AddressSet:
        spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for net in networks:
            spans[net.version].append(_span(net))
        return cls(intervals.normal(spans[4]), intervals.normal(spans[6]))

    @classmethod
    def union(cls, sets: Iterable[AddressSet]) -> AddressSet:
        """The addresses that are in any of some sets."""
        listed = list(sets)
        if len(listed) == 1:
            return listed[0]
        return cls(
            intervals.normal(span for item in listed for span in item.v4),
            intervals.normal(span for item in listed for span in item.v6),
        )

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __or__(self, other: AddressSet) -> AddressSet:
        return AddressSet(intervals.union(self.v4, other.v4), intervals.union(self.v6, other.v6))

    def __and__(self, other: AddressSet) -> AddressSet:
        return AddressSet(intervals.intersection(self.v4, other.v4), intervals.intersection(self.v6, other.v6))

    def __sub__(self, other: AddressSet) -> AddressSet:
        return AddressSet(intervals.difference(self.v4, other.v4), intervals.difference(self.v6, other.v6))

    def __le__(self, other: AddressSet) -> bool:
        return not self - other

    def ranges(self) -> list[str]:
        """Each interval as `first-last`, IPv4 before IPv6, ascending."""
        return [f"{ipaddress.IPv4Address(a)}-{ipaddress.IPv4Address(b)}" for a, b in self.v4] + [
            f"{ipaddress.IPv6Address(a)}-{ipaddress.IPv6Address(b)}" for a, b in self.v6
        ]

    def cidrs(self) -> list[str]:
        """The fewest CIDRs that hold exactly these addresses, IPv4 before IPv6, ascending."""
        result: list[str] = []
        for low, high in self.v4:
            nets4 = ipaddress.summarize_address_range(ipaddress.IPv4Address(low), ipaddress.IPv4Address(high))
            result.extend(map(str, nets4))
        for low, high in self.v6:
            nets6 = ipaddress.summarize_address_range(ipaddress.IPv6Address(low), ipaddress.IPv6Address(high))
            result.extend(map(str, nets6))
        return result


EVERYWHERE = AddressSet(((0, V4_LAST),), ((0, V6_LAST),))
NOWHERE = AddressSet()
