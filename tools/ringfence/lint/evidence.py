"""What the checks look at: the evaluated cluster, its views, a judgement of every rule; and words for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ringfence.connectivity import Connectivity, Direction, Endpoint, bits
from ringfence.connectivity.resolve import Applied
from ringfence.findings import Location
from ringfence.lint.judge import Judge
from ringfence.lint.judgement import Because, Judgement
from ringfence.lint.views import Rule, View, Views
from ringfence.values.addresses import AddressSet

_NAMED = 3
"""How many rules or policies a finding names before it only counts the others."""


class Evidence(Struct, frozen=True):
    """One cluster as the checks see it. `declared` are the positions of workloads that a file declares."""

    result: Connectivity
    views: Views
    judgements: list[Judgement]
    declared: int

    @classmethod
    def of(cls, result: Connectivity) -> Evidence:
        """The evidence about a cluster that was evaluated with representatives."""
        views = Views.of(result)
        space = result.space
        return cls(result, views, Judge(views).whole(), space.all_pods & ~space.unknown)

    def name(self, position: int) -> str:
        """What stands at a position."""
        end = self.result.space.end(position)
        if isinstance(end, Endpoint) and end.is_representative:
            return f"any other pod of {end.namespace}" if end.namespace != "*" else "any pod of another namespace"
        if not isinstance(end, AddressSet):
            return str(end)
        ranges = end.ranges()
        return ", ".join(ranges[:2]) + (" and others" if len(ranges) > 2 else "")

    def names(self, positions: int) -> str:
        """Some of the things at positions."""
        shown = [self.name(position) for position in bits.positions(positions)]
        return some(shown)

    def pairs(
        self, view: View, region: Iterable[tuple[int, int]], subjects: int = -1, peers: int = -1
    ) -> Iterator[tuple[int, int, int]]:
        """The connections of a region of peers that a view has: source, destination, ports; a pod with itself is none.

        `subjects` and `peers` are positions that are asked for, by default all.
        """
        listed = list(region)
        for subject in bits.positions(view.members & subjects):
            alone = 1 << subject if self.result.endpoints[subject].kind == "Pod" else 0
            for mask, where in listed:
                for peer in bits.positions(where & peers & ~alone):
                    yield *directed(view.direction, subject, peer), mask


def directed(direction: Direction, subject: int, peer: int) -> tuple[int, int]:
    """Source and destination, where policies of a subject speak of a peer."""
    return (subject, peer) if direction is Direction.EGRESS else (peer, subject)


def some(shown: list[str]) -> str:
    """The first of some names, and how many others there are."""
    rest = len(shown) - _NAMED
    return ", ".join(shown[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def kind(item: Applied) -> str:
    """The kind of a policy; Calico has kinds of the same names as Kubernetes."""
    name = type(item.policy).__name__
    found = str(getattr(item.policy, "kind", name))
    return f"Calico's {found}" if name == "CalicoPolicy" else found


def policy(item: Applied) -> str:
    """How a policy is called."""
    return f"{kind(item)} {item.policy.id}"


def rule(item: Rule) -> str:
    """How a rule is called."""
    return f"{item.applied.direction}[{item.rule.rule.index}] of {policy(item.applied)}"


def place(item: Because) -> Location:
    """Where a rule or policy stands."""
    return item.rule.rule.where if isinstance(item, Rule) else item.policy.where


def because(items: Iterable[Because]) -> tuple[str, list[tuple[Location, str]]]:
    """What takes the work of a rule, in words for the message and as related places."""
    known = list(items)
    shown = [rule(item) if isinstance(item, Rule) else f"{policy(item)}, which isolates the pods" for item in known]
    notes = [f"{item.action} rule" if isinstance(item, Rule) else "isolates the pods" for item in known]
    return some(shown), list(zip(map(place, known), notes, strict=True))[:_NAMED]
