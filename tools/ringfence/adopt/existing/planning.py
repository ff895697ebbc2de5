"""Makes the plan of an import, step by step. Nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from ringfence.adopt.existing import asked, inferred, keeping, restated, rules, translating
from ringfence.adopt.existing import fates as fates_of
from ringfence.adopt.existing import flows as grouping
from ringfence.adopt.existing.flows import RuleKey
from ringfence.adopt.existing.keeping import DIRECTIONS, Keep
from ringfence.adopt.existing.opening import leave_open
from ringfence.adopt.existing.peers import Catalogue, Named
from ringfence.adopt.existing.plan import Options, Plan, Present, RuleFate
from ringfence.adopt.existing.rules import Facts, Kept, Leg
from ringfence.adopt.existing.services import port_names
from ringfence.adopt.existing.shared import may_be_managed
from ringfence.adopt.existing.source import Object, Source
from ringfence.adopt.existing.translating import Translated
from ringfence.adopt.existing.units import Unit, asking, units
from ringfence.connectivity import Direction, Endpoint, evaluate
from ringfence.manifests import METADATA_NAME, Labels, NetworkPolicy, Rule
from ringfence.model.layout import is_label
from ringfence.model.teams import RESERVED
from ringfence.values.ports import NO_PORTS
from ringfence.verify.direction import one_direction


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
        self.left, self.met = left, set[RuleKey]()
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
        self.shared = present.shared
        declared = {name: self.shared.units(name, self.state.endpoints) for name in self.shared.folders}
        self.added = tuple(unit for name, own in declared.items() for unit in self._others(everyone.get(name, ()), own))
        everyone.update({name: (*own, *self._added(name)) for name, own in declared.items()})
        found = {name: tuple(unit for unit in here if unit.id not in unfit) for name, here in everyone.items()}
        odd = {
            str(end): unfit[unit.id]
            for here in everyone.values()
            for unit in here
            for end in unit.members
            if unit.id in unfit
        }
        self.added = tuple(unit for unit in self.added if unit.id not in unfit)
        taken = present.namespaces - self.shared.folders.keys()
        managed = {name for name in known if may_be_managed(name) and found.get(name)} - taken - left
        if self.shared.others:  # it would be a namespace there too, and closed
            managed &= self.shared.folders.keys()
        self.units = {name: found[name] for name in sorted(managed)}
        inside = {str(item) for here in self.units.values() for unit in here for item in unit.members}
        self.strays = [
            (item, odd.get(str(item)) or self._why_stray(item))
            for item in self.state.endpoints
            if str(item) not in inside
        ]
        self.allowed = self.shared.allowed()

    def _others(self, found: Iterable[Unit], own: Iterable[Unit]) -> Iterator[Unit]:
        """The workloads that a namespace of the repository lacks, by names that it lacks too."""
        known = {str(end) for unit in own for end in unit.members}
        for unit in found:
            if self.shared.others or any(str(end) in known for end in unit.members):
                continue
            name, number = unit.name, 1
            while f"{unit.namespace}/{name}" in self.shared.names:
                more = self.options.cluster if number == 1 else f"{self.options.cluster}-{number}"
                name, number = f"{unit.name[: 62 - len(more)].strip('-')}-{more}", number + 1
            yield replace(unit, name=name)

    def _added(self, namespace: str) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.added if unit.namespace == namespace)

    def plan(self) -> Plan:
        catalogue = Catalogue(
            {unit.name for here in self.units.values() for unit in here} | self.present.workloads, self.present.peers
        )
        halves = {direction: one_direction(self.original, direction) for direction in Direction}
        strays = {
            name: tuple((item, why) for item, why in self.strays if item.namespace == name and not item.host_network)
            for name in self.units
        }
        namespaces = self.state.all_namespaces()
        facts = Facts(self.units, strays, namespaces, catalogue, self.original, halves, self.options.tighten)
        found: list[tuple[Leg, RuleKey]] = []
        fates: list[RuleFate] = []
        keeps: list[Keep] = []
        for policy in self.policies:
            if policy.namespace not in self.units:
                why = f"namespace {policy.namespace} has no workload to declare"
                if policy.namespace in RESERVED or not may_be_managed(policy.namespace):
                    why = f"namespace {policy.namespace} belongs to no team"
                if policy.namespace in self.present.namespaces:
                    where = f"without workloads of these manifests in {self.options.environment}"
                    why = f"the repository has namespace {policy.namespace} {where}"
                kind = "no-team"
                if self._is_of_others(policy.namespace):
                    kind, why = "shared-environment", self._why_others(policy.namespace)
                if policy.namespace in self.left:
                    why = f"namespace {policy.namespace} would not stay as it is under a bundle of its own"
                keeps.append(keeping.whole(self._object(policy), (f"Kept as it was: {why}.",)))
                fates += [self._fate(policy, one, rule, Kept(kind, why)) for one, rule in _rules(policy)]
                continue
            self._convert(facts, policy, found, fates, keeps)
        for item in self.source.policies:
            one = self.translated.get(item.key)
            if one is not None and item.namespace in self.units:
                self._convert_other(facts, one, found, fates, keeps)
            elif not _is_plain(item):
                keeps.append(keeping.whole(item, (f"Kept as it was: {item.kind} of {item.group} is no flow.",)))
                fates += fates_of.of_other(item)
        stages = leave_open(self.units, self.plain, self.original, self.options, keeps)
        flows = grouping.group(found, self.shared.ids)
        wanted = asked.of(keeps)
        fixed = {unit.id for name in self.shared.folders for unit in self.units.get(name, ())}
        fixed -= {unit.id for unit in self.added}
        declared = {
            name: tuple(unit if unit.id in fixed else asking(unit, wanted.of(unit)) for unit in here)
            for name, here in self.units.items()
        }
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
                if name not in self.shared.folders
            },
            tuple(catalogue.new(used)),
            tuple(flows),
            tuple(keeps),
            stages,
            tuple(fates),
            tuple(self.strays),
            tuple(self.inferred),
            tuple(restated.of(self._converted(found), declared, namespaces)),
            self.shared,
            tuple(unit for here in declared.values() for unit in here if unit.id in {item.id for item in self.added}),
        )

    def _converted(self, found: Iterable[tuple[Leg, RuleKey]]) -> Iterable[tuple[RuleKey, NetworkPolicy, Rule]]:
        """The rules that are flows now."""
        keys = {key for _, key in found} | self.met
        others = ((one.id, one.policy) for one in self.translated.values())
        for id_, policy in (*((item.id, item) for item in self.policies), *others):
            for name, rule in _rules(policy):
                if (id_, name, rule.index) in keys:
                    yield (id_, name, rule.index), policy, rule

    def _legs(
        self, facts: Facts, id_: str, policy: NetworkPolicy, direction: str, rule: Rule
    ) -> tuple[list[Leg] | Kept, bool]:
        """The legs of flows that a rule is and nobody declared yet, or why it is none; whether some are declared."""
        if refused := self.refused.get((id_, direction, rule.index)):
            return refused, False
        legs = rules.legs(facts, policy, Direction(direction), rule)
        if isinstance(legs, Kept):
            return legs, False
        rest = [
            replace(leg, ports=more)
            for leg in legs
            if (more := leg.ports - self.allowed.get((leg.source.id, leg.destination.id), NO_PORTS))
        ]
        ends = (end for leg in rest for end in (leg.source, leg.destination))
        if self.shared.others and any(isinstance(end, Unit) and end.namespace in self.shared.folders for end in ends):
            others, environment = ", ".join(self.shared.others), self.options.environment
            why = f"the environment {environment} is that of {others} too, and a flow would open it there as well"
            return Kept("shared-environment", why), False
        if any(leg not in rest for leg in legs):
            self.met.add((id_, direction, rule.index))
        return rest, rest != legs

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
            legs, declared = self._legs(facts, policy.id, policy, name, rule)
            if isinstance(legs, Kept):
                rest[name].append(rule.index)
                comments.append(f"{name}[{rule.index}] is no flow: {legs.why}.")
                fates.append(self._fate(policy, name, rule, legs))
                continue
            found += [(leg, (policy.id, name, rule.index)) for leg in legs]
            dropped = not legs and not declared
            fates.append(
                RuleFate(policy.id, "kubernetes", name, rule.index, rule.where, None, dropped, declared and not legs)
            )
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
            legs, declared = self._legs(facts, one.id, one.policy, name, rule)
            kept = legs if isinstance(legs, Kept) else None
            said[name, rule.index] = RuleFate(
                one.id,
                one.item.group,
                name,
                rule.index,
                rule.where,
                kept,
                legs == [] and not declared,
                legs == [] and declared,
            )
            if not isinstance(legs, Kept):
                taken[name].append(rule.index)
                found += [(leg, (one.id, name, rule.index)) for leg in legs]
        every = [said.get((fate.direction, fate.index), fate) for fate in fates_of.of_other(one.item)]
        fates += every
        comments = [f"{item.direction}[{item.index}] is no flow: {item.kept.why}." for item in every if item.kept]
        if left := translating.rest(one, taken, comments):
            keeps.append(left)

    def _is_of_others(self, namespace: str) -> bool:
        """Whether a team could have a namespace, were it not for other clusters of the environment."""
        here = self.present.namespaces
        return bool(self.shared.others) and may_be_managed(namespace) and namespace not in here

    def _why_others(self, namespace: str) -> str:
        others, environment = ", ".join(self.shared.others), self.options.environment
        return f"namespace {namespace} is new, and the environment {environment} is that of {others} too"

    def _why_stray(self, item: Endpoint) -> str:
        if item.namespace in self.left:
            return f"namespace {item.namespace} would not stay as it is under a bundle of its own"
        if item.host_network:
            return "its pods are on the host's network, where no policy selects them"
        if item.namespace in self.shared.folders and self.shared.others:
            return f"{self.shared.folders[item.namespace]}/namespace.yaml declares no workload with its labels"
        if self._is_of_others(item.namespace):
            return self._why_others(item.namespace)
        if item.namespace not in self.units:
            return f"namespace {item.namespace} belongs to no team"
        return "it has no labels" if not item.labels else "no labels tell its pods from those of another workload"

    def _teams(self, namespaces: Mapping[str, Labels]) -> dict[str, tuple[str, ...]]:
        teams: dict[str, list[str]] = {}
        for name in self.units.keys() - self.shared.folders.keys():
            label = dict(namespaces[name]).get(self.options.team_label, "") if self.options.team_label else ""
            plain = re.sub(r"[^a-z0-9]+", "-", (label or name).lower())[:63].strip("-")
            teams.setdefault(plain if is_label(plain) else name, []).append(name)
        return {team: tuple(sorted(names)) for team, names in sorted(teams.items())}


def _is_plain(item: Object) -> bool:
    return (item.group, item.kind) == ("networking.k8s.io", "NetworkPolicy")


def _rules(policy: NetworkPolicy) -> Iterable[tuple[str, Rule]]:
    for name, found in (("ingress", policy.ingress), ("egress", policy.egress)):
        yield from ((name, rule) for rule in found or ())
