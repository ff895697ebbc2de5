from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.findings import Location
from ringfence.model.types import Peer
from ringfence.observe.ranges import Ranges, address_set, size
from ringfence.values.addresses import AddressSet

CIDRS = [f"10.0.{third}.{last}/{length}" for third in (0, 1) for last in (0, 64, 128) for length in (26, 32)]
CIDRS += ["10.0.0.0/23", "0.0.0.0/0", "2001:db8::/126", "2001:db8::4/127", "::/0"]
ADDRESSES = [f"10.0.{third}.{last}" for third in (0, 1, 2) for last in (0, 63, 64, 127, 128, 191, 192)]
ADDRESSES += ["0.0.0.1", "255.255.255.255", "2001:db8::3", "2001:db8::4", "::", "ffff::"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sets(st.sampled_from(CIDRS), min_size=1), st.sets(st.sampled_from(CIDRS))), max_size=5))
def test_what_holds_an_address_is_looked_up_as_it_is(drawn: list[tuple[set[str], set[str]]]) -> None:
    peers = [
        Peer(f"p{number}", "", "", (), Location(""), AddressSet.of(sorted(cidrs), sorted(excepts)))
        for number, (cidrs, excepts) in enumerate(drawn)
    ]
    ranges = Ranges(peers)
    for text in (*ADDRESSES, "10.0.0.0/26", "2001:db8::/126"):
        slow = [peer for peer in sorted(peers, key=size) if address_set(text) <= peer.addresses]
        assert ranges.around(text) == slow, text


def test_what_is_no_address_is_held_by_nobody() -> None:
    peer = Peer("p", "", "", (), Location(""), AddressSet.of(["0.0.0.0/0"]))
    for text in ("", "x", "10.0.0.1/33"):
        assert Ranges([peer]).around(text) == []
