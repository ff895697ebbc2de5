import pytest

from ringfence.findings import Location
from small_repository import HEADER, codes, flows, load, only, place, small

CATALOG = "policies/catalog/x.yaml"
DEV = "policies/clusters/dev.yaml"


def _peer(fields: str) -> str:
    return HEADER.format("Catalog") + f"peers:\n  mail: {{description: Mail, owner: platform, {fields}}}\n"


@pytest.mark.parametrize(
    ("cidr", "hint"),
    [
        ("198.51.100.9/24", "write `198.51.100.0/24`"),
        ("198.51.100.9", "write `198.51.100.9/32`"),
        ("2001:DB8::/32", "write `2001:db8::/32`"),
        ("2001:db8:0:0::/64", "write `2001:db8::/64`"),
        ("198.51.100.0/255.255.255.0", "write `198.51.100.0/24`"),
        ("198.51.100.0/024", "write `198.51.100.0/24`"),
        ("::ffff:198.51.100.0/120", "write it as IPv4"),
        ("198.051.100.0/24", "write one such as `203.0.113.0/24` or `2001:db8::/32`"),
        ("198.51.100.0/33", "write one such as `203.0.113.0/24` or `2001:db8::/32`"),
        ("mail.example.com", "write one such as `203.0.113.0/24` or `2001:db8::/32`"),
    ],
)
def test_a_block_that_is_not_canonical(cidr: str, hint: str) -> None:
    text = _peer(f'cidrs: ["{cidr}"]')
    finding = only(load({CATALOG: text})[1], "RF130")
    assert finding.where == place(text, f'"{cidr}"', CATALOG)
    assert finding.hint == hint


def test_a_peer_as_resolved() -> None:
    model, findings = load(
        {CATALOG: _peer('cidrs: ["2001:db8::/32", 203.0.113.0/24, 198.51.100.0/24], except: [198.51.100.128/25]')}
    )
    assert findings == []
    assert model is not None
    peer = model.peers["mail"]
    assert peer.cidrs == ("198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    assert peer.excepts == ("198.51.100.128/25",)
    assert peer.addresses.cidrs() == ["198.51.100.0/25", "203.0.113.0/24", "2001:db8::/32"]
    assert peer.world
    assert not peer.is_pods


@pytest.mark.parametrize(
    ("except_", "why"),
    [
        ("203.0.113.0/25", "lies in none of `198.51.100.0/24`"),
        ("198.51.0.0/16", "lies in none of"),
        ("198.51.100.0/24", "takes out the whole block"),
        ('"2001:db8::/32"', "lies in none of"),
    ],
)
def test_an_exception_that_is_not_inside(except_: str, why: str) -> None:
    text = _peer(f"cidrs: [198.51.100.0/24], except: [{except_}]")
    finding = only(load({CATALOG: text})[1], "RF131")
    assert finding.where == Location(CATALOG, 4, text.splitlines()[3].rindex("[") + 2)
    assert why in finding.message


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ("cidrs: [198.51.100.0/24, 198.51.100.128/25]", "leave out `198.51.100.128/25`"),
        ("cidrs: [198.51.100.128/25, 198.51.100.0/24]", "leave out `198.51.100.128/25`"),
        ("cidrs: [198.51.100.0/24], except: [198.51.100.0/25, 198.51.100.64/26]", "leave out `198.51.100.64/26`"),
    ],
)
def test_blocks_that_overlap(fields: str, hint: str) -> None:
    assert only(load({CATALOG: _peer(fields)})[1], "RF132").hint == hint


def test_networks_of_a_cluster_that_overlap() -> None:
    text = small()[DEV].replace("10.4.0.0/20", "10.1.0.0/20")
    finding = only(load({DEV: text, "policies/catalog/x.yaml": None})[1], "RF132")
    assert finding.where == place(text, "10.1.0.0/20", DEV)


def test_the_world_leaves_out_every_cluster() -> None:
    found = load({CATALOG: _peer("cidrs: [10.12.0.0/16]")})[1]
    assert only(found, "RF133").hint == "add `10.12.0.0/20` to its `except`"
    assert "services of cluster prod" in found[0].message
    found = load({CATALOG: _peer("cidrs: [0.0.0.0/0]")})[1]
    assert codes(found) == ["RF133"] * 4


def test_another_address_peer_is_judged_where_it_is_used() -> None:
    peer = _peer("cidrs: [10.8.0.0/16], world: false")
    assert load({CATALOG: peer})[1] == [], "not used"
    path = "teams/checkout/shop/x.yaml"
    used = flows("name: a, from: frontend, to: mail, ports: [25], environments: [WHERE]")
    finding = only(load({CATALOG: peer, path: used.replace("WHERE", "prod")})[1], "RF133")
    assert finding.where == place(peer, "mail", CATALOG)
    assert "is used in environment prod" in finding.message
    assert load({CATALOG: peer, path: used.replace("WHERE", "dev")})[1] == [], (
        "another cluster's pods: a matter of guardrails"
    )


def test_a_grant_uses_a_peer_too() -> None:
    grant = HEADER.format("Baseline") + "grants:\n  - {name: mail, to: mail, ports: [25], reason: A test}\n"
    found = load({CATALOG: _peer("cidrs: [10.8.0.0/16], world: false"), "policies/baseline/x.yaml": grant})[1]
    assert codes(found) == ["RF133"]


def test_node_networks_do_not_count() -> None:
    assert load({CATALOG: _peer("cidrs: [10.200.0.0/16]")})[1] == []
