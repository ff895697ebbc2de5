"""Objects that are read already, as they stand elsewhere: further down in a file, or in a file of another name."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringfence.findings import Location
from ringfence.manifests.objects import LISTS, Manifests
from ringfence.manifests.types import NetworkPolicy, Rule

_PLACED_ONCE = ("namespaces", "workloads", "accounts", "services")
"""Objects of which nothing but `where` hangs on the place."""

_OTHERS = tuple(name for name in LISTS if name not in (*_PLACED_ONCE, "policies"))


def moved(part: Manifests, path: str, lines: int) -> Manifests | None:
    """What documents hold, in a file at `path` and so many lines further down.

    None where more than the places of plain objects hangs on it, such as the words of a finding: they are to be read
    there.
    """
    for name in _OTHERS:
        if getattr(part, name):
            return None
    result = Manifests(skipped=part.skipped)
    result.policies = [_policy(item, path, lines) for item in part.policies]
    for name in _PLACED_ONCE:
        if items := getattr(part, name):
            setattr(result, name, [_placed(item, path, lines) for item in items])
    return result


def _placed(item: Any, path: str, lines: int) -> Any:
    return replace(item, where=_at(item.where, path, lines))


def _policy(item: NetworkPolicy, path: str, lines: int) -> NetworkPolicy:
    # rules that `policyTypes` leaves out are a finding, and so are read where they stand
    return NetworkPolicy(
        item.namespace,
        item.name,
        item.selector,
        item.ingress and _rules(item.ingress, path, lines),
        item.egress and _rules(item.egress, path, lines),
        _at(item.where, path, lines),
    )


def _rules(rules: tuple[Rule, ...], path: str, lines: int) -> tuple[Rule, ...]:
    return tuple(Rule(rule.peers, rule.ports, rule.index, _at(rule.where, path, lines)) for rule in rules)


def _at(where: Location, path: str, lines: int) -> Location:
    return Location(path, where.line + lines, where.column)
