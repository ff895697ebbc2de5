"""What passes above layer 4 on connections that stay open: compared by direction, port and what rules say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ringfence.connectivity import Profile, evaluate, from_directory
from ringfence.impact import restricted
from ringfence.verify import Declared, State
from ringfence.verify.objects import Objects

Rule = dict[str, Any]

DNS: Rule = {
    "toEndpoints": [{"matchLabels": {"app": "b"}}],
    "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}],
}


def ports(*numbers: int, **rules: Any) -> Rule:
    """An item of `toPorts`; `rules` are what stands beside the ports."""
    return {"ports": [{"port": str(number), "protocol": "TCP"} for number in numbers], **rules}


def http(*rules: Rule, to: int = 80) -> Rule:
    return ports(to, rules={"http": list(rules)})


GET, POST, ALL = {"method": "GET", "path": "/public"}, {"method": "POST"}, {"method": ".*", "path": "/.*"}


def listener(name: str) -> Rule:
    return ports(80, listener={"envoyConfig": {"kind": "CiliumEnvoyConfig", "name": "proxy"}, "name": name})


def calls(*items: Rule, **more: Any) -> Rule:
    """A rule of egress from `a` to `b`."""
    return {"toEndpoints": [{"matchLabels": {"app": "b"}}], "toPorts": list(items), **more}


def called(*items: Rule) -> Rule:
    """A rule of ingress to `b` from `a`."""
    return {"fromEndpoints": [{"matchLabels": {"app": "a"}}], "toPorts": list(items)}


def state(*rules: Rule) -> State:
    """A cluster with the pods `a` and `b`, which some rules are for: one policy for each, a line of its own."""
    files = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}}}
        for name in ("a", "b")
    ]
    for number, rule in enumerate(rules):
        way, app = ("ingress", "b") if "fromEndpoints" in rule else ("egress", "a")
        files.append(
            {
                "apiVersion": "cilium.io/v2",
                "kind": "CiliumNetworkPolicy",
                "metadata": {"name": f"rule-{number}", "namespace": "shop"},
                "spec": {"endpointSelector": {"matchLabels": {"app": app}}, way: [rule]},
            }
        )
    text = "\n---\n".join(map(json.dumps, files)).encode()
    cluster = from_directory({"shop.yaml": text}, Profile("cilium", dialects=frozenset({"cilium"})))
    assert not cluster.opaque
    return State("prod", (), Declared({}), evaluate(cluster), Objects(), ())


def said(before: list[Rule], after: list[Rule]) -> list[tuple[str, int]]:
    """What is said from one cluster to another, without what all of it has in common, and the line of the rule."""
    found = list(restricted.findings(state(*before), state(*after)))
    return [(item.message.removeprefix("in prod, shop/").split(":")[0], item.where.line) for item in found]


def other(kind: str, where: str = "a → shop/b on 80/TCP") -> str:
    return f"{where} stays open, and is restricted by other {kind} rules than before"


FIRST = 5
"""The line of the first policy."""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([calls(http(GET))], [calls(http(GET))], []),
        ([calls(http(GET))], [calls(http(ALL))], [(other("http"), FIRST)]),
        ([calls(http(ALL))], [calls(http(GET))], [(other("http"), FIRST)]),
        ([calls(http(GET, POST))], [calls(http(GET))], [(other("http"), FIRST)]),
        ([calls(http(GET))], [calls(http(GET)), calls(http(POST))], [(other("http"), FIRST + 2)]),
        # the same in another order, in two items, in two policies, and said twice
        ([calls(http(GET, POST))], [calls(http(POST, GET))], []),
        ([calls(http(GET, POST))], [calls(http(POST), http(GET))], []),
        ([calls(http(GET, POST))], [calls(http(POST)), calls(http(GET, POST))], []),
        ([calls(http(GET))], [calls(http(dict(reversed(GET.items()))))], []),
        # it depends on the port, and on the direction
        (
            [calls(http(GET), http(POST, to=81))],
            [calls(http(POST), http(GET, to=81))],
            [(other("http", "a → shop/b on 80-81/TCP"), FIRST)],
        ),
        ([calls(http(GET), http(GET, to=81))], [calls(ports(80, 81, rules={"http": [GET]}))], []),
        ([calls(http(GET)), called(http(POST))], [calls(http(POST)), called(http(GET))], [(other("http"), FIRST + 2)]),
        ([calls(http(GET)), called(http(GET))], [calls(http(GET)), called(ports(80))], [(other("http"), FIRST)]),
        ([calls(http(GET)), DNS], [calls(http(GET)), DNS], []),
        (
            [calls(http(GET)), DNS],
            [calls(http(POST)), {**DNS, "toPorts": [{**DNS["toPorts"][0], "rules": {"dns": [{"matchName": "a.io"}]}}]}],
            [(other("dns", "a → shop/b on 53/TCP, 53/UDP, 53/SCTP"), FIRST + 2), (other("http"), FIRST)],
        ),
        # what stands beside the rules, and other kinds
        ([calls(ports(443, serverNames=["a.io"]))], [calls(ports(443, serverNames=["a.io"]))], []),
        (
            [calls(ports(443, serverNames=["a.io", "b.io"]))],
            [calls(ports(443, serverNames=["b.io"]))],
            [(other("tls", "a → shop/b on 443/TCP"), FIRST)],
        ),
        (
            [calls(http(GET), authentication={"mode": "required"})],
            [calls(http(GET))],
            [(other("http"), FIRST)],
        ),
        ([calls(listener("a"))], [calls(listener("a"))], []),
        ([calls(listener("a"))], [calls(listener("b"))], [(other("listener"), FIRST)]),
        # the rule that lifts it, and the one that puts it
        (
            [calls(http(GET))],
            [calls(http(GET)), calls(ports(80))],
            [
                (
                    "a → shop/b on 80/TCP stays open, and is no longer restricted by http rules",
                    FIRST + 2,
                )
            ],
        ),
        (
            [calls(ports(80))],
            [calls(http(GET))],
            [("a → shop/b on 80/TCP stays open, and is restricted by http rules from now on", FIRST)],
        ),
        (
            [calls(http(GET), http(POST, to=81))],
            [calls(http(GET), http(POST, to=81)), calls(ports(80))],
            [("a → shop/b on 80/TCP stays open, and is no longer restricted by http rules", FIRST + 2)],
        ),
        (
            [calls(ports(80)), called(http(GET))],
            [calls(ports(80)), called(http(GET)), called(ports(80))],
            [("a → shop/b on 80/TCP stays open, and is no longer restricted by http rules", FIRST + 4)],
        ),
        # of one direction alone
        (
            [calls(http(GET)), called(http(GET))],
            [calls(http(GET)), called(http(GET)), called(ports(80))],
            [(other("http"), FIRST)],
        ),
        # what closes is no such change
        ([calls(http(GET), http(GET, to=81))], [calls(http(GET))], []),
    ],
)
def test_what_passes_is_compared(before: list[Rule], after: list[Rule], expected: list[tuple[str, int]]) -> None:
    assert sorted(said(before, after)) == sorted(expected)


def test_addresses_with_the_same_kind_are_compared_one_by_one() -> None:
    one, two = "192.0.2.0/24", "198.51.100.0/24"

    def to(cidr: str, rule: Rule) -> Rule:
        return {"toCIDR": [cidr], "toPorts": [http(rule)]}

    assert said([to(one, GET), to(two, POST)], [to(two, POST), to(one, GET)]) == []
    assert said([to(one, GET), to(two, POST)], [to(one, POST), to(two, GET)]) == [
        (other("http", f"a → {one}, {two} on 80/TCP"), FIRST)
    ]
