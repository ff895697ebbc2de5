"""The catalogue that manifests call for: blocks of addresses, and pods of namespaces that no team has, with names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ringfence.manifests import BlockPeer, Labels
from ringfence.model.layout import is_label
from ringfence.values.addresses import EVERYWHERE, AddressSet, network

KNOWN = {
    "0.0.0.0/0": "any-ipv4",
    "::/0": "any-ipv6",
    "10.0.0.0/8": "private-10",
    "172.16.0.0/12": "private-172",
    "192.168.0.0/16": "private-192",
    "169.254.169.254/32": "cloud-metadata",
}
"""Blocks that everybody knows."""

PRIVATE = AddressSet.of(
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7"]
)
NAMING = ("k8s-app", "app.kubernetes.io/name", "app", "name", "app.kubernetes.io/component", "component")
"""Labels by whose value pods are called."""


class Named(Struct, frozen=True):
    """A peer of the catalogue: blocks (`cidrs` without `excepts`), or pods of a namespace by their labels."""

    name: str
    cidrs: tuple[str, ...] = ()
    excepts: tuple[str, ...] = ()
    namespace: str = ""
    labels: Labels = ()
    seen: str = ""

    @property
    def id(self) -> str:
        """The name."""
        return self.name

    @property
    def world(self) -> bool:
        """Whether some of the addresses are public."""
        return bool(self.cidrs) and not AddressSet.of(self.cidrs, self.excepts) <= PRIVATE


class Catalogue:
    """Gives a name to each peer, the same one each time; `taken` are names that mean something else already."""

    def __init__(self, taken: Iterable[str], known: Mapping[str, Named] | None = None) -> None:
        self._taken = set(taken)
        self._known: dict[object, Named] = {}
        for item in (known or {}).values():
            self._known.setdefault(_key(item), item)
            self._taken.add(item.name)
        self._own = frozenset(item.name for item in (known or {}).values())

    def blocks(self, items: Sequence[BlockPeer], called: str, seen: str) -> list[Named] | None:
        """The peers of the blocks of one rule: one, called after its policy, where they can stand together."""
        texts = [_split(item) for item in items]
        if None in texts:
            return None
        pairs = [text for text in texts if text is not None]
        if len(pairs) > 1 and not any(len(cidrs) == 1 and cidrs[0] in KNOWN for cidrs, _ in pairs):
            cidrs = tuple(sorted({cidr for own, _ in pairs for cidr in own}))
            excepts = tuple(sorted({cidr for _, own in pairs for cidr in own}))
            together = AddressSet()
            for item in items:
                together = together | item.addresses
            disjoint = all(
                one is other or not AddressSet.of(one) & AddressSet.of(other)
                for one in ([c] for c in cidrs)
                for other in ([c] for c in cidrs)
                if one != other
            )
            if disjoint and AddressSet.of(cidrs, excepts) == together:
                return [self._name(Named("", cidrs, excepts, seen=seen), called)]
        return [self._name(Named("", cidrs, excepts, seen=seen), _called(cidrs, excepts)) for cidrs, excepts in pairs]

    def pods(self, namespace: str, labels: Labels, seen: str) -> Named:
        """The peer of the pods of a namespace with some labels."""
        values = dict(labels)
        called = next((values[key] for key in NAMING if values.get(key)), next((v for _, v in labels if v), namespace))
        return self._name(Named("", namespace=namespace, labels=labels, seen=seen), called, namespace)

    def new(self, used: Iterable[str]) -> list[Named]:
        """The peers among those used that the catalogue lacks, by name."""
        wanted = set(used)
        return sorted(
            (item for item in self._known.values() if item.name in wanted and item.name not in self._own),
            key=lambda item: item.name,
        )

    def _name(self, item: Named, called: str, more: str = "") -> Named:
        if found := self._known.get(_key(item)):
            return found
        plain = re.sub(r"[^a-z0-9]+", "-", called.lower())[:55].strip("-") or "peer"
        name, number = plain, 1
        if name in self._taken and more:
            name = f"{more[:40]}-{plain}"[:63].strip("-")
        while name in self._taken or not is_label(name):
            number += 1
            name = f"{plain[:50].strip('-')}-{number}"
        self._taken.add(name)
        self._known[_key(item)] = named = replace(item, name=name)
        return named


def _key(item: Named) -> object:
    if item.namespace:
        return (item.namespace, item.labels)
    return (item.cidrs, item.excepts)


def _split(item: BlockPeer) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The block and its exceptions in canonical form; exceptions inside others are left out. None for nothing left."""
    cidr, _, excepts = item.text.partition(" except ")
    inner = sorted({str(network(text)) for text in excepts.split(", ") if text})
    kept = [
        text
        for text in inner
        if not any(text != other and AddressSet.of([text]) <= AddressSet.of([other]) for other in inner)
    ]
    return ((str(network(cidr)),), tuple(kept)) if item.addresses else None


def _called(cidrs: Sequence[str], excepts: Sequence[str]) -> str:
    if len(cidrs) == 1 and not excepts and cidrs[0] in KNOWN:
        return KNOWN[cidrs[0]]
    whole = AddressSet.of(cidrs)
    if excepts and whole in (AddressSet(EVERYWHERE.v4), AddressSet((), EVERYWHERE.v6)):
        family = "4" if whole.v4 else "6"
        private = AddressSet.of(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
        inside = AddressSet.of(excepts)
        return f"internet-ipv{family}" if family == "6" or private <= inside else f"any-ipv{family}-but-some"
    net = network(cidrs[0])
    text = str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net)
    return f"{'host' if net.prefixlen == net.max_prefixlen else 'net'}-{text}"
