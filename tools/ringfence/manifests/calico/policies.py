"""The policies of Calico v3: NetworkPolicy, GlobalNetworkPolicy and the staged kinds."""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests import networkpolicy
from ringfence.manifests.calico.checks import (
    BEYOND_PORTS,
    NO_SELECTOR,
    NOT_ENFORCED,
    RULES_IGNORED,
    STAGED,
    TIER_AND_NAME,
    UNUSUAL,
)
from ringfence.manifests.calico.reader import CalicoReader
from ringfence.manifests.calico.rules import read_rules
from ringfence.manifests.calico.selector import All, Expression
from ringfence.manifests.calico.types import DEFAULT_TIER, CalicoPolicy, StagedKubernetesPolicy

_TYPES = ("Ingress", "Egress")
_ACTIONS = ("Set", "Delete", "Learn", "Ignore")
_SPEC = (
    "egress",
    "ingress",
    "order",
    "performanceHints",
    "selector",
    "serviceAccountSelector",
    "tier",
    "types",
)
_GLOBAL = ("applyOnForward", "doNotTrack", "namespaceSelector", "preDNAT")
_SELECTORS = ("selector", "namespaceSelector", "serviceAccountSelector")
_LONGEST_SELECTOR = 1024


def read_policy(reader: CalicoReader, data: dict[str, Any], kind: str, *, storage: bool) -> CalicoPolicy | None:
    """The policy of one object, or None after findings where the server or Calico turns it down."""
    everywhere, staged = "Global" in kind, kind.startswith("Staged")
    name, namespace, _ = reader.metadata(data, strict=True)
    namespace = "" if everywhere else namespace
    reader.subject = f"{namespace}/{name}" if namespace else name
    fields = _SPEC + (_GLOBAL if everywhere else ()) + (("stagedAction",) if staged else ())
    spec = reader.mapping(data.get("spec"), ("spec",), fields, required=True) or {}
    action = read_staged_action(reader, spec) if staged else ""
    tier = reader.typed(spec.get("tier"), str, ("spec", "tier")) or DEFAULT_TIER
    order = reader.number(spec.get("order"), ("spec", "order"))
    for index, hint in enumerate(reader.texts(spec.get("performanceHints"), ("spec", "performanceHints"))):
        reader.chosen(hint, ("spec", "performanceHints", index), ("AssumeNeededOnEveryNode",))
    ingress = read_rules(reader, spec.get("ingress"), ("spec", "ingress"), namespace)
    egress = read_rules(reader, spec.get("egress"), ("spec", "egress"), namespace)
    types = _types(reader, spec, storage=storage)
    selectors = [_selector(reader, spec, key) for key in _SELECTORS]
    if not any(map(spec.get, _SELECTORS)) and action != "Delete":
        where = "every pod of the cluster, and to hosts" if everywhere else f"every pod of namespace {namespace}"
        message = f"the policy says nowhere what it selects: it applies to {where}"
        reader.warn(NO_SELECTOR, ("spec",), message, "write `selector: all()` if that is meant")
    forward, untracked, before_nat = _host_flags(reader, spec, types) if everywhere else (False, False, False)
    _tier_and_name(reader, name, tier, storage=storage)
    if action == "Delete" and (ingress or egress):
        message = "`stagedAction: Delete` stages the removal of a policy: the rules here have no meaning"
        reader.warn(RULES_IGNORED, ("spec", "ingress" if ingress else "egress"), message, "drop the rules")
    if reader.refused:
        return None
    return CalicoPolicy(
        kind,
        namespace,
        name,
        tier,
        order,
        selectors[0] or All(),
        selectors[1],
        selectors[2],
        ingress if "Ingress" in types else None,
        egress if "Egress" in types else None,
        forward,
        untracked,
        before_nat,
        action,
        storage,
        reader.at(),
    )


def read_staged_kubernetes(reader: CalicoReader, data: dict[str, Any]) -> StagedKubernetesPolicy | None:
    """A StagedKubernetesNetworkPolicy: judged as the NetworkPolicy v1 that it would become."""
    spec = data.get("spec")
    if not isinstance(spec, dict):
        reader.typed(spec, dict, ("spec",), True)
        return None
    action = read_staged_action(reader, spec)
    if spec.get("policyTypes") is not None:
        read_types(reader, spec["policyTypes"], ("spec", "policyTypes"))
    # The schema says little of the rest; what NetworkPolicy v1 refuses could never be promoted.
    reader.check = NOT_ENFORCED
    plain = {key: value for key, value in spec.items() if key != "stagedAction"}
    policy = networkpolicy.read(reader, {**data, "spec": plain})
    return StagedKubernetesPolicy(policy, action) if policy else None


def read_staged_action(reader: CalicoReader, spec: dict[str, Any]) -> str:
    """The staged action, with the default that the server writes; says that the policy is not in force."""
    action = reader.chosen(spec.get("stagedAction"), ("spec", "stagedAction"), _ACTIONS, "Set")
    reader.warn(STAGED, ("kind",), f"the policy is staged ({action}): it allows and denies nothing")
    return action


def read_types(reader: CalicoReader, value: Any, route: Route) -> list[str]:
    """The list of types as written, after findings."""
    listed = reader.items(value, route)
    if not listed and value is not None:
        reader.refuse(route, "an empty list of types; the server refuses it", "drop it, or write Ingress or Egress")
    types: list[str] = []
    for index, item in enumerate(listed):
        found = reader.chosen("null" if item is None else item, (*route, index), _TYPES)
        if found and found in types:
            other = "Egress" if found == "Ingress" else "Ingress"
            reader.refuse((*route, index), f"{found} stands twice; the server refuses it", f"did you mean {other}?")
        types.append(found)
    return types


def _types(reader: CalicoReader, spec: dict[str, Any], *, storage: bool) -> set[str]:
    """The directions that the policy governs: as written, or as Calico's server defaults them."""
    types = set(read_types(reader, spec.get("types"), ("spec", "types")))
    if not types:
        if storage or (spec.get("ingress") and spec.get("egress")):
            return set(_TYPES)
        return {"Egress"} if spec.get("egress") else {"Ingress"}
    for kind in _TYPES:
        section = kind.lower()
        if kind not in types and spec.get(section):
            message = f"`{section}` has no effect: `types` leaves {kind} out"
            reader.warn(RULES_IGNORED, ("spec", section), message, f"add {kind} to `types`, or drop the section")
    return types


def _selector(reader: CalicoReader, spec: dict[str, Any], key: str) -> Expression | None:
    text = spec.get(key)
    if isinstance(text, str) and len(text) > _LONGEST_SELECTOR:
        message = f"`{key}` has {len(text)} characters; releases after 3.32 refuse more than {_LONGEST_SELECTOR}"
        reader.warn(UNUSUAL, ("spec", key), message, "label what is meant with one label")
    return reader.selector(text, ("spec", key))


def _host_flags(reader: CalicoReader, spec: dict[str, Any], types: set[str]) -> tuple[bool, bool, bool]:
    """`applyOnForward`, `doNotTrack` and `preDNAT` of a global policy."""
    names = ("applyOnForward", "doNotTrack", "preDNAT")
    forward, untracked, before_nat = (reader.flag(spec.get(key), ("spec", key)) for key in names)
    if untracked and before_nat:
        reader.refuse(("spec", "doNotTrack"), "`preDNAT` and `doNotTrack` together; the server refuses it")
    if before_nat and (spec.get("egress") or ("Egress" in types and spec.get("types"))):
        reader.refuse(("spec", "preDNAT"), "a `preDNAT` policy has no egress; the server refuses it")
    if (untracked or before_nat) and not forward:
        key = "doNotTrack" if untracked else "preDNAT"
        message = f"`{key}` without `applyOnForward`; the server refuses it"
        reader.refuse(("spec", key), message, "add `applyOnForward: true`")
    for key, given in zip(names, (forward, untracked, before_nat), strict=True):
        if given:
            what = "traffic that hosts forward" if key == "applyOnForward" else "host endpoints only, not to pods"
            reader.warn(BEYOND_PORTS, ("spec", key), f"`{key}`: the policy applies to {what}")
    return forward, untracked, before_nat


def _tier_and_name(reader: CalicoReader, name: str, tier: str, *, storage: bool) -> None:
    prefix = name.partition(".")[0] if "." in name else ""
    if prefix == tier or (not prefix and (tier == DEFAULT_TIER or storage)) or name.startswith(("knp.", "ossg.")):
        return
    if prefix:
        message = f"the name {name[:80]!r} speaks of tier {prefix!r}, the policy stands in tier {tier!r}"
        reader.warn(TIER_AND_NAME, ("metadata", "name"), message, f"write `tier: {prefix}`, or rename it")
    else:
        message = f"a policy of tier {tier!r} without `{tier}.` in front of its name: Calico up to 3.31 refuses it"
        reader.warn(TIER_AND_NAME, ("metadata", "name"), message, f"name it {tier}.{name}")
