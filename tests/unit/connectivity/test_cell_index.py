"""The index of cells finds exactly those that meet a set of addresses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringfence.connectivity.cells import CellIndex, partition
from ringfence.values.addresses import EVERYWHERE, AddressSet

BLOCKS = st.builds(
    lambda number, length: AddressSet.of([f"10.0.0.{number >> (32 - length) << (32 - length)}/{length}"]),
    st.integers(0, 255),
    st.integers(26, 32),
) | st.sampled_from([AddressSet.of(["::/0"]), AddressSet.of(["2001:db8::/32"]), AddressSet(), EVERYWHERE])


@given(st.lists(BLOCKS, max_size=6), BLOCKS, BLOCKS)
def test_the_cells_that_meet_a_set(blocks: list[AddressSet], one: AddressSet, two: AddressSet) -> None:
    cells = partition(blocks, EVERYWHERE)
    wanted = one | two
    assert CellIndex(cells).meeting(wanted) == {i for i, cell in enumerate(cells) if cell & wanted}
