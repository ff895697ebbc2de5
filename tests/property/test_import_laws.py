"""Import keeps what is allowed, whatever the cluster; and of what flows rendered to, it finds flows again."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from calicoed import calico_clusters
from ciliated import ciliated_clusters
from clusters import clusters, files
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from ringfence import checks, model, render
from ringfence.adopt import existing
from ringfence.adopt.existing import Options, Result
from ringfence.connectivity import Profile
from ringfence.errors import NothingToCheckError
from ringfence.findings import Finding
from ringfence.model import cni
from ringfence.model.types import Model, Peer
from ringfence.values.ports import NO_PORTS, PortSet
from small_repository import MemoryTree

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def judge(loaded: Model) -> Sequence[Finding]:
    return checks.run(loaded, datetime.date(2026, 11, 21))


def imported(objects: list[Object], plugin: str, *, tighten: bool = False) -> Result:
    known = cni.named(plugin)
    profile = Profile(
        known.id,
        ip_blocks_match_pods=known.ip_blocks_match_pods,
        enforces=known.enforces,
        dialects=frozenset(known.dialects) or None,
    )
    source = existing.read(files(objects), "default", profile)
    return existing.result(source, Options("one", "test", known.id, tighten=tighten), judge, None, None)


def attempted(objects: list[Object], plugin: str) -> Result:
    """The import, where there is anything to import."""
    try:
        return imported(objects, plugin)
    except NothingToCheckError:
        reject()


def equal(result: Result) -> None:
    assert result.findings == ()
    assert result.proof is not None
    assert result.proof.differences == ()


@SETTINGS
@given(clusters(), st.sampled_from(["calico", "antrea", "kubernetes-generic"]))
def test_nothing_changes_for_any_policies(objects: list[Object], plugin: str) -> None:
    equal(attempted(objects, plugin))


@SETTINGS
@given(calico_clusters())
def test_nothing_changes_beside_policies_of_calico(objects: list[Object]) -> None:
    equal(attempted(objects, "calico"))


@SETTINGS
@given(ciliated_clusters())
def test_nothing_changes_beside_policies_of_cilium(objects: list[Object]) -> None:
    equal(attempted(objects, "cilium"))


ENDS = ("shop/web", "shop/cart", "pay/api", "pay/db")
PORTS = ("http", 443, "53/UDP", "8000-8010/TCP")

HEAD = """\
apiVersion: ringfence.dev/v1alpha1
kind: {}
"""
FIXED = {
    "policies/ringfence.yaml": HEAD.format("Settings")
    + "organisation: X\nrepository: {url: 'https://git.example.com/a/b.git'}\nowners: ['@a/b']\n",
    "policies/clusters/one.yaml": HEAD.format("Cluster")
    + "environment: test\nserver: https://one.example.com\ncni: {name: calico}\n"
    + "networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}\n",
    "policies/catalog/a.yaml": HEAD.format("Catalog")
    + "peers:\n  bank: {description: x, owner: x, cidrs: [203.0.113.0/24, 198.51.100.7/32]}\n"
    + "  dns: {description: x, owner: x, namespace: kube-system, labels: {k8s-app: kube-dns}}\n",
    "teams/t/team.yaml": HEAD.format("Team") + "contact: x\nowners: ['@a/b']\nnamespaces: [shop, pay]\n",
    "teams/t/shop/n.yaml": HEAD.format("Namespace")
    + "workloads:\n  web: {labels: {app: web}, ports: {http: 80}}\n  cart: {labels: {app: cart}, ports: {http: 81}}\n",
    "teams/t/pay/n.yaml": HEAD.format("Namespace")
    + "workloads:\n  api: {labels: {app: api}, ports: {http: 82}}\n  db: {labels: {tier: db}, ports: {http: 83}}\n",
}

legs = st.tuples(st.sampled_from(ENDS), st.sampled_from((*ENDS, "bank", "dns")), st.sampled_from(PORTS)).filter(
    lambda leg: leg[0] != leg[1] and (leg[1], leg[2]) not in (("bank", "http"), ("dns", "http"))
)


def flows(chosen: Sequence[tuple[str, str, Any]]) -> dict[str, str]:
    """The documents of some flows: a source, a destination and a port each."""
    found: dict[str, str] = {}
    for number, (source, destination, port) in enumerate(chosen):
        path = f"teams/t/{source.partition('/')[0]}/f.yaml"
        row = f"{{name: f-{number}, from: {source}, to: {destination}, ports: [{port}], reason: A test}}"
        found[path] = found.get(path, HEAD.format("Flows") + "flows:\n") + f"  - {row}\n"
    return found


def said(loaded: Model) -> set[tuple[str, str, str]]:
    """What flows allow: source, destination and the ports, with peers by what they are."""
    pairs: dict[tuple[str, str], PortSet] = {}
    for flow in loaded.flows:
        for leg in flow.legs:
            ends = [
                str((end.namespace, end.labels, end.cidrs, end.excepts)) if isinstance(end, Peer) else end.id
                for end in (leg.source, leg.destination)
            ]
            pairs[ends[0], ends[1]] = pairs.get((ends[0], ends[1]), NO_PORTS) | PortSet.of(leg.ports)
    return {(source, destination, str(ports)) for (source, destination), ports in pairs.items()}


@SETTINGS
@given(st.lists(legs, min_size=1, max_size=8, unique=True))
def test_flows_that_were_rendered_are_found_again(chosen: list[tuple[str, str, Any]]) -> None:
    before, findings = model.load(MemoryTree({**FIXED, **flows(chosen)}))
    assert before is not None
    assert findings == []
    objects = render.objects(before, before.clusters["one"])
    for workload in before.workloads.values():
        meta = {"name": workload.name, "namespace": workload.namespace, "labels": dict(workload.labels)}
        ports = [{"name": "http", "containerPort": workload.ports[0].ranges[0].first}]
        spec = {"containers": [{"name": "c", "ports": ports}]}
        objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
    result = imported(objects, "calico")
    equal(result)
    assert result.plan.keeps == ()
    assert result.plan.converted == len(result.plan.fates)
    assert result.proof is not None
    assert result.proof.unknown == ()
    after, _ = model.load(MemoryTree({path: raw for path, raw in result.files.items() if "rendered" not in path}))
    assert after is not None
    assert said(after) == said(before)
