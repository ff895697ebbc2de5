"""Impact at the cost of the change: only the namespaces that it can matter to are read, rendered and evaluated.

It holds where each file that is rendered for these namespaces is what one of both sides declares: `render` may not have
been run, or not everywhere. What somebody wrote by hand may concern other namespaces, and everything is looked at.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ringfence.asking import ONLY
from ringfence.commands import parted, progress, rerendered, shared, sides
from ringfence.commands.compared import Sides
from ringfence.findings import Finding, has_errors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ringfence.affected import Scope
    from ringfence.impact import Report
    from ringfence.model.types import Model


class Found(NamedTuple):
    """The report, and what it rests on of the files on disk that do not differ."""

    report: Report
    files: list[str]


def attempt(args: argparse.Namespace, root: Path, found: Sides, parts: parted.Parts | None = None) -> Found | None:
    """What a change does; None where the whole repository has to be looked at.

    `parts` is what other runs found in each cluster.
    """
    from ringfence import affected, sources

    base_tree = found.base_tree or affected.base(root, found.revision, found.base)
    tree = found.tree or sources.beside(base_tree, args.head, found.head, ONLY)
    if base_tree.found or tree is None:
        return None
    from msgspec.structs import replace

    from ringfence import cache
    from ringfence.model.remembered import Remembered

    documents = Remembered(cache.store())
    scope = affected.scope(base_tree, tree, found.paths, documents)
    if scope is None:
        return None
    from ringfence import model
    from ringfence.values import workers

    loaded = [model.load(part, scope.absent, documents, scope.within) for part in (scope.base, scope.head)]
    base, head = (one for one, _ in loaded)
    if base is None or head is None or any(has_errors(findings) for _, findings in loaded):
        return None
    if args.cluster is not None and args.cluster not in base.clusters:
        return None
    if not all(_is_enforced(declared, scope) for declared in (base, head)):
        return None
    if not affected.asks_the_same(base, head, scope.namespaces):
        return None
    base, head = affected.touching(base, head, scope.namespaces)
    today = args.at or shared.today()
    with workers.beside(lambda: _foreseen(scope, base, head, today), _packed, _unpacked) as foreseen:
        from ringfence import impact

        places = impact.Side(scope.base, base_tree.label, base), impact.Side(scope.head, tree.label, head)
        there = impact.read(places, scope.namespaces, args.cluster, progress.stage) if parts is None else None
        errors, *expected = foreseen()
    checked = _errors(base, head, today, scope.namespaces) if errors else []
    files = [rerendered.bundles(part) for part in (scope.base, scope.head)]
    if errors is None or checked is None or not all(_is_either(side, *expected) for side in files):
        return None
    before, after = (replace(side, rendered=known) for side, known in zip(places, expected, strict=True))
    result = impact.assess(
        before,
        after,
        head,
        today,
        args.cluster,
        checked=checked,
        approved=args.approved,
        scope=scope,
        facts=parts.facts if parts else None,
        identify=bool(parts or args.part),
        complete=args.all,
        there=there,
        tell=progress.stage,
    )
    if not _is_inside(result, scope, head):
        return None
    result = parted.same(parts, result)
    result = impact.with_findings(result, sides.unlike(files[1], expected[1]))
    return Found(result, scope.head.files() if found.tree else [])


class _Foreseen(NamedTuple):
    """What is to be rendered on both sides, and whether the head has `_errors`, None where these are not told."""

    errors: bool | None
    base: dict[str, bytes]
    head: dict[str, bytes]


def _foreseen(scope: Scope, base: Model, head: Model, today: datetime.date) -> _Foreseen:
    """What follows from the declarations alone. Raises `TemplateError`."""
    found = _errors(base, head, today, scope.namespaces)
    if found is None:
        return _Foreseen(None, {}, {})
    expected = (rerendered.expected(*side, scope.namespaces) for side in ((scope.base, base), (scope.head, head)))
    return _Foreseen(bool(found), *expected)


def _packed(foreseen: _Foreseen) -> bytes:
    import msgpack

    raw: bytes = msgpack.packb(foreseen)
    return raw


def _unpacked(raw: bytes) -> _Foreseen:
    import msgpack

    return _Foreseen(*msgpack.unpackb(raw))


def _errors(base: Model, head: Model, today: datetime.date, namespaces: Collection[str]) -> list[Finding] | None:
    """The errors in the head that gates judge; None where the whole repository has to be looked at."""
    from ringfence import checks
    from ringfence.checks import guardrail_unmet

    found = checks.run(head, today, only_errors=True)
    known = {_key(item) for item in checks.run(base, today, only_errors=True)} if found else ()
    # what a part lacks can make a check fail that speaks of everything, or of what a workload must reach elsewhere; on
    # both sides alike, unless the change matters
    own = [
        item
        for item in found
        if item.where.path.startswith("teams/")
        and not (item.check is guardrail_unmet.CHECK and item.subject.partition("/")[0] not in namespaces)
    ]
    if any(item not in own and _key(item) not in known for item in found):
        return None
    if not own:
        return []
    from ringfence import impact

    return own if all(item.check.code in impact.JUDGED for item in own) else None


def _is_enforced(declared: Model, scope: Scope) -> bool:
    """Whether the namespaces of a scope are closed everywhere: what a stage leaves open, the other end decides."""
    stages = (cluster.stage(name) for cluster in declared.clusters.values() for name in scope.namespaces)
    return all(stage.ingress == stage.egress == "enforce" for stage in stages)


def _is_either(files: Mapping[str, bytes], one: Mapping[str, bytes], other: Mapping[str, bytes]) -> bool:
    """Whether each rendered file is as one of two sides declares it, or missing where one has no such file."""
    paths = files.keys() | one.keys() | other.keys()
    return all(files.get(path) in (one.get(path), other.get(path)) for path in paths)


def _is_inside(result: Report, scope: Scope, head: Model) -> bool:
    """Whether no connection of a namespace beyond the scope differs: what that allows itself, nobody has looked at."""
    inside = {name for item in scope.namespaces for name in (item, *_names(item, head))}
    ends = (
        (end.partition("/")[0], team)
        for change in result.changes
        for end, team in zip((change.source, change.destination), change.teams, strict=True)
    )
    return not result.left_out and all(name in inside for name, team in ends if team)


def _names(namespace: str, model: Model) -> list[str]:
    """What a namespace is called in each cluster."""
    return [cluster.namespace_name(namespace) for cluster in model.clusters.values()]


def _key(finding: Finding) -> tuple[str, str, str]:
    """A finding whatever line it stands in."""
    return (finding.check.code, finding.subject, finding.message)
