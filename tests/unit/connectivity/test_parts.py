"""The small parts of the engine: bit sets, port atoms, cells of addresses, the index of labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.connectivity import bits
from ringfence.connectivity.atoms import Atoms
from ringfence.connectivity.cells import AddressIndex, partition
from ringfence.connectivity.labels import LabelIndex
from ringfence.manifests import METADATA_NAME, Requirement, Selector
from ringfence.values.addresses import EVERYWHERE, AddressSet
from ringfence.values.ports import ALL_PORTS, PortRange, PortSet

small_sets = st.sets(st.integers(0, 300))
maps = st.lists(st.tuples(st.integers(1, 15), small_sets), max_size=6)


@given(small_sets)
def test_bits_hold_their_positions_in_order(items: set[int]):
    assert list(bits.positions(bits.of(items))) == sorted(items)


@given(maps)
def test_paint_keeps_positions_disjoint_and_unites_ports(entries: list[tuple[int, set[int]]]):
    parts: dict[int, int] = {}
    expected: dict[int, int] = {}
    for mask, items in entries:
        bits.paint(parts, mask, bits.of(items))
        for item in items:
            expected[item] = expected.get(item, 0) | mask
    found = [(item, mask) for mask, where in parts.items() for item in bits.positions(where)]
    assert sorted(found) == sorted(expected.items())
    assert all(parts.values())


@given(maps, maps)
def test_overlay_is_the_intersection_at_each_position(one: list[tuple[int, set[int]]], two: list[tuple[int, set[int]]]):
    painted: list[dict[int, int]] = [{}, {}]
    for parts, entries in zip(painted, (one, two), strict=True):
        for mask, items in entries:
            bits.paint(parts, mask, bits.of(items))
    at = [{item: mask for mask, where in parts.items() for item in bits.positions(where)} for parts in painted]
    both = {item: mask & at[1].get(item, 0) for item, mask in at[0].items() if mask & at[1].get(item, 0)}
    result = bits.overlay(*painted)
    assert {item: mask for mask, where in result.items() for item in bits.positions(where)} == both


def test_atoms_turn_ranges_into_masks_and_back():
    ranges = [PortRange("TCP", 80, 90), PortRange("TCP", 85, 95), PortRange("UDP", 53, 53), PortRange("SCTP", 1, 65535)]
    atoms = Atoms(ranges)
    for item in ranges:
        assert atoms.ports(atoms.mask(item.protocol, item.first, item.last)) == PortSet.of([item])
    assert atoms.ports(atoms.everything) == ALL_PORTS
    both = atoms.mask("TCP", 80, 90) & atoms.mask("TCP", 85, 95)
    assert atoms.ports(both) == PortSet.of([PortRange("TCP", 85, 90)])


port_ranges = st.lists(
    st.tuples(st.sampled_from(["TCP", "UDP"]), st.sampled_from([1, 2, 5, 8, 9, 65535]), st.integers(0, 6)).map(
        lambda item: PortRange(item[0], item[1], min(item[1] + item[2], 65535))
    ),
    max_size=5,
)


@given(port_ranges, port_ranges)
def test_the_atoms_within_some_ports(cut: list[PortRange], wanted: list[PortRange]):
    atoms, ports = Atoms(cut), PortSet.of(wanted)
    every = [1 << index for index in range(atoms.everything.bit_length())]
    inside = sum(atom for atom in every if atoms.ports(atom) <= ports)
    assert atoms.within(ports) == (inside, atoms.ports(inside) == ports)


blocks = st.lists(
    st.builds(
        AddressSet.of,
        st.lists(st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "::/0", "fd00::/8"]), max_size=2),
    ),
    max_size=4,
)


@given(blocks)
def test_cells_cut_the_universe_along_every_set(sets: list[AddressSet]):
    universe = EVERYWHERE - AddressSet.of(["10.1.128.0/17"])
    cells = partition(sets, universe)
    whole = AddressSet()
    for cell in cells:
        assert not whole & cell
        whole |= cell
        assert all(cell <= item or not cell & item for item in sets)
    assert whole == universe
    signatures = {tuple(cell <= item for item in sets) for cell in cells}
    assert len(signatures) == len(cells)


def test_address_index():
    index = AddressIndex([(0, ["10.0.0.1"]), (5, ["10.0.0.2", "fd00::1"]), (7, [])])
    assert index.within(AddressSet.of(["10.0.0.2/32"])) == {5}
    assert index.within(AddressSet.of(["10.0.0.0/30"])) == {0, 5}
    assert index.within(AddressSet.of(["fd00::/64"])) == {5}


@pytest.mark.parametrize(
    ("requirement", "sure", "possible"),
    [
        (Requirement(METADATA_NAME, "In", ("a",)), False, False),
        (Requirement(METADATA_NAME, "In", ("a", "new")), False, True),
        (Requirement(METADATA_NAME, "NotIn", ("a",)), True, True),
        (Requirement(METADATA_NAME, "NotIn", ("a", "new")), False, True),
        (Requirement(METADATA_NAME, "Exists"), True, True),
        (Requirement(METADATA_NAME, "DoesNotExist"), False, False),
        (Requirement("team", "Exists"), False, True),
    ],
)
def test_labels_of_a_namespace_that_does_not_exist_yet(requirement: Requirement, sure: bool, possible: bool):
    index = LabelIndex([((METADATA_NAME, "a"),)], unknown=2, names=frozenset(["a"]))
    found = index.match(Selector((requirement,)))
    assert (bool(found[0] & 2), bool(found[1] & 2)) == (sure, possible)
