"""What is read from Calico's flow logs: files, Whisker, and Goldmane."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flow_lines import brief, calico, goldmane, kinds, read

from ringfence.observe import Seen, Side

FIRST, LAST = datetime.fromtimestamp(1787314000, UTC), datetime.fromtimestamp(1787314300, UTC)
API = Side("shop", "api", labels=(("app", "api"),))
WEB = Side("shop", "web", labels=(("app", "web"),))


def whisker(**changes: Any) -> dict[str, Any]:
    return {
        "start_time": "2026-08-21T12:06:40Z",
        "end_time": "2026-08-21T12:06:55Z",
        "action": "Allow",
        "source_name": "web-5bdcdd9c97-*",
        "source_namespace": "shop",
        "source_labels": "app=web | pod-template-hash=5bdcdd9c97",
        "dest_name": "api-576cbf47c7-*",
        "dest_namespace": "shop",
        "dest_labels": "app=api | pod-template-hash=576cbf47c7",
        "protocol": "tcp",
        "dest_port": 8080,
        "reporter": "Src",
        "policies": {"enforced": [], "pending": []},
        **changes,
    }


def test_a_record_of_a_file(tmp_path: Path):
    """Labels that the controller gave prove who the owner is; connections are those that were started."""
    found = read(tmp_path, calico())
    assert found.seen == (Seen(WEB, API, "TCP", 8080, "allowed", FIRST, LAST, 37),)
    assert (found.troubles, found.records, found.first, found.last) == ((), 1, FIRST, LAST)


def test_both_reporters_are_one_connection(tmp_path: Path):
    found = read(tmp_path, calico(), calico(reporter="src", num_flows_started=40), calico(reporter="src"))
    assert [item.count for item in found.seen] == [77]


def test_what_the_source_allows_and_the_destination_denies_is_denied(tmp_path: Path):
    found = read(tmp_path, calico(reporter="src"), calico(action="deny"))
    assert brief(found) == ["shop/web > shop/api 8080/TCP denied 37"]


def test_a_connection_that_lives_on_is_seen(tmp_path: Path):
    assert [item.count for item in read(tmp_path, calico(num_flows_started=0)).seen] == [1]


@pytest.mark.parametrize(
    "policies",
    [
        {"pending_policies": ["0|default|shop/default.staged:api|deny|0"], "all_policies": []},
        {"pending_policies": ["1|b|b.x|deny|0", "0|a|a.x|pass|0"]},
        {"all_policies": ["0|default|shop/default.staged:api|deny|-1", "1|__PROFILE__|__PROFILE__.kns.shop|allow|0"]},
    ],
)
def test_staged_policies_that_would_deny(policies: dict[str, Any], tmp_path: Path):
    assert [item.verdict for item in read(tmp_path, calico(policies=policies)).seen] == ["audited"]


@pytest.mark.parametrize(
    "policies",
    [
        {"pending_policies": ["0|default|shop/default.staged:api|allow|0"], "all_policies": []},
        {"all_policies": ["0|default|shop/default.staged:api|allow|0", "1|default|shop/default.x|deny|0"]},
        {"all_policies": ["0|default|shop/default.api|allow|0"]},
        None,
        "-",
    ],
)
def test_staged_policies_that_would_not(policies: Any, tmp_path: Path):
    assert [item.verdict for item in read(tmp_path, calico(policies=policies)).seen] == ["allowed"]


def test_what_is_denied_stays_denied_whatever_is_staged(tmp_path: Path):
    record = calico(action="deny", policies={"pending_policies": ["0|default|x|allow|0"]})
    assert [item.verdict for item in read(tmp_path, record).seen] == ["denied"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"dest_type": "net", "dest_name_aggr": "pub", "dest_namespace": "-", "dest_ip": "93.184.216.34"},
            Side(address="93.184.216.34", entity="world"),
        ),
        ({"dest_type": "net", "dest_name_aggr": "pvt", "dest_namespace": "-"}, Side(entity="private")),
        (
            {"dest_type": "net", "dest_name_aggr": "pub", "dest_namespace": "-", "dest_domains": ["a.example.com"]},
            Side(names=("a.example.com",), entity="world"),
        ),
        ({"dest_type": "hep", "dest_name_aggr": "node-1", "dest_namespace": "-"}, Side(entity="host")),
        (
            {"dest_type": "ns", "dest_name_aggr": "partners", "dest_namespace": "shop"},
            Side("shop", "partners", entity="network-set"),
        ),
        ({"dest_name": "api-576cbf47c7-abcde"}, API),
    ],
)
def test_ends(changes: dict[str, Any], expected: Side, tmp_path: Path):
    nobody = {} if "dest_name" in changes else {"dest_labels": None}
    (seen,) = read(tmp_path, calico(**nobody, **changes)).seen
    assert seen.destination == expected


def test_owners_of_stateful_and_daemon_sets(tmp_path: Path):
    db = {"labels": ["app=db", "controller-revision-hash=db-1", "statefulset.kubernetes.io/pod-name=db-0"]}
    agent = {"labels": ["app=agent", "controller-revision-hash=x", "pod-template-generation=1"]}
    found = read(
        tmp_path,
        calico(dest_name="db-0", dest_name_aggr="db-*", dest_labels=db),
        calico(dest_name="-", dest_name_aggr="agent-*", dest_labels=agent),
    )
    assert [item.destination.workload for item in found.seen] == ["agent", "db"]


def test_icmp_and_ipv6(tmp_path: Path):
    outside = {"dest_type": "net", "dest_name_aggr": "pub", "dest_namespace": "-", "dest_labels": None}
    found = read(tmp_path, calico(proto="icmp", dest_port=None), calico(**outside, dest_ip="2001:DB8::1", proto="58"))
    assert brief(found) == [
        "shop/web > world:2001:db8::1 8080/ICMPv6 allowed 37",
        "shop/web > shop/api 0/ICMP allowed 37",
    ]


def test_whisker_and_files_are_one_connection(tmp_path: Path):
    found = read(tmp_path, whisker(), calico())
    assert found.seen == (Seen(WEB, API, "TCP", 8080, "allowed", FIRST, LAST, 37),)


def test_whisker_with_pending_policies(tmp_path: Path):
    pending = [{"kind": "EndOfTier", "action": "Deny", "policy_index": 1}, {"action": "Pass", "policy_index": 0}]
    found = read(tmp_path, whisker(policies={"enforced": [], "pending": pending}))
    assert [item.verdict for item in found.seen] == ["audited"]


def test_a_flow_of_goldmane_with_either_spelling(tmp_path: Path):
    found = read(tmp_path, goldmane(), goldmane()["flow"], camel(goldmane()), camel(goldmane()["flow"]))
    last = datetime.fromtimestamp(1787314015, UTC)
    assert found.seen == (Seen(WEB, API, "TCP", 8080, "allowed", FIRST, last, 48),)
    assert found.troubles == ()


def camel(value: Any) -> Any:
    """The same in protobuf's own JSON spelling, with enums as numbers."""
    if isinstance(value, dict):
        return {_camel(name): camel(item) for name, item in value.items()}
    numbers = {"Allow": 1, "Dst": 2, "WorkloadEndpoint": 1}
    return numbers.get(value, value) if isinstance(value, str) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_goldmane_with_staged_policies(tmp_path: Path):
    staged = {"pending_policies": [{"kind": "StagedNetworkPolicy", "name": "api", "action": "Deny"}]}
    assert [item.verdict for item in read(tmp_path, goldmane({"policies": staged})).seen] == ["audited"]
    assert [item.verdict for item in read(tmp_path, camel(goldmane({"policies": staged}))).seen] == ["audited"]


def test_networks_of_goldmane(tmp_path: Path):
    out = {"dest_name": "pub", "dest_namespace": "-", "dest_type": "Network"}
    found = read(tmp_path, goldmane(out, dest_labels=[]), goldmane({**out, "dest_name": "pvt"}, dest_labels=[]))
    assert [item.destination for item in found.seen] == [Side(entity="private"), Side(entity="world")]


def test_what_says_nothing_is_counted(tmp_path: Path):
    found = read(
        tmp_path,
        calico(action="pass"),
        calico(action="ponder"),
        calico(start_time=None),
        calico(proto=None),
        calico(dest_port=70000),
        calico(dest_port="http"),
        calico(num_flows_started=-1),
        calico(num_flows_started=2**62),
        goldmane({"action": "Pass"}),
    )
    assert found.seen == ()
    assert kinds(found) == {
        "no-verdict": 2,
        "unknown-version": 1,
        "no-time": 1,
        "no-protocol": 1,
        "bad-port": 2,
        "bad-count": 2,
    }


def test_absent_labels_are_said(tmp_path: Path):
    found = read(tmp_path, calico(source_labels=None), calico())
    assert kinds(found) == {"no-labels": 1}
    assert found.seen == (Seen(WEB, API, "TCP", 8080, "allowed", FIRST, LAST, 74),)
    assert brief(read(tmp_path, calico(source_labels=None))) == ["shop/web-5bdcdd9c97-* > shop/api 8080/TCP allowed 37"]
