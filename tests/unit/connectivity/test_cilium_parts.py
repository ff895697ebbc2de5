"""Parts of Cilium's lowering: names and patterns, places in differences and lookups, the JSON form."""

from __future__ import annotations

import pytest
from made import app, pod, world

from ringfence.connectivity import Connectivity, Place, Profile, diff, diff_to_json, to_json
from ringfence.connectivity.cilium.patterns import covers, meets, plain
from ringfence.errors import UsageError

CILIUM = Profile("cilium", ip_blocks_match_pods=False)


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("api.x.io", "api.x.io", True),
        ("api.x.io", "x.io", False),
        ("*", "api.x.io", True),
        ("*", "*.x.io", True),
        ("*.x.io", "api.x.io", True),
        ("*.x.io", "a.b.x.io", False),
        ("*.x.io", "x.io", False),
        ("*.x.io", "api.xxio", False),
        ("a*.x.io", "api*.x.io", True),
        ("a*i.x.io", "api.x.io", True),
        ("*.x.io", "*.b.x.io", False),
        ("*a.x.io", "*.x.io", False),
        ("*.*.io", "*.x.io", True),
        ("*.x.io", "*", False),
        ("**.x.io", "a.x.io", True),
        ("**.x.io", "a.b.x.io", False),
        ("*.x.io", "**.x.io", False),
        ("**.x.io", "**.x.io", True),
    ],
)
def test_which_names_a_pattern_surely_covers(pattern: str, other: str, expected: bool):
    assert covers(pattern, other) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a*.x.io", "*b.x.io", True),
        ("a*.x.io", "b*.x.io", False),
        ("*.x.io", "*.y.io", False),
        ("*.x.io", "x.io", False),
        ("*", "x.io", True),
        ("**.x.io", "a.b.x.io", True),
        ("**.x.io", "*.b.x.io", True),
        ("**.x.io", "x.io", False),
        ("**.x.io", "**.b.x.io", True),
        ("**.x.io", "a.b.y.io", False),
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
    ],
)
def test_whether_some_name_is_of_both(one: str, other: str, expected: bool):
    assert meets(one, other) is meets(other, one) is expected


def test_names_are_compared_in_lower_case_and_without_the_root():
    assert plain("API.X.io.") == "api.x.io"
    assert Place.of("dns:API.x.io.") == Place("dns", "api.x.io")
    assert Place.of("entity:host") == Place("entity", "host")
    assert Place.of("entity:world") is Place.of("shop/web") is Place.of("dns:") is None


def egress(*rules: object) -> Connectivity:
    spec = {"endpointSelector": app("x"), "egress": list(rules)}
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p", "namespace": "a"},
        "spec": spec,
    }
    return world(pod("a/x"), pod("a/y"), policy, profile=CILIUM)


ASK = {"ports": [{"port": "53", "protocol": "UDP"}], "rules": {"dns": [{"matchPattern": "*"}]}}
DNS = {"toEndpoints": [app("y")], "toPorts": [ASK]}
STRIPE = {"toFQDNs": [{"matchName": "Stripe.com"}], "toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}]}
PAYPAL = {"toFQDNs": [{"matchName": "paypal.com"}]}


def test_a_difference_speaks_of_the_names_of_both_sides():
    changes = diff_to_json(diff(egress(DNS, STRIPE), egress(DNS)))
    assert changes["diff"] == [["removed", "a/x[Pod]", "dns:stripe.com", {"TCP": [[443, 443]]}, {}]]
    swapped = diff(egress(DNS, STRIPE), egress(DNS, {**PAYPAL, "toPorts": STRIPE["toPorts"]}))
    assert [(item.kind, str(item.destination)) for item in swapped] == [
        ("added", "dns:paypal.com"),
        ("removed", "dns:stripe.com"),
    ]
    assert diff(egress(DNS, STRIPE), egress(STRIPE, DNS)) == []


def test_a_difference_of_entities():
    host = {"toEntities": ["host"]}
    changes = diff_to_json(diff(egress({}), egress(host)))["diff"]
    every = {name: [[1, 65535]] for name in ("TCP", "UDP", "SCTP")}
    assert changes == [["added", "a/x[Pod]", "entity:host", {}, every]]


def test_the_json_form_marks_what_is_restricted_and_names_places():
    http = {
        "toEndpoints": [app("y")],
        "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": [{}]}}],
    }
    answer = to_json(egress(DNS, STRIPE, http))
    assert ["a/x[Pod]", "a/y[Pod]", {"TCP": [[80, 80]]}, "http"] in answer["restricted"]
    assert ["a/x[Pod]", "a/y[Pod]", {"UDP": [[53, 53]]}, "dns"] in answer["restricted"]
    assert ["a/x[Pod]", "dns:stripe.com", {"TCP": [[443, 443]]}] in answer["connections"]
    assert answer["counts"]["policies"] == 1
    assert not any(source.startswith("dns:") for source, *_ in answer["connections"])


def test_a_place_that_no_policy_names():
    with pytest.raises(UsageError, match=r"no policy speaks of dns:stripe\.co"):
        egress(STRIPE).ports("a/x", "dns:stripe.co")
    with pytest.raises(UsageError, match="both ends lie outside the cluster"):
        egress(STRIPE).ports("1.1.1.1", "dns:stripe.com")
