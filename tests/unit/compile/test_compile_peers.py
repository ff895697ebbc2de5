from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.compile import peers
from ringfence.compile.bundle import BlockPeer, PodsPeer
from ringfence.values.addresses import NOWHERE, AddressSet


@pytest.mark.parametrize(
    ("cidrs", "excepts", "expected"),
    [
        (["0.0.0.0/0"], [], [BlockPeer("0.0.0.0/0")]),
        (
            ["::/0", "0.0.0.0/0"],
            ["fc00::/7", "10.0.0.0/8"],
            [
                BlockPeer("0.0.0.0/0", ("10.0.0.0/8",)),
                BlockPeer("::/0", ("fc00::/7",)),
            ],
        ),
        # an exception elsewhere, equal to the block, around the block
        (["10.0.0.0/8"], ["11.0.0.0/8"], [BlockPeer("10.0.0.0/8")]),
        (["10.0.0.0/8"], ["10.0.0.0/8"], []),
        (["10.1.0.0/16", "11.0.0.0/8"], ["10.0.0.0/8"], [BlockPeer("11.0.0.0/8")]),
        # a block or an exception inside another one says nothing new
        (["10.0.0.0/8", "10.1.0.0/16"], ["10.1.0.0/16"], [BlockPeer("10.0.0.0/8", ("10.1.0.0/16",))]),
        (["10.0.0.0/8"], ["10.1.2.0/24", "10.1.0.0/16"], [BlockPeer("10.0.0.0/8", ("10.1.0.0/16",))]),
        # by address, and not by text
        (["100.0.0.0/8", "20.0.0.0/8"], [], [BlockPeer("20.0.0.0/8"), BlockPeer("100.0.0.0/8")]),
        ([], ["10.0.0.0/8"], []),
    ],
)
def test_blocks(cidrs: list[str], excepts: list[str], expected: list[BlockPeer]) -> None:
    assert list(peers.blocks(cidrs, excepts)) == expected


def networks() -> st.SearchStrategy[str]:
    v4 = st.builds(
        lambda address, length: str(ipaddress.ip_network((address, length), strict=False)),
        st.integers(0, 63).map(lambda value: value << 26),
        st.integers(0, 6),
    )
    v6 = st.builds(
        lambda address, length: str(ipaddress.IPv6Network((address << 122, length), strict=False)),
        st.integers(0, 63),
        st.integers(0, 6),
    )
    return v4 | v6


@settings(deadline=None)
@given(st.lists(networks(), max_size=6), st.lists(networks(), max_size=6))
def test_blocks_hold_exactly_the_addresses_and_the_api_takes_each(cidrs: list[str], excepts: list[str]) -> None:
    found = peers.blocks(cidrs, excepts)
    total = NOWHERE
    for block in found:
        outer = ipaddress.ip_network(block.cidr)
        for item in map(ipaddress.ip_network, block.excepts):
            assert item != outer
            assert item.version == outer.version
            assert item.subnet_of(outer)
        total |= AddressSet.of([block.cidr], block.excepts)
    assert total == AddressSet.of(cidrs, excepts)
    assert list(found) == sorted(found, key=peers.sort_key)


def test_pods_come_before_blocks() -> None:
    mixed = [BlockPeer("0.0.0.0/0"), PodsPeer("b", ()), PodsPeer("a", (("x", "y"),)), PodsPeer("a", ())]
    assert sorted(mixed, key=peers.sort_key) == [mixed[3], mixed[2], mixed[1], mixed[0]]
