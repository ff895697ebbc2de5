"""NetworkPolicies as bytes and back, for other processes and runs: in columns, each rule and each list of peers once.

What comes back is equal to what was given, to the place of each rule. Equal peers, ports and selectors are one object,
whichever bytes they come from, and are those that `plain` gives.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from ringfence.findings import Location
from ringfence.manifests import plain
from ringfence.manifests.types import BlockPeer, NetworkPolicy, Peer, PolicyPort, Requirement, Rule, Selector
from ringfence.values.addresses import AddressSet

_EXCEPT = " except "


def to_rows(lists: Iterable[Sequence[NetworkPolicy] | None]) -> bytes:
    """Lists of policies, which may share policies and rules; None stands for a list that is not there."""
    import msgpack

    tables = _Tables()
    folders = [None if items is None else [tables.policy(item) for item in items] for items in lists]
    columns = list(zip(*tables.rules, strict=True)) or [()] * 6
    packed: bytes = msgpack.packb(
        [folders, list(tables.texts), list(tables.peers), list(tables.ports), columns, tables.policies]
    )
    return packed


def there(raw: bytes) -> list[bool]:
    """Which of the lists are there that `to_rows` was given."""
    import msgpack

    rest = msgpack.Unpacker()
    rest.feed(raw)
    rest.read_array_header()
    return [items is not None for items in rest.unpack()]


def from_rows(raw: bytes, wanted: Sequence[int] | None = None) -> list[list[NetworkPolicy] | None]:
    """The lists that `to_rows` was given, or some by their numbers. What they share is one object again."""
    import msgpack

    folders, texts, peers, ports, (who, what, index, path, line, column), rows = msgpack.unpackb(raw)
    if wanted is not None:
        folders = [folders[number] for number in wanted]
    used = {number for items in folders for number in items or ()}
    peers_at, ports_at = list(map(_peers, peers)).__getitem__, list(map(_ports, ports)).__getitem__
    places = map(Location, map(texts.__getitem__, path), line, column)
    rules = list(map(Rule, map(peers_at, who), map(ports_at, what), index, places))

    def listed(numbers: list[int] | None) -> tuple[Rule, ...] | None:
        return None if numbers is None else tuple([rules[number] for number in numbers])

    def policy(row: Sequence[Any]) -> NetworkPolicy:
        namespace, name, selector, ingress, egress, path, line, column, left_out_in, left_out_out = row
        return NetworkPolicy(
            texts[namespace],
            texts[name],
            _selector(selector),
            listed(ingress),
            listed(egress),
            Location(texts[path], line, column),
            listed(left_out_in) or (),
            listed(left_out_out) or (),
        )

    policies = {index: policy(rows[index]) for index in used}
    return [None if items is None else [policies[item] for item in items] for items in folders]


class _Tables:
    """What is numbered, in the order in which it was met."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.peers: dict[bytes, int] = {}
        self.ports: dict[bytes, int] = {}
        self.rules: list[tuple[int, ...]] = []
        self.policies: list[tuple[Any, ...]] = []
        self._known: dict[int, tuple[object, int]] = {}

    def policy(self, item: NetworkPolicy) -> int:
        if id(item) not in self._known:
            row = (
                self._text(item.namespace),
                self._text(item.name),
                _packed_selector(item.selector),
                self._listed(item.ingress),
                self._listed(item.egress),
                *self._place(item.where),
                self._listed(item.left_out_ingress),
                self._listed(item.left_out_egress),
            )
            self._known[id(item)] = item, len(self.policies)
            self.policies.append(row)
        return self._known[id(item)][1]

    def _listed(self, rules: tuple[Rule, ...] | None) -> list[int] | None:
        return None if rules is None else list(map(self._rule, rules))

    def _rule(self, rule: Rule) -> int:
        known = self._known.get(id(rule))
        if known is None:
            peers, ports = _packed_peers(rule.peers), _packed_ports(rule.ports)
            who = self.peers.setdefault(peers, len(self.peers))
            what = self.ports.setdefault(ports, len(self.ports))
            known = self._known[id(rule)] = rule, len(self.rules)
            self.rules.append((who, what, rule.index, *self._place(rule.where)))
        return known[1]

    def _place(self, where: Location) -> tuple[int, int, int]:
        return self._text(where.path), where.line, where.column

    def _text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


@lru_cache(maxsize=1 << 16)
def _packed_peers(peers: tuple[Peer, ...]) -> bytes:
    import msgpack

    packed: bytes = msgpack.packb(
        [
            item.text
            if isinstance(item, BlockPeer)
            else [_packed_selector(item.pods), None if item.namespaces is None else _packed_selector(item.namespaces)]
            for item in peers
        ]
    )
    return packed


@lru_cache(maxsize=1 << 12)
def _packed_ports(ports: tuple[PolicyPort, ...]) -> bytes:
    import msgpack

    packed: bytes = msgpack.packb([[item.protocol, item.first, item.last, item.name] for item in ports])
    return packed


@lru_cache(maxsize=1 << 16)
def _packed_selector(selector: Selector) -> bytes:
    import msgpack

    packed: bytes = msgpack.packb([[item.key, item.operator, *item.values] for item in selector.requirements])
    return packed


@lru_cache(maxsize=1 << 16)
def _peers(raw: bytes) -> tuple[Peer, ...]:
    import msgpack

    return tuple(map(_peer, msgpack.unpackb(raw)))


@lru_cache(maxsize=1 << 12)
def _ports(raw: bytes) -> tuple[PolicyPort, ...]:
    import msgpack

    return tuple(itertools.starmap(plain.ports_of, msgpack.unpackb(raw)))


@lru_cache(maxsize=1 << 16)
def _selector(raw: bytes) -> Selector:
    import msgpack

    rows = msgpack.unpackb(raw)
    return plain.requiring(tuple([Requirement(key, operator, tuple(values)) for key, operator, *values in rows]))


def _peer(row: Any) -> Peer:
    if isinstance(row, str):
        return _block(row)
    pods, namespaces = row
    return plain.pods_with(_selector(pods), None if namespaces is None else _selector(namespaces))


@lru_cache(maxsize=1 << 12)
def _block(text: str) -> BlockPeer:
    cidr, _, rest = text.partition(_EXCEPT)
    return BlockPeer(AddressSet.of([cidr], rest.split(", ") if rest else ()), text)
