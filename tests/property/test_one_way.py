"""One direction taken from a whole answer is the answer for the rules of that direction alone."""

from __future__ import annotations

from typing import Any

from clusters import files
from hypothesis import given
from hypothesis import strategies as st
from test_changed_policies import SETTINGS, plain

from ringfence.connectivity import Direction, Profile, evaluate, from_directory
from ringfence.values.addresses import AddressSet
from ringfence.verify.direction import half


@SETTINGS
@given(plain, st.sampled_from([AddressSet(), AddressSet.of(["10.1.0.0/16"])]), st.sampled_from([True, False, None]))
def test_one_direction_is_what_it_is_computed_by_itself(
    objects: list[dict[str, Any]], nodes: AddressSet, match_pods: bool | None
):
    state = from_directory(files(objects), Profile("p", ip_blocks_match_pods=match_pods, nodes=nodes))
    whole = evaluate(state, representatives=True)
    for direction in Direction:
        found, alone = whole.one_way(direction), half(state, direction)
        if found is None:
            assert whole.tiers
            continue
        assert found.isolated == alone.isolated
        assert list(found.rows()) == list(alone.rows())
