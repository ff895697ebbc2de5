"""The rendered rules behind ports that no declaration explains, and what the comments above them say."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ringfence import gitops
from ringfence.connectivity import Connectivity
from ringfence.findings import Location
from ringfence.impact.causes import PLATFORM
from ringfence.impact.types import Cause
from ringfence.model.types import Model
from ringfence.sources import Tree, Unreadable
from ringfence.values.ports import PortSet
from ringfence.verify.ends import End, name

if TYPE_CHECKING:
    from ringfence.connectivity import Half

RENDERED = Location("policies/rendered")

_WHAT = r"\s*# (flow|baseline) (\S+): (.*)"
_WHOSE = r"\s*#   (\S+), owner (\S+), (?:no expiry|expires (\S+?))(?:, ticket (\S+))?"
_OF_A_PATCH = r"(- op|path|value): ?.*"
"""The lines of a JSON patch between the comment and the rule."""


def rules(
    connectivity: Connectivity, ends: tuple[End, End], ports: PortSet, side: str, managed: Collection[End], model: Model
) -> Iterator[Cause]:
    """The rules that let some of the ports through, and for ends that some bundle is for, that nothing isolates one."""
    explanation = connectivity.explain(*ends)
    for half, end in zip((explanation.egress, explanation.ingress), ends, strict=True):
        if half is not None:
            yield from _of_half(half, end, ports, side, end in managed, model)


def _of_half(half: Half, end: End, ports: PortSet, side: str, managed: bool, model: Model) -> Iterator[Cause]:
    if managed and not half.isolated_by and not half.matches:
        text = f"no policy isolates it for {half.direction}"
        yield Cause("rule", name(end), RENDERED, PLATFORM, text, "", "", side)
    found = [match for match in half.matches if match.ports & ports]
    # pods that nobody declared may carry labels that a rule asks for: what lets them through for certain is the cause
    for match in [match for match in found if match.certain] or found:
        team = gitops.team_of(model, match.where.path)
        title = f"{match.policy} {half.direction}[{match.index}]"
        owner = team.name if team else PLATFORM
        yield Cause("rule", title, match.where, owner, f"allows {match.ports & ports}", "", "", side)


def commented(tree: Tree, rule: Cause) -> list[Cause]:
    """The flows and grants that the comment above a rendered rule names, where the file has one of the usual form.

    For rules whose declarations are lost: a base that does not validate, or files that an older version wrote.
    """
    try:
        lines = tree.read(rule.where.path).decode().splitlines()
    except (Unreadable, UnicodeDecodeError):
        return []
    number = rule.where.line - 2
    while number >= 0 and re.match(_OF_A_PATCH, lines[number].strip()):
        number -= 1
    block: list[str] = []
    while number >= 0 and lines[number].lstrip().startswith("#"):
        block.insert(0, lines[number])
        number -= 1
    found = []
    for first, second in itertools.pairwise(block):
        what, whose = re.fullmatch(_WHAT, first), re.fullmatch(_WHOSE, second)
        if what and whose:
            kind, title, reason = what.groups()
            path, owner, expires, ticket = whose.groups()
            edit = "removed" if rule.side == "base" else ""
            place = Location(path)
            found.append(Cause(kind, title, place, owner, reason, expires or "", ticket or "", rule.side, edit))
    return found
