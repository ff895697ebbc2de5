"""One rule of Calico resolved: which subjects, which peers, through which ports of which destinations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.calico.ends import FAMILIES, Ends, families
from ringfence.connectivity.resolve import Action, Direction, Gate, Resolved, Resolver
from ringfence.connectivity.space import Space
from ringfence.manifests import Service
from ringfence.manifests.calico import effective
from ringfence.manifests.calico.types import WITH_PORTS, Entity, Port, Rule
from ringfence.values.addresses import NOWHERE
from ringfence.values.ports import FIRST, LAST

ACTIONS = {"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
"""What decides; Log does not."""

Doubt = tuple[int, str]
Parts = dict[int, int]
"""Port mask to disjoint destinations."""


class Rules:
    """Resolves the rules of Calico's policies in one space."""

    def __init__(self, ends: Ends, resolver: Resolver, space: Space) -> None:
        self._ends, self._resolver, self._space = ends, resolver, space
        self._atoms = resolver.atoms
        accounts, pods = ends.undeclared_accounts, space.all_pods
        self._causes = (
            (accounts, "the labels of its service account are not declared"),
            (pods & ~accounts, "a network set or a host may have its address"),
            (space.everything & ~pods, "a host endpoint without `expectedIPs` may be there"),
        )
        self._hosts = 0
        for _, where in ends.hosts:
            self._hosts |= where

    def resolve(self, rules: Iterable[Rule], direction: Direction, namespace: str) -> Iterator[Resolved]:
        """The rules of one direction of a policy of a namespace ("" for a global one), in order."""
        for rule in rules:
            if rule.action in ACTIONS and (found := self._rule(rule, direction, namespace)):
                yield found

    def _rule(self, rule: Rule, direction: Direction, namespace: str) -> Resolved | None:
        versions = families(rule.source) & families(rule.destination)
        versions &= {rule.ip_version} if rule.ip_version else versions
        mask = self._protocols(rule)
        if not versions or not mask:
            return None
        doubts: list[Doubt] = []
        sides = {
            side: self._end(entity, namespace, f"{side} of a rule ({rule.where})", doubts)
            for side, entity in (("source", rule.source), ("destination", rule.destination))
        }
        ingress = direction is Direction.INGRESS
        subjects = sides["destination" if ingress else "source"]
        peers = self._of_versions(sides["source" if ingress else "destination"], versions, rule, doubts)
        gates = self._gates(rule, mask, namespace)
        if vague := self._vague(rule):
            gates = [Gate(0, gate.possible, gate.mask) for gate in gates]
            doubts.append((-1, f"{vague} ({rule.where})"))
        if unknown := self._space.unknown & ~self._space.named:
            doubts.append((unknown, "an end stands for pods with unknown labels"))
        everything = self._space.everything
        narrowed = None if subjects == (everything, everything) else subjects
        any_peer = peers == (everything, everything)
        return Resolved(rule, peers, any_peer, tuple(gates), ACTIONS[rule.action], narrowed, tuple(doubts))

    def _protocols(self, rule: Rule) -> int:
        """The mask of the rule's protocols among those with ports."""
        found = 0
        for number, name in WITH_PORTS.items():
            if rule.protocol in (None, number) and rule.not_protocol != number:
                found |= self._atoms.mask(name, FIRST, LAST)
        return found

    def _end(self, entity: Entity, namespace: str, side: str, doubts: list[Doubt]) -> Fuzzy:
        """The positions that may be at one end of a rule, ports aside; `side` says in words which end."""
        everything = self._space.everything
        found: Fuzzy = (everything, everything)
        wanted = effective.meant(entity, namespace)
        for expression, negative in ((wanted, False), (entity.not_selector, True)):
            if expression is not None:
                part = self._ends.meant(expression)
                unsure = f"whether an end matches the selectors of the {side} is not known"
                for where, why in self._causes:
                    self._doubt((part[0] & where, part[1] & where), f"{unsure}: {why}", doubts)
                found = bits.both(found, bits.neither(part, everything) if negative else part)
        if entity.service and (service := self._ends.behind(entity.service)):
            found = bits.both(found, self._ends.pods_of(service))
        if entity.nets is not None:
            part = self._ends.in_nets(entity.nets)
            self._doubt(part, f"whether an address lies in the nets of the {side} is not known", doubts)
            found = bits.both(found, part)
        if entity.not_nets is not None:
            nets = entity.not_nets
            rest = NOWHERE
            for version, spans in ((4, nets.v4), (6, nets.v6)):
                rest |= FAMILIES[version] - nets if spans else NOWHERE
            part = self._ends.in_nets(rest)
            self._doubt(part, f"whether an address lies in the notNets of the {side} is not known", doubts)
            found = bits.both(found, part)
        return found

    def _of_versions(self, peers: Fuzzy, versions: set[int], rule: Rule, doubts: list[Doubt]) -> Fuzzy:
        """The peers less the addresses outside that have another IP version than the rule, and pods if it names one."""
        for version in {4, 6} - versions:
            other = self._space.cells_in(FAMILIES[version])
            peers = peers[0] & ~other, peers[1] & ~other
        if rule.ip_version:
            part = self._ends.of_family(rule.ip_version)
            self._doubt(part, f"whether an end talks IPv{rule.ip_version} ({rule.where}) is not known", doubts)
            peers = bits.both(peers, part)
        return peers

    def _doubt(self, part: Fuzzy, why: str, doubts: list[Doubt]) -> None:
        if where := part[1] & ~part[0] & ~self._space.unknown:
            host = self._space.host & where
            if host:
                doubts.append((host, "an end uses the host's network; how policies see it is left to the plugin"))
            if where ^ host:
                doubts.append((where ^ host, why))

    def _gates(self, rule: Rule, mask: int, namespace: str) -> list[Gate]:
        """The ports of the rule at each destination, surely and possibly."""
        entity = rule.destination
        everything = self._space.everything
        service = self._ends.behind(entity.service) if entity.service else None
        if service:
            return self._through(service, mask)
        if not entity.ports and not entity.not_ports:
            return [Gate(-1, -1, mask)]
        protocol = WITH_PORTS[rule.protocol or 0]
        wanted = effective.meant(entity, namespace)
        # Calico looks named ports up among endpoints, so an address of a network set has none
        own = (self._space.all_pods,) * 2 if wanted is None else self._ends.labelled(wanted)
        pods = self._space.all_pods & ~self._space.host, self._space.all_pods
        listed, unlisted = self._listed(entity.ports, protocol, own), self._listed(entity.not_ports, protocol, pods)
        result = []
        for which in (0, 1):
            parts = {mask: everything} if not entity.ports else listed[which]
            for ports, where in unlisted[1 - which].items():
                parts = _without(parts, ports, where)
            result.append(parts)
        sure, possible = result
        gates = [Gate(where, where, ports) for ports, where in sure.items()]
        return gates + ([Gate(0, where, ports) for ports, where in possible.items()] if sure != possible else [])

    def _vague(self, rule: Rule) -> str:
        """What of a rule no file can settle, in words; empty for nothing."""
        if rule.source.ports or rule.source.not_ports:
            return "the rule looks at source ports, which connections are not told apart by"
        for entity in (rule.source, rule.destination):
            if entity.service and not self._ends.behind(entity.service):
                service = f"{entity.service.namespace}/{entity.service.name}"
                return f"the rule means the Service {service}, whose endpoints are not known"
        if rule.not_icmp and rule.protocol is None:
            return "the rule has `notICMP` without a protocol, which data planes read differently"
        return ""

    def _through(self, service: Service, mask: int) -> list[Gate]:
        """The ports at which pods stand behind a Service."""
        gates = []
        for port in service.ports:
            if not port.name:
                gates.append(Gate(-1, -1, mask & self._atoms.mask(port.protocol, port.number, port.number)))
                continue
            for number, (sure, possible) in self._resolver.named(port.protocol, port.name).items():
                gates.append(Gate(sure, possible, mask & self._atoms.mask(port.protocol, number, number)))
            if self._space.unknown:
                gates.append(Gate(0, self._space.unknown, mask & self._atoms.mask(port.protocol, FIRST, LAST)))
        return gates

    def _listed(self, ports: Iterable[Port], protocol: str, named: Fuzzy) -> tuple[Parts, Parts]:
        """A list of ports as the mask at each destination; names count at the positions in `named` only."""
        result: tuple[Parts, Parts] = ({}, {})
        numeric = 0
        for port in ports:
            if not port.name:
                numeric |= self._atoms.mask(protocol, port.first, port.last)
                continue
            for number, (_, where) in self._resolver.named(protocol, port.name).items():
                mask = self._atoms.mask(protocol, number, number)
                for which in (0, 1):  # a pod that gives a name to two numbers has both
                    bits.paint(result[which], mask, where & named[which])
            elsewhere = self._space.unknown & named[1] | self._hosts
            bits.paint(result[1], self._atoms.mask(protocol, FIRST, LAST), elsewhere)
        for which in (0, 1):
            bits.paint(result[which], numeric, self._space.everything)
        return result


def _without(parts: Parts, mask: int, where: int) -> Parts:
    rest: Parts = {}
    for have, here in parts.items():
        if outside := here & ~where:
            rest[have] = rest.get(have, 0) | outside
        if (common := here & where) and (ports := have & ~mask):
            rest[ports] = rest.get(ports, 0) | common
    return rest
