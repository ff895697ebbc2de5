"""Which rules are flows: those between workloads and peers that have names, on ports that can be said.

A rule becomes legs of flows only where that keeps each direction as it is: the other end's policies allow the same
already. So a rule that has no effect today is no flow, and what a rule leaves to pods that nobody declared is not lost.
With `tighten` a selector stands for the declared workloads that it matches, and rules without effect go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from ringfence.adopt.existing.peers import Catalogue, Named
from ringfence.adopt.existing.units import Unit, combos
from ringfence.connectivity import Connectivity, Direction, Endpoint
from ringfence.manifests import METADATA_NAME, BlockPeer, Labels, NetworkPolicy, PodsPeer, Rule, Selector
from ringfence.model.layout import is_label
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PortRange, PortSet

End = Unit | Named


class Leg(Struct, frozen=True):
    """A source that may call a destination on some ports."""

    source: End
    destination: End
    ports: PortSet


class Kept(Struct, frozen=True):
    """Why a rule is no flow: `kind` in kebab-case for programs, `why` for people."""

    kind: str
    why: str


class Facts(Struct, frozen=True):
    """What the conversion hangs on.

    `units` are the workloads of the namespaces that teams get, and `strays` their pods that are part of none, with the
    reason; `namespaces` are all, with their labels; `original` is what is allowed, `halves` what each direction of it
    allows on its own.
    """

    units: Mapping[str, tuple[Unit, ...]]
    strays: Mapping[str, tuple[tuple[Endpoint, str], ...]]
    namespaces: Mapping[str, Labels]
    catalogue: Catalogue
    original: Connectivity
    halves: Mapping[Direction, Connectivity]
    tighten: bool = False


def legs(facts: Facts, policy: NetworkPolicy, direction: Direction, rule: Rule) -> list[Leg] | Kept:
    """The legs of flows that a rule is, or why it is none. No legs: with `tighten`, a rule that has no effect."""
    subjects = _subjects(facts, policy.namespace, policy.selector)
    if isinstance(subjects, Kept):
        return subjects
    if not rule.peers:
        return Kept("everyone", "it is for everyone, inside and outside, which is no end of a flow")
    others = _others(facts, policy, rule)
    if isinstance(others, Kept):
        return others
    found = []
    for subject in subjects:
        for other in others:
            source, destination = (subject, other) if direction is Direction.EGRESS else (other, subject)
            ports = _ports(rule, destination, facts.tighten)
            if isinstance(ports, Kept):
                return ports
            if source is destination and facts.tighten:
                continue
            if source is destination:
                return Kept("self", f"it lets {subject.id} call itself, and no flow goes from a workload to itself")
            if isinstance(other, Unit):
                effective = _other_half(facts, direction, source, destination) & ports
                if facts.tighten:
                    ports = effective
                elif effective != ports:
                    missing = ports - effective
                    side = (
                        "egress of " + source.id if direction is Direction.INGRESS else "ingress of " + destination.id
                    )
                    why = f"it never takes effect on {missing}: the {side} does not allow it"
                    return Kept("no-effect", why)
                if above := _above(facts, source, destination, ports):
                    why = f"{source.id} → {destination.id} is restricted above its ports ({above})"
                    return Kept("dialect", f"{why}, and a flow, which opens both directions, would lift that")
            if ports:
                found.append(Leg(source, destination, ports))
    return found


def _other_half(facts: Facts, direction: Direction, source: End, destination: End) -> PortSet:
    """What the policies of the other end certainly allow."""
    half = facts.halves[Direction.EGRESS if direction is Direction.INGRESS else Direction.INGRESS]
    allowed = ALL_PORTS
    for start in source.members if isinstance(source, Unit) else ():
        for end in destination.members if isinstance(destination, Unit) else ():
            allowed = allowed & half.ports(start, end)
    return allowed


def _above(facts: Facts, source: End, destination: End, ports: PortSet) -> str:
    """By what a pair of workloads is restricted above layer 4 on some ports, in words; empty where it is not."""
    found: dict[str, PortSet] = {}
    for start in source.members if isinstance(source, Unit) else ():
        for end in destination.members if isinstance(destination, Unit) else ():
            for kind, where in facts.original.restricted(start, end).items():
                if where & ports:
                    found[kind] = found.get(kind, NO_PORTS) | (where & ports)
    return ", ".join(f"{kind} on {where}" for kind, where in sorted(found.items()))


def _subjects(facts: Facts, namespace: str, selector: Selector) -> list[Unit] | Kept:
    return _in_namespace(facts, namespace, selector, "the policy is for")


def _in_namespace(facts: Facts, namespace: str, selector: Selector, what: str) -> list[Unit] | Kept:
    """The workloads of a team's namespace that a selector picks out, each by name."""
    here = facts.units[namespace]
    matched = [unit for unit in here if any(selector.matches(dict(item.labels)) for item in unit.members)]
    if facts.tighten and matched:
        return matched
    for stray, why in facts.strays.get(namespace, ()):
        if selector.matches(dict(stray.labels)):
            return Kept("no-workload", f"{what} {stray}, which is no workload: {why}")
    single = combos(selector)
    if single is None:
        form = "every pod" if not selector.requirements else f"pods with {selector}"
        return Kept("over-wide-selector", f"{what} {form} of {namespace}, declared or not")
    if not matched:
        return Kept(
            "no-workload", f"{what} pods with {selector} of {namespace}, and no workload there has these labels"
        )
    for one in single:
        named = [unit for unit in here if any(one.matches(dict(item.labels)) for item in unit.members)]
        whole = all(one.matches(dict(item.labels)) for unit in named for item in unit.members)
        if len(named) != 1 or not whole:
            names = ", ".join(unit.name for unit in named) or "nothing that is declared"
            return Kept("over-wide-selector", f"{what} pods with {one} of {namespace}: that is {names}")
    return matched


def _others(facts: Facts, policy: NetworkPolicy, rule: Rule) -> list[End] | Kept:
    """The other ends of a rule, each once."""
    found: dict[str, End] = {}
    blocks = [peer for peer in rule.peers if isinstance(peer, BlockPeer)]
    seen = f"NetworkPolicy {policy.id}"
    if blocks:
        named = facts.catalogue.blocks(blocks, policy.name, seen)
        if named is None:
            return Kept("no-address", "of one of its blocks the exceptions leave nothing")
        found.update((item.id, item) for item in named)
    for peer in rule.peers:
        if isinstance(peer, PodsPeer):
            ends = _pods(facts, policy, peer, seen)
            if isinstance(ends, Kept):
                if facts.tighten and ends.kind in ("no-workload", "no-namespace"):
                    continue
                return ends
            found.update((item.id, item) for item in ends)
    return list(found.values())


def _pods(facts: Facts, policy: NetworkPolicy, peer: PodsPeer, seen: str) -> Sequence[End] | Kept:
    names = _namespaces(facts, policy, peer)
    if isinstance(names, Kept):
        return names
    found: list[End] = []
    for name in names:
        if name in facts.units:
            ends = _in_namespace(facts, name, peer.pods, "it is for")
            if isinstance(ends, Kept):
                return ends
            found += ends
            continue
        if not peer.pods.requirements:
            found.append(facts.catalogue.pods(name, (), seen))
            continue
        single = combos(peer.pods)
        if single is None:
            return Kept("over-wide-selector", f"it is for pods with {peer.pods} of {name}, which a peer cannot say")
        for one in single:
            labels = tuple(sorted((item.key, item.values[0]) for item in one.requirements))
            found.append(facts.catalogue.pods(name, labels, seen))
    return found


def _namespaces(facts: Facts, policy: NetworkPolicy, peer: PodsPeer) -> list[str] | Kept:
    """The namespaces of a peer, by name."""
    if peer.namespaces is None:
        return [policy.namespace]
    selector = peer.namespaces
    parts = selector.requirements
    if len(parts) == 1 and parts[0].key == METADATA_NAME and parts[0].operator == "In":
        odd = [name for name in parts[0].values if not is_label(name)]
        return Kept("no-namespace", f"no namespace can be called {odd[0]}") if odd else list(parts[0].values)
    known = {name: dict(labels) for name, labels in facts.namespaces.items()}
    matched = [name for name, labels in known.items() if selector.matches(labels)]
    if facts.tighten and matched:
        return matched
    single = combos(selector)
    if single is None:
        form = "every namespace" if not parts else f"namespaces with {selector}"
        return Kept("over-wide-selector", f"it is for {form}, declared or not")
    if not matched:
        return Kept("no-namespace", f"it is for namespaces with {selector}, and none of the manifests has these labels")
    for one in single:
        named = [name for name, labels in known.items() if one.matches(labels)]
        if len(named) != 1:
            what = ", ".join(named[:5]) or "none that is declared"
            return Kept("over-wide-selector", f"it is for namespaces with {one}: that is {what}")
    return matched


def _ports(rule: Rule, destination: End, tighten: bool) -> PortSet | Kept:
    """The ports of a rule at a destination."""
    if not rule.ports:
        declared = destination.declares if tighten and isinstance(destination, Unit) else NO_PORTS
        return declared or Kept("every-port", "it allows every port and protocol, ICMP too, and a flow names ports")
    found = NO_PORTS
    for entry in rule.ports:
        if not entry.name:
            found = found | PortSet.of([PortRange(entry.protocol, entry.first, entry.last)])
            continue
        numbers = destination.numbers(entry.protocol, entry.name) if isinstance(destination, Unit) else None
        if not numbers and not (tighten and numbers is not None):
            return Kept("port-name", f"the port {entry.name} has no one number at {destination.id}")
        found = found | (numbers or NO_PORTS)
    return found


def selectors(policies: Iterable[NetworkPolicy]) -> Iterator[tuple[str, Selector]]:
    """Every selector of pods, with the namespace that it is for, empty where labels of namespaces say that."""
    for policy in policies:
        yield policy.namespace, policy.selector
        for rule in (*(policy.ingress or ()), *(policy.egress or ())):
            for peer in rule.peers:
                if isinstance(peer, PodsPeer):
                    yield policy.namespace if peer.namespaces is None else "", peer.pods
