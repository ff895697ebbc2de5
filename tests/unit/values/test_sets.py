"""Sets of ports and addresses against Python's own sets."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.values import intervals
from ringfence.values.addresses import EVERYWHERE, NOWHERE, AddressSet, network
from ringfence.values.ports import ALL_PORTS, NO_PORTS, Growing, PortRange, PortSet

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


def numbers(items: intervals.Intervals) -> set[int]:
    return {value for low, high in items for value in range(low, high + 1)}


@given(spans)
def test_normal_is_canonical(raw: list[tuple[int, int]]) -> None:
    found = intervals.normal(raw)
    assert numbers(found) == {value for low, high in raw for value in range(low, high + 1)}
    assert all(a[1] + 1 < b[0] for a, b in pairwise(found))


@given(spans, spans)
def test_operations_are_those_of_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = intervals.normal(one), intervals.normal(other)
    assert intervals.union(a, b) == intervals.normal([*a, *b])
    assert numbers(intervals.intersection(a, b)) == numbers(a) & numbers(b)
    assert numbers(intervals.difference(a, b)) == numbers(a) - numbers(b)
    for result in (intervals.union(a, b), intervals.intersection(a, b), intervals.difference(a, b)):
        assert intervals.normal(result) == result
    assert intervals.size(a) == len(numbers(a))
    assert [value for value in range(42) if intervals.contains(a, value)] == sorted(numbers(a))


def test_ports_as_text_and_json() -> None:
    ports = PortSet.of([PortRange("UDP", 53, 53), PortRange("TCP", 8000, 8010), PortRange("TCP", 8011, 8011)])
    assert str(ports) == "8000-8011/TCP, 53/UDP"
    assert PortSet.from_json(ports.to_json()) == ports
    assert ports.to_json() == {"TCP": [[8000, 8011]], "UDP": [[53, 53]]}
    assert str(ALL_PORTS) == "all ports"
    assert str(NO_PORTS) == "nothing"
    assert str(PortSet(tcp=((1, 65535),))) == "all TCP"
    assert ports <= ALL_PORTS
    assert (ports >= ALL_PORTS) is False
    assert ports.contains("TCP", 8005)
    assert not ports.contains("SCTP", 8005)
    assert (ports & PortSet(tcp=((8005, 9000),))) | PortSet() == PortSet(tcp=((8005, 8011),))


def test_address_families_never_mix() -> None:
    four, six = AddressSet.of(["0.0.0.0/0"]), AddressSet.of(["::/0"])
    assert four | six == EVERYWHERE
    assert four & six == NOWHERE
    assert AddressSet.of(["0.0.0.0/0"], ["10.0.0.0/8"]).ranges() == [
        "0.0.0.0-9.255.255.255",
        "11.0.0.0-255.255.255.255",
    ]


@given(st.lists(st.integers(0, 2**32 - 1).map(lambda value: f"{ipaddress.IPv4Address(value)}/32"), max_size=5))
def test_cidrs_give_the_same_set_back(texts: list[str]) -> None:
    found = AddressSet.of(texts)
    assert AddressSet.of(found.cidrs()) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.0.0.1/8", "the network is 10.0.0.0/8"),
        ("10.0.0.1", "write one, such as 10.0.0.1/32"),
        ("010.0.0.0/8", "is not a CIDR"),
        ("10.0.0.0/33", "is not a CIDR"),
        ("2001:db8::1/32", "the network is 2001:db8::/32"),
        ("internet/0", "is not a CIDR"),
    ],
)
def test_a_cidr_that_servers_refuse(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        network(text)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=12))
def test_a_set_that_grows_says_what_is_new(spans: list[tuple[int, int]]) -> None:
    growing = Growing()
    seen: set[int] = set()
    for low, high in (sorted(span) for span in spans):
        ports = set(range(low, high + 1))
        assert growing.add([PortRange("UDP", low, high)]) is not (ports <= seen)
        seen |= ports
    assert growing.add([PortRange("TCP", 1, 1), PortRange("TCP", 1, 1)])
