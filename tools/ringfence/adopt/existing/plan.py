"""The plan of an import: teams, workloads, peers and flows, and what stays as it is. Nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ringfence.adopt.existing import asked, inferred, keeping, reasons, restated, rules, translating
from ringfence.adopt.existing import flows as grouping
from ringfence.adopt.existing.flows import Flow, RuleKey
from ringfence.adopt.existing.keeping import DIRECTIONS, Keep
from ringfence.adopt.existing.peers import Catalogue, Named
from ringfence.adopt.existing.restated import Restated
from ringfence.adopt.existing.rules import Facts, Kept, Leg
from ringfence.adopt.existing.services import port_names
from ringfence.adopt.existing.source import Object, Source
from ringfence.adopt.existing.translating import Translated
from ringfence.adopt.existing.units import Unit, asking, units
from ringfence.connectivity import Connectivity, Direction, Endpoint, evaluate
from ringfence.findings import Location
from ringfence.manifests import METADATA_NAME, Labels, NetworkPolicy, Rule, Selector
from ringfence.model.layout import is_label
from ringfence.model.teams import RESERVED
from ringfence.verify.direction import one_direction


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chooses: the cluster and its environment, how teams are found, and whether to narrow.

    `team_label` is a label of namespaces whose value is the team; a namespace without it is its own team.
    """

    cluster: str
    environment: str
    cni: str
    pods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    team_label: str = ""
    tighten: bool = False
    owners: tuple[str, ...] = ("@example/platform",)
    stages: bool = True


@dataclass(frozen=True, slots=True)
class Present:
    """What a repository that is added to has already: namespaces, peers, ids of flows, names of adopted objects."""

    namespaces: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    peers: Mapping[str, Named] = field(default_factory=dict)
    workloads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleFate:
    """What became of one rule: flows, or why it was kept. `dropped`: with `tighten`, it had no effect."""

    policy: str
    dialect: str
    direction: str
    index: int
    where: Location
    kept: Kept | None
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an import writes, and an account of every policy and rule of the original."""

    options: Options
    source: Source
    original: Connectivity
    teams: Mapping[str, tuple[str, ...]]
    units: Mapping[str, tuple[Unit, ...]]
    namespace_labels: Mapping[str, Labels]
    peers: tuple[Named, ...]
    flows: tuple[Flow, ...]
    keeps: tuple[Keep, ...]
    stages: Mapping[str, tuple[str, ...]]
    fates: tuple[RuleFate, ...]
    strays: tuple[tuple[Endpoint, str], ...]
    inferred: tuple[Endpoint, ...] = ()
    restated: tuple[Restated, ...] = ()

    @property
    def converted(self) -> int:
        """How many rules became flows."""
        return sum(1 for item in self.fates if item.kept is None and not item.dropped)


def of(
    source: Source,
    options: Options,
    present: Present,
    refused: Mapping[RuleKey, Kept],
    unfit: Mapping[str, str],
    left: frozenset[str],
) -> Plan:
    """The plan. The repository would not be valid with flows of the `refused` rules, nor with the `unfit` workloads.

    Workloads are given as `namespace/name`, with the reason. `left` are namespaces that no team is to get.
    """
    return _Planning(source, options, present, refused, unfit, left).plan()


class _Planning:
    """One import, step by step."""

    def __init__(
        self,
        source: Source,
        options: Options,
        present: Present,
        refused: Mapping[RuleKey, Kept],
        unfit: Mapping[str, str],
        left: frozenset[str],
    ) -> None:
        self.left = left
        self.source, self.options = source, options
        self.present, self.refused = present, refused
        self.objects = {(item.namespace, item.name): item for item in source.policies if _is_plain(item)}
        self.policies = [item for item in source.state.policies if (item.namespace, item.name) in self.objects]
        self.translated = {one.item.key: one for one in translating.translated(source)}
        self.plain = [*self.policies, *(one.policy for one in self.translated.values())]
        self.inferred = inferred.endpoints(self.plain, source.state.endpoints, source.state.all_namespaces())
        self.state = replace(source.state, endpoints=(*source.state.endpoints, *self.inferred))
        self.original = evaluate(self.state, representatives=True)
        known = set(self.state.all_namespaces())
        selectors = list(rules.selectors(self.plain))
        everyone = units(self.state.endpoints, selectors, port_names(source, self.plain))
        found = {name: tuple(unit for unit in here if unit.id not in unfit) for name, here in everyone.items()}
        odd = {
            str(end): unfit[unit.id]
            for here in everyone.values()
            for unit in here
            for end in unit.members
            if unit.id in unfit
        }
        managed = {name for name in known if _may_be_managed(name) and found.get(name)} - present.namespaces - left
        self.units = {name: found[name] for name in sorted(managed)}
        inside = {str(item) for here in self.units.values() for unit in here for item in unit.members}
        self.strays = [
            (item, odd.get(str(item)) or _why_stray(item, managed, left))
            for item in self.state.endpoints
            if str(item) not in inside
        ]

    def plan(self) -> Plan:
        catalogue = Catalogue(
            {unit.name for here in self.units.values() for unit in here} | self.present.workloads, self.present.peers
        )
        halves = {direction: one_direction(self.original, direction) for direction in Direction}
        strays = {
            name: tuple(item for item, _ in self.strays if item.namespace == name and not item.host_network)
            for name in self.units
        }
        namespaces = self.state.all_namespaces()
        facts = Facts(self.units, strays, namespaces, catalogue, halves, self.options.tighten)
        found: list[tuple[Leg, RuleKey]] = []
        fates: list[RuleFate] = []
        keeps: list[Keep] = []
        for policy in self.policies:
            if policy.namespace not in self.units:
                why = f"namespace {policy.namespace} has no workload to declare"
                if policy.namespace in RESERVED or not _may_be_managed(policy.namespace):
                    why = f"namespace {policy.namespace} belongs to no team"
                if policy.namespace in self.present.namespaces:
                    why = f"namespace {policy.namespace} is in the repository already"
                if policy.namespace in self.left:
                    why = f"namespace {policy.namespace} would not stay as it is under a bundle of its own"
                keeps.append(keeping.whole(self._object(policy), (f"Kept as it was: {why}.",)))
                fates += [self._fate(policy, one, rule, Kept("no-team", why)) for one, rule in _rules(policy)]
                continue
            self._convert(facts, policy, found, fates, keeps)
        for item in self.source.policies:
            one = self.translated.get(item.key)
            if one is not None and item.namespace in self.units:
                self._convert_other(facts, one, found, fates, keeps)
            elif not _is_plain(item):
                keeps.append(keeping.whole(item, (f"Kept as it was: {item.kind} of {item.group} is no flow.",)))
                fates += _of_other(item)
        stages = self._leave_open(keeps)
        flows = grouping.group(found)
        wanted = asked.of(keeps)
        declared = {name: tuple(asking(unit, wanted.of(unit)) for unit in here) for name, here in self.units.items()}
        used = [end.name for flow in flows for end in (*flow.sources, flow.destination) if isinstance(end, Named)]
        return Plan(
            self.options,
            self.source,
            self.original,
            self._teams(namespaces),
            declared,
            {
                name: tuple(pair for pair in namespaces[name] if pair[0] in wanted.keys and pair[0] != METADATA_NAME)
                for name in self.units
            },
            tuple(catalogue.new(used)),
            tuple(flows),
            tuple(keeps),
            stages,
            tuple(fates),
            tuple(self.strays),
            tuple(self.inferred),
            tuple(restated.of(self._converted(found), declared, namespaces)),
        )

    def _converted(self, found: Iterable[tuple[Leg, RuleKey]]) -> Iterable[tuple[RuleKey, NetworkPolicy, Rule]]:
        """The rules that are flows now."""
        keys = {key for _, key in found}
        others = ((one.id, one.policy) for one in self.translated.values())
        for id_, policy in (*((item.id, item) for item in self.policies), *others):
            for name, rule in _rules(policy):
                if (id_, name, rule.index) in keys:
                    yield (id_, name, rule.index), policy, rule

    def _object(self, policy: NetworkPolicy) -> Object:
        return self.objects[policy.namespace, policy.name]

    def _fate(self, policy: NetworkPolicy, direction: str, rule: Rule, kept: Kept | None) -> RuleFate:
        return RuleFate(policy.id, "kubernetes", direction, rule.index, rule.where, kept)

    def _convert(
        self,
        facts: Facts,
        policy: NetworkPolicy,
        found: list[tuple[Leg, RuleKey]],
        fates: list[RuleFate],
        keeps: list[Keep],
    ) -> None:
        """The flows of a policy, and the rest of it."""
        if policy.left_out_ingress or policy.left_out_egress:
            why = "`policyTypes` leaves out a direction that has rules, which Cilium enforces and others do not"
            keeps.append(keeping.whole(self._object(policy), (f"Kept as it was: {why}.",)))
            fates += [self._fate(policy, one, rule, Kept("ignored-rules", why)) for one, rule in _rules(policy)]
            return
        rest: dict[str, list[int]] = {name: [] for name in DIRECTIONS}
        comments = []
        for name, rule in _rules(policy):
            legs: list[Leg] | Kept | None = self.refused.get((policy.id, name, rule.index))
            legs = rules.legs(facts, policy, Direction(name), rule) if legs is None else legs
            if isinstance(legs, Kept):
                rest[name].append(rule.index)
                comments.append(f"{name}[{rule.index}] is no flow: {legs.why}.")
                fates.append(self._fate(policy, name, rule, legs))
                continue
            found += [(leg, (policy.id, name, rule.index)) for leg in legs]
            where = rule.where
            fates.append(RuleFate(policy.id, "kubernetes", name, rule.index, where, None, dropped=not legs))
        if any(rest.values()):
            keeps.append(keeping.rest(self._object(policy), policy, rest, comments))

    def _convert_other(
        self,
        facts: Facts,
        one: Translated,
        found: list[tuple[Leg, RuleKey]],
        fates: list[RuleFate],
        keeps: list[Keep],
    ) -> None:
        """The flows of a policy of another dialect, as far as it is plain, and the rest of it."""
        taken: dict[str, list[int]] = {name: [] for name in DIRECTIONS}
        said: dict[tuple[str, int], RuleFate] = {}
        for name, rule in _rules(one.policy):
            legs: list[Leg] | Kept | None = self.refused.get((one.id, name, rule.index))
            legs = rules.legs(facts, one.policy, Direction(name), rule) if legs is None else legs
            kept = legs if isinstance(legs, Kept) else None
            said[name, rule.index] = RuleFate(one.id, one.item.group, name, rule.index, rule.where, kept, legs == [])
            if not isinstance(legs, Kept):
                taken[name].append(rule.index)
                found += [(leg, (one.id, name, rule.index)) for leg in legs]
        every = [said.get((fate.direction, fate.index), fate) for fate in _of_other(one.item)]
        fates += every
        comments = [f"{item.direction}[{item.index}] is no flow: {item.kept.why}." for item in every if item.kept]
        if left := translating.rest(one, taken, comments):
            keeps.append(left)

    def _leave_open(self, keeps: list[Keep]) -> dict[str, tuple[str, ...]]:
        """Add what keeps pods open that nothing isolated; the namespaces that a stage keeps open, with directions."""
        stages: dict[str, list[str]] = {}
        taken = {(keep.namespace, keep.data["metadata"]["name"]) for keep in keeps}
        for namespace, here in self.units.items():
            for direction in Direction:
                own = [item for item in self.plain if item.namespace == namespace]
                isolating = [item.selector for item in own if getattr(item, str(direction)) is not None]
                members = [item for unit in here for item in unit.members]
                elsewhere = [
                    item
                    for item in members
                    if self.original.is_isolated(item, direction)
                    and not any(selector.matches(dict(item.labels)) for selector in isolating)
                ]
                if not isolating and not elsewhere and self.options.stages:
                    stages.setdefault(namespace, []).append(str(direction))
                    continue
                selectors = keeping.others(isolating) if not elsewhere else None
                if selectors is None or self.options.tighten:
                    open_ = [unit for unit in here if not self._is_closed(unit, direction)]
                    selectors = [Selector.of(dict(unit.labels)) for unit in open_]
                name = f"open-{direction}"
                while any((namespace, text) in taken for text in (name, f"{name}-1")):
                    name = f"still-{name}"
                keeps += keeping.opening(namespace, str(direction), selectors, name)
        return {name: tuple(directions) for name, directions in stages.items()}

    def _is_closed(self, unit: Unit, direction: Direction) -> bool:
        return all(self.original.is_isolated(item, direction) for item in unit.members)

    def _teams(self, namespaces: Mapping[str, Labels]) -> dict[str, tuple[str, ...]]:
        teams: dict[str, list[str]] = {}
        for name in self.units:
            label = dict(namespaces[name]).get(self.options.team_label, "") if self.options.team_label else ""
            plain = re.sub(r"[^a-z0-9]+", "-", (label or name).lower())[:63].strip("-")
            teams.setdefault(plain if is_label(plain) else name, []).append(name)
        return {team: tuple(sorted(names)) for team, names in sorted(teams.items())}


def _is_plain(item: Object) -> bool:
    return (item.group, item.kind) == ("networking.k8s.io", "NetworkPolicy")


def _rules(policy: NetworkPolicy) -> Iterable[tuple[str, Rule]]:
    for name, found in (("ingress", policy.ingress), ("egress", policy.egress)):
        yield from ((name, rule) for rule in found or ())


def _may_be_managed(name: str) -> bool:
    return is_label(name) and name not in RESERVED and not name.startswith("kube-")


def _why_stray(item: Endpoint, managed: Iterable[str], left: Iterable[str]) -> str:
    if item.namespace in left:
        return f"namespace {item.namespace} would not stay as it is under a bundle of its own"
    if item.namespace not in managed:
        return f"namespace {item.namespace} belongs to no team"
    if item.host_network:
        return "its pods are on the host's network, where no policy selects them"
    return "it has no labels" if not item.labels else "no labels tell its pods from those of another workload"


def _of_other(item: Object) -> list[RuleFate]:
    """The rules of a policy of another dialect, all of them kept."""
    data = item.document.data
    specs = data.get("specs") if isinstance(data.get("specs"), list) else [data.get("spec")]
    found = []
    for spec in specs:
        for key in ("ingress", "egress", "ingressDeny", "egressDeny"):
            listed = spec.get(key) if isinstance(spec, dict) else None
            found += [
                RuleFate(
                    item.id, item.group, key, index, item.where, Kept("dialect", reasons.why(item, spec, key, rule))
                )
                for index, rule in enumerate(listed if isinstance(listed, list) else ())
            ]
    return found
