"""A Cilium policy or CIDRGroup of plain data as typed values, judged as the API server and the agent judge it."""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests.cilium import crd, peers, ports, selectors, shape
from ringfence.manifests.cilium.checks import MATCHES_NOTHING, NEEDS_OPTION
from ringfence.manifests.cilium.judge import Judge, listed, mapped
from ringfence.manifests.cilium.types import CidrGroup, CiliumPolicy, Direction, EndpointSelector, Rule, Spec
from ringfence.manifests.types import sorted_labels


def policy(judge: Judge, data: dict[str, Any], *, clusterwide: bool) -> CiliumPolicy | None:
    """The policy of one object, or None after findings."""
    name, namespace, _ = judge.metadata(data, strict=True)
    namespace = "" if clusterwide else namespace
    judge.subject = f"{namespace}/{name}" if namespace else name
    _shaped(judge, data, crd.POLICY)
    if judge.undecodable:
        return None
    routes: list[tuple[Route, Any]] = [(("specs", number), item) for number, item in enumerate(listed(data, "specs"))]
    if data.get("spec") is not None:
        routes.insert(0, (("spec",), data["spec"]))
    if not routes and data.get("specs") is None:
        judge.agent((), "neither `spec` nor `specs`: the policy says nothing", "write a `spec`")
    specs = [_spec(judge, shape.pruned(item or {}, crd.SPEC), route, namespace) for route, item in routes]
    return None if judge.refused else CiliumPolicy(namespace, name, tuple(specs), judge.at())


def cidr_group(judge: Judge, data: dict[str, Any]) -> CidrGroup | None:
    """The CIDRGroup of one object, or None after findings."""
    name, _, labels = judge.metadata(data, strict=True)
    judge.subject = name
    _shaped(judge, data, crd.CIDR_GROUP)
    if "spec" not in data:
        judge.refuse((), "`spec` is missing", "write `spec: {externalCIDRs: [...]}`")
    if judge.undecodable:
        return None
    texts = listed(mapped(data, "spec"), "externalCIDRs")
    found = peers.addresses(judge, texts, ("spec", "externalCIDRs"))
    return None if judge.refused else CidrGroup(name, sorted_labels(labels), found, judge.at())


def _shaped(judge: Judge, data: dict[str, Any], shapes: dict[str, shape.Shape]) -> None:
    """Check the object against its CRD."""
    for key, value in data.items():
        if key in shapes:
            shape.check(judge, value, shapes[key], (key,))
        elif key not in ("apiVersion", "kind", "metadata", "status"):
            judge.undeclared((key,), [*shapes, "metadata"])


def _spec(judge: Judge, data: dict[str, Any], route: Route, namespace: str) -> Spec:
    if not any(data.get(section) for section in crd.SECTIONS):
        message = "no rules in `ingress`, `ingressDeny`, `egress` or `egressDeny`"
        key = next((section for section in crd.SECTIONS if section in data), "")
        judge.agent((*route, key) if key else route, message, "default deny is one empty rule: `ingress: [{}]`")
    nodes = "nodeSelector" in data
    selector = _selector(judge, data, route, namespace)
    if nodes:
        _about_nodes(judge, route, namespace)
    of_init = any(term.subject == "reserved" and term.requirement.key == "init" for term in selector.terms)
    ways = []
    for way, section in (("from", "ingress"), ("to", "egress")):
        allow = _rules(judge, data, (*route, section), way, namespace, of_init=of_init, nodes=nodes)
        deny = _rules(judge, data, (*route, f"{section}Deny"), way, namespace, of_init=of_init, nodes=nodes)
        said = mapped(data, "enableDefaultDeny").get(section)
        ways.append(Direction(allow, deny, bool(allow or deny) if said is None else said))
    return Spec(selector, nodes, ways[0], ways[1], judge.at(*route))


def _selector(judge: Judge, data: dict[str, Any], route: Route, namespace: str) -> EndpointSelector:
    given = [key for key in ("endpointSelector", "nodeSelector") if key in data]
    if len(given) != 1:
        fault = "both `endpointSelector` and `nodeSelector`" if given else "neither an `endpointSelector`"
        judge.agent(
            route, fault if given else f"{fault} nor a `nodeSelector`", "`endpointSelector: {}` is every endpoint"
        )
    if given != ["nodeSelector"]:
        return selectors.subject(judge, mapped(data, "endpointSelector"), (*route, "endpointSelector"), namespace)
    return selectors.terms(judge, mapped(data, "nodeSelector"), (*route, "nodeSelector"), of_nodes=True)


def _about_nodes(judge: Judge, route: Route, namespace: str) -> None:
    here = (*route, "nodeSelector")
    if namespace:
        judge.agent(here, "`nodeSelector` in a CiliumNetworkPolicy", "write a CiliumClusterwideNetworkPolicy")
    else:
        message = "`nodeSelector` needs the agent's option `enable-host-firewall`, which is off by default"
        judge.warn(NEEDS_OPTION, here, message)


def _rules(
    judge: Judge, data: dict[str, Any], route: Route, way: str, namespace: str, *, of_init: bool, nodes: bool
) -> tuple[Rule, ...]:
    section = str(route[-1])
    items = listed(data, section)
    found = []
    for index, item in enumerate(items):
        here = (*route, index)
        rule = _rule(judge, item or {}, here, way, namespace, of_init=of_init, nodes=nodes)
        found.append(rule)
        if not item and section.endswith("Deny"):
            message = "an empty deny rule denies nothing by itself; it only switches default deny on"
            judge.warn(MATCHES_NOTHING, here, message, f"name what is denied, or write `{section[:-4]}: [{{}}]`")
        elif not item and len(items) > 1:
            judge.warn(MATCHES_NOTHING, here, "an empty rule allows nothing in Cilium", "drop it, or name its peers")
    return tuple(found)


def _rule(
    judge: Judge, item: dict[str, Any], route: Route, way: str, namespace: str, *, of_init: bool, nodes: bool
) -> Rule:
    if item.get("icmps") and item.get("toPorts"):
        judge.agent((*route, "icmps"), "`icmps` and `toPorts` stand in one rule", "make two rules of it")
    of = peers.peers(judge, item, route, way, namespace, of_init=of_init)
    at = ports.port_rules(judge, item, route, ingress=way == "from", nodes=nodes)
    types = ports.icmps(judge, item, route)
    if of is None and not item.get("toPorts") and not item.get("icmps"):
        of = ()
    every = not item.get("toPorts") and not item.get("icmps")
    mode = mapped(item, "authentication").get("mode") or ""
    return Rule(of, None if every else at, types, mode, int(route[-1]), judge.at(*route))
