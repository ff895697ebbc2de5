"""Which selectors match nothing that is declared, and what would be near.

Only pods of namespaces with declared workloads are missed: those of others come from elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ringfence.connectivity import bits
from ringfence.connectivity.resolve import Applied
from ringfence.findings import Location
from ringfence.lint import evidence
from ringfence.lint.evidence import Evidence
from ringfence.lint.views import Rule
from ringfence.manifests import (
    METADATA_NAME,
    AdminPolicy,
    AdminRule,
    Labels,
    NetworkPolicy,
    PodsPeer,
    Requirement,
    Selector,
)
from ringfence.manifests import Rule as NetworkRule

_CLOSE = 0.8
"""How much of two words must be the same, as `difflib` measures it."""


class Nothing(NamedTuple):
    """Why a selector matches nothing declared; `near` is a label that was probably meant, or empty."""

    why: str
    near: str = ""
    hint: str = ""


class Unmatched(NamedTuple):
    """A policy or a peer that is nothing declared, with its place."""

    where: Location
    message: str
    subject: str
    nothing: Nothing


def unmatched(seen: Evidence) -> Iterator[Unmatched]:
    """Policies without pods, and peers of the others that are nothing declared."""
    if not seen.declared:
        return
    scope = _Scope(seen)
    policies: dict[str, list[Applied]] = defaultdict(list)
    for _, item in seen.views.applied:
        policies[evidence.policy(item)].append(item)
    empty = set()
    for name, items in policies.items():
        if found := scope.subject(items):
            empty.add(name)
            policy = items[0].policy
            yield Unmatched(policy.where, f"{name} selects nothing: {found.why}", policy.id, found)
    rules: dict[object, list[Rule]] = defaultdict(list)
    for rule in seen.views.rules:
        if evidence.policy(rule.applied) not in empty and not rule.stands_for_doubt:
            rules[rule.key].append(rule)
    for parts in rules.values():
        for nothing in scope.peers(parts):
            message = f"a peer of {evidence.rule(parts[0])} is nothing: {nothing.why}"
            yield Unmatched(evidence.place(parts[0]), message, parts[0].applied.policy.id, nothing)


class _Scope:
    """What is declared: pods by namespace, and the labels of namespaces that a file declares."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        space = seen.result.space
        self._space = space
        self._filled = {name for name, members in space.members.items() if members & seen.declared}
        self._labelled = {name: space.namespaces[name] for name in seen.result.cluster.namespaces}
        self._elsewhere = bits.of(
            position
            for position in bits.positions(space.unknown)
            if space.endpoints[position].namespace not in self._filled
        )

    def subject(self, items: list[Applied]) -> Nothing | None:
        """Why a policy selects nothing, if so. `items`: all its directions and parts."""
        policy = items[0].policy
        if isinstance(policy, NetworkPolicy):
            return self._nothing(policy.namespace, PodsPeer(policy.selector, None))
        if isinstance(policy, AdminPolicy):
            return self._nothing("", policy.subject)
        namespace = getattr(policy, "namespace", "")
        known = self._seen.declared | self._elsewhere
        if namespace not in self._filled or any(item.subjects[1] & known for item in items):
            return None
        return Nothing(f"no declared pod of namespace {namespace} meets its selector")

    def peers(self, parts: list[Rule]) -> list[Nothing]:
        """Each peer of a rule that is nothing declared."""
        ruling, policy = parts[0].rule.rule, parts[0].applied.policy
        if isinstance(ruling, NetworkRule | AdminRule):
            namespace = policy.namespace if isinstance(policy, NetworkPolicy) else ""
            listed = [peer for peer in ruling.peers if isinstance(peer, PodsPeer)]
            return [found for peer in dict.fromkeys(listed) if (found := self._nothing(namespace, peer))]
        known = self._seen.declared | self._elsewhere | self._space.outside
        if any(part.rule.peers[1] & known or part.rule.any_peer for part in parts):
            return []
        if getattr(ruling, "peers", None) == ():  # Cilium's `{}`: a rule that is meant to match nothing
            return []
        return [Nothing("no declared pod is among them")]

    def _nothing(self, namespace: str, peer: PodsPeer) -> Nothing | None:
        """Why a selector matches nothing declared, and the nearest that would; None where it may match."""
        if self._space.peers(namespace, peer)[1] & self._seen.declared:
            return None
        if peer.namespaces is None:
            names = {namespace}
        elif any(item.operator in ("In", "Exists") for item in peer.namespaces.requirements):
            names = {name for name, labels in self._space.namespaces.items() if peer.namespaces.matches(dict(labels))}
            if not names:
                return self._no_namespace(peer.namespaces)
        else:
            return None
        if not names <= self._filled:
            return None
        pods = [self._space.endpoints[position] for position in bits.positions(self._seen.declared)]
        here = [item.labels for item in pods if item.namespace in names]
        where = f"namespace {min(names)}" if len(names) == 1 else f"{len(names)} namespaces"
        message = f"no declared workload of {where} meets {peer.pods} ({len(here)} looked at)"
        return _nearest(message, peer.pods, here)

    def _no_namespace(self, selector: Selector) -> Nothing | None:
        """For a selector that no known namespace meets: the near miss. Others are somewhere else."""
        spaces = [dict(labels) for labels in self._space.namespaces.values()]
        for item in selector.requirements:
            if any(item.matches(labels) for labels in spaces):
                continue
            for value in item.values if item.operator == "In" else ():
                if item.key == METADATA_NAME:
                    if close := _typed(value, self._filled):
                        return Nothing(f"there is no declared namespace {value}", f"{item.key}: {close}")
                elif value in self._filled and value in self._labelled:
                    message = f"namespace {value} has no label {item.key}={value}"
                    return Nothing(message, f"{METADATA_NAME}: {value}")
                elif close := _typed(value, _values(item.key, self._labelled.values())):
                    return Nothing(f"no declared namespace has {item}", f"{item.key}: {close}")
        return None


def _nearest(message: str, selector: Selector, labels: list[Labels]) -> Nothing:
    """What a selector matches nothing for, with the label that is nearest to a condition which no pod meets."""
    pods: list[Mapping[str, str]] = [dict(item) for item in labels]
    failing = [item for item in selector.requirements if not any(item.matches(pod) for pod in pods)]
    for item in failing:
        if near := _near(item, labels):
            return Nothing(message, near)
    if failing or not selector.requirements:
        keys = {item.key for item in failing}
        values = sorted({f"{key}: {value}" for one in labels for key, value in one if key in keys})
        return Nothing(message, hint=f"they have {evidence.some(values)}" if values else "")
    return Nothing(message, hint="each of these labels is there, and no workload has all of them")


def _near(item: Requirement, labels: Iterable[Labels]) -> str:
    """The label that was probably meant by one condition, as `key: value`; empty where none is near."""
    pairs = {pair for one in labels for pair in one}
    for value in item.values if item.operator == "In" else ():
        if close := _typed(value, (other for key, other in pairs if key == item.key)):
            return f"{item.key}: {close}"
        if close := _typed(item.key, (key for key, other in pairs if other == value)):
            return f"{close}: {value}"
    return ""


def _typed(word: str, choices: Iterable[str]) -> str:
    """The choice of which a word is surely a slip of the keyboard, or nothing."""
    return next((choice for choice in sorted(choices) if _slip(word, choice)), "")


def _slip(word: str, choice: str) -> bool:
    """Whether two words differ by case or separators, or a little in one part. Another number or stage is no slip."""
    import difflib

    parts, others = (re.split(r"[-_./]", text.casefold()) for text in (word, choice))
    if "".join(parts) == "".join(others):
        return True
    differing = [pair for pair in zip(parts, others, strict=False) if pair[0] != pair[1]]
    if len(parts) != len(others) or len(differing) != 1:
        return False
    one, other = differing[0]
    same_number = re.sub(r"\D", "", one) == re.sub(r"\D", "", other)
    return same_number and difflib.SequenceMatcher(None, one, other).ratio() >= _CLOSE


def _values(key: str, labels: Iterable[Labels]) -> set[str]:
    return {value for one in labels for name, value in one if name == key}
