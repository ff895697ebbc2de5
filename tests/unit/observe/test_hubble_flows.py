"""What is read from flows of Hubble."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flow_lines import ARRIVING, AT, brief, endpoint, hubble, kinds, read

from ringfence.observe import Seen, Side

WEB_TO_API = "shop/web > shop/api 8080/TCP"
API = Side("shop", "api", labels=(("app", "api"),))
WEB = Side("shop", "web", labels=(("app", "web"),))


def dropped(reason: str | None = "POLICY_DENIED", **changes: Any) -> dict[str, Any]:
    return hubble(
        verdict="DROPPED",
        drop_reason_desc=reason,
        is_reply=None,
        trace_observation_point=None,
        event_type={"type": 1, "sub_type": 133},
        **changes,
    )


def verdict_event(verdict: str, **changes: Any) -> dict[str, Any]:
    event = {"event_type": {"type": 5}, "trace_observation_point": None, "policy_match_type": 2}
    return hubble(verdict=verdict, **{**changes, **event})


def test_a_flow_is_read_whether_it_is_wrapped_or_bare(tmp_path: Path):
    flow = hubble(destination=endpoint("api"))
    wrapped = {"flow": flow, "node_name": "kind/worker", "time": flow["time"]}
    cri = f"2026-08-21T12:12:18.6Z stdout F {json.dumps(wrapped)}"
    found = read(tmp_path, flow, wrapped, cri)
    assert found.seen == (Seen(WEB, API, "TCP", 8080, "allowed", AT, AT, 3),)
    assert (found.troubles, found.files, found.records, found.first, found.last) == ((), 1, 3, AT, AT)


def test_one_connection_seen_at_both_ends_counts_once(tmp_path: Path):
    """The owner of a pod is known at its own node alone, and is the same at the other."""
    found = read(tmp_path, *[hubble()] * 3, *[hubble(**ARRIVING)] * 2, verdict_event("FORWARDED"))
    assert found.seen == (Seen(WEB, API, "TCP", 8080, "allowed", AT, AT, 3),)


def test_connections_of_several_nodes_add_up_at_each_point(tmp_path: Path):
    other = endpoint("web") | {"pod_name": "web-7848d6c4d5-other"}
    found = read(tmp_path, hubble(), hubble(source=other, node_name="b"), *[hubble(**ARRIVING)] * 2)
    assert brief(found) == [f"{WEB_TO_API} allowed 2"]


def test_first_and_last_are_exact(tmp_path: Path):
    times = ["2026-08-21T10:00:00Z", "2026-08-20T23:59:59.999999999Z", "2026-08-21T12:00:00.5+02:00"]
    found = read(tmp_path, *(hubble(**ARRIVING, time=time) for time in times))
    (seen,) = found.seen
    assert seen.first == datetime(2026, 8, 20, 23, 59, 59, 999999, tzinfo=UTC) == found.first
    assert seen.last == datetime(2026, 8, 21, 10, 0, 0, 500000, tzinfo=UTC) == found.last


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"verdict": "REDIRECTED"}, ["allowed"]),
        ({"verdict": "AUDIT", "event_type": {"type": 5}}, ["audited"]),
        ({"verdict": "TRACED", "Type": "SOCK"}, []),
        ({"verdict": "TRANSLATED", "Type": "SOCK"}, []),
    ],
)
def test_verdicts(changes: dict[str, Any], expected: list[str], tmp_path: Path):
    found = read(tmp_path, hubble(**changes))
    assert ([item.verdict for item in found.seen], found.troubles, found.records) == (expected, (), 1)


def test_a_drop_is_denied_if_policy_is_the_reason(tmp_path: Path):
    reasons = ["POLICY_DENIED", "POLICY_DENY", None, "STALE_OR_UNROUTABLE_IP", "CT_MISSING_TCP_ACK_FLAG"]
    found = read(tmp_path, *(dropped(reason) for reason in reasons))
    assert brief(found) == ["shop/web > shop/api-7848d6c4d5-th9v2 8080/TCP denied 3"]
    assert kinds(found) == {"dropped-otherwise": 2}


def test_a_drop_reported_twice_counts_once(tmp_path: Path):
    event = verdict_event("DROPPED", drop_reason_desc="POLICY_DENIED", is_reply=None)
    assert [item.count for item in read(tmp_path, dropped(), event).seen] == [1]


def test_what_the_source_lets_pass_and_the_destination_drops_is_denied(tmp_path: Path):
    arriving = {name: value for name, value in ARRIVING.items() if name != "trace_observation_point"}
    found = read(tmp_path, *[hubble()] * 5, *[dropped(**arriving)] * 5)
    assert brief(found) == [f"{WEB_TO_API} denied 5"]


def test_packets_that_pass_an_audited_policy_are_not_allowed_by_it(tmp_path: Path):
    audited = verdict_event("AUDIT", **ARRIVING)
    passed = verdict_event("FORWARDED", **ARRIVING)
    found = read(tmp_path, *[hubble()] * 9, *[hubble(**ARRIVING)] * 9, *[audited] * 4)
    assert brief(found) == [f"{WEB_TO_API} audited 4"]
    assert brief(read(tmp_path, *[hubble()] * 9, *[audited] * 4, passed)) == [
        f"{WEB_TO_API} allowed 1",
        f"{WEB_TO_API} audited 4",
    ]


def test_replies_are_no_connections(tmp_path: Path):
    reply = hubble(source=endpoint("api"), destination=endpoint("web"), is_reply=True)
    old = hubble(is_reply=None, reply=True)
    found = read(tmp_path, reply, old)
    assert (found.seen, found.troubles, found.records) == ((), (), 2)


def ports(source: int, destination: int, **flags: bool) -> dict[str, Any]:
    return {"TCP": {"source_port": source, "destination_port": destination, "flags": flags}}


@pytest.mark.parametrize(
    ("l4", "seen", "trouble"),
    [
        (ports(44916, 80, SYN=True), 1, {}),
        (ports(80, 44916, SYN=True, ACK=True), 0, {}),
        (ports(44916, 80, ACK=True), 1, {"direction-from-ports": 1}),
        (ports(80, 44916, ACK=True), 0, {}),
        (ports(50051, 44916, ACK=True), 0, {"unknown-direction": 1}),
        ({"ICMPv4": {"type": 8}}, 0, {"unknown-direction": 1}),
    ],
)
def test_the_direction_where_the_log_does_not_say(
    l4: dict[str, Any], seen: int, trouble: dict[str, int], tmp_path: Path
):
    found = read(tmp_path, hubble(**ARRIVING, is_reply=None, l4=l4))
    assert (len(found.seen), kinds(found)) == (seen, trouble)


def test_packets_before_connection_tracking_are_seen_again_later(tmp_path: Path):
    service = {"identity": 2, "labels": ["reserved:world"]}
    before = hubble(is_reply=None, trace_observation_point="FROM_ENDPOINT", destination=service)
    found = read(tmp_path, before, hubble())
    assert [item.destination.entity for item in found.seen] == [""]
    assert found.troubles == ()


def test_the_address_of_a_service_is_no_end(tmp_path: Path):
    service = {"identity": 2, "labels": ["reserved:world"]}
    found = read(tmp_path, hubble(destination=service, destination_service={"name": "api", "namespace": "shop"}))
    assert (found.seen, kinds(found)) == ((), {"service-address": 1})


def test_layer_7_is_not_counted_twice(tmp_path: Path):
    l7 = hubble(Type="L7", l7={"type": "REQUEST", "http": {"code": 200}}, event_type={"type": 129})
    refused = {**l7, "verdict": "DROPPED"}
    found = read(tmp_path, hubble(), l7, l7, refused)
    assert [item.count for item in found.seen] == [1]
    assert kinds(found) == {"l7-denied": 1}


def test_dns_names_and_addresses_of_the_world(tmp_path: Path):
    world = {"identity": 16777217, "labels": ["cidr:93.184.216.34/32", "reserved:world"]}
    ip = {"source": "10.244.1.60", "destination": "93.184.216.34"}
    flow = hubble(destination=world, IP=ip, destination_names=["API.Example.com.", "a.example.net"])
    (seen,) = read(tmp_path, flow).seen
    names = ("a.example.net", "api.example.com")
    assert seen.destination == Side(address="93.184.216.34", names=names, entity="world")


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"identity": 1, "labels": ["reserved:host"]}, Side(entity="host")),
        ({"identity": 6, "labels": ["reserved:remote-node"]}, Side(entity="remote-node")),
        (
            {"identity": 7, "labels": ["reserved:kube-apiserver", "reserved:remote-node"]},
            Side(address="10.244.1.5", entity="kube-apiserver"),
        ),
        ({"identity": 10, "labels": ["reserved:world-ipv6"]}, Side(address="10.244.1.5", entity="world")),
        ({"identity": 4}, Side(entity="health")),
        ({}, Side(address="10.244.1.5")),
    ],
)
def test_reserved_identities(end: dict[str, Any], expected: Side, tmp_path: Path):
    (seen,) = read(tmp_path, hubble(destination=end)).seen
    assert seen.destination == expected


def test_icmp_ipv6_udp_and_sctp(tmp_path: Path):
    ipv6 = {"source": "fd00::1", "destination": "2001:DB8:0:0::5"}
    world = {"identity": 2, "labels": ["reserved:world"]}
    found = read(
        tmp_path,
        hubble(l4={"ICMPv4": {"type": 8}}),
        hubble(l4={"ICMPv6": {"type": 128}}, destination=world, IP=ipv6),
        hubble(l4={"UDP": {"source_port": 40000, "destination_port": 53}}),
        hubble(l4={"SCTP": {"source_port": 40000, "destination_port": 3868}}),
    )
    assert [line.split(" > ")[1] for line in brief(found)] == [
        "world:2001:db8::5 0/ICMPv6 allowed 1",
        "shop/api-7848d6c4d5-th9v2 0/ICMP allowed 1",
        "shop/api-7848d6c4d5-th9v2 3868/SCTP allowed 1",
        "shop/api-7848d6c4d5-th9v2 53/UDP allowed 1",
    ]


def test_labels_are_those_that_all_pods_of_a_workload_have(tmp_path: Path):
    def pod(name: str, *labels: str) -> dict[str, Any]:
        return endpoint("api") | {"pod_name": name, "labels": ["k8s:app=api", *labels]}

    one = pod("api-1", "k8s:version=1", "k8s:controller-revision-hash=x", "any:io.cilium.k8s.policy.cluster=c")
    two = pod("api-2", "k8s:version=2", "k8s:controller-revision-hash=y")
    (seen,) = read(tmp_path, hubble(destination=one), hubble(destination=two)).seen
    assert (seen.destination, seen.count) == (API, 2)


def test_pods_without_known_owner_are_told_apart_by_name_and_labels(tmp_path: Path):
    def to(pod: str, label: str) -> dict[str, Any]:
        return hubble(destination=endpoint("api", workload=False) | {"pod_name": pod, "labels": [f"k8s:app={label}"]})

    found = read(
        tmp_path, to("api-7848d6c4d5-bbbbb", "a"), to("api-5bdcdd9c97-ccccc", "a"), to("other-7848d6c4d5-x", "b")
    )
    assert [(item.destination.pod, item.count) for item in found.seen] == [
        ("api-5bdcdd9c97-ccccc", 2),
        ("other-7848d6c4d5-x", 1),
    ]


def test_what_is_no_flow_is_counted(tmp_path: Path):
    found = read(
        tmp_path,
        {"lost_events": {"source": "HUBBLE_RING_BUFFER", "num_events_lost": "12"}, "node_name": "a"},
        {"lost_events": {"source": "OBSERVER_EVENTS_QUEUE", "num_events_lost": "3"}, "node_name": "a"},
        {"node_status": {"state_change": "NODE_CONNECTED"}},
        hubble(verdict="SHINY"),
        hubble(verdict=None),
        hubble(verdict="ERROR"),
        hubble(time="yesterday"),
        hubble(l4=None),
        hubble(source=None, IP=None),
        {"someone": "else"},
    )
    assert kinds(found) == {
        "lost-events": 15,
        "unknown-version": 1,
        "no-verdict": 1,
        "error-verdict": 1,
        "no-time": 1,
        "no-protocol": 1,
        "no-ends": 1,
        "unknown-record": 1,
    }
    assert found.seen == ()
    assert found.records == 6
