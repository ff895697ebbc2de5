"""The report, put together from its parts."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringfence.affected import Scope
from ringfence.errors import UsageError
from ringfence.findings import Finding, Location
from ringfence.impact import gates
from ringfence.impact.approvals import approvals, changed_paths
from ringfence.impact.automatic import automatic, opens_later
from ringfence.impact.changes import Sides
from ringfence.impact.collapse import over_clusters
from ringfence.impact.facts import ClusterFacts
from ringfence.impact.local import Compared, empty
from ringfence.impact.measures import together
from ringfence.impact.objects import merged
from ringfence.impact.origins import origins
from ringfence.impact.pages import ABANDONED
from ringfence.impact.relabelled import finding as relabelled_finding
from ringfence.impact.relabelled import relabelled
from ringfence.impact.rendered import Rendered, Side, Tell, read
from ringfence.impact.types import LeftOut, Report
from ringfence.model.types import Model
from ringfence.sources import Unreadable
from ringfence.values import plain, workers
from ringfence.verify import States

if TYPE_CHECKING:
    from ringfence.impact.traffic import Traffic
    from ringfence.observe import Observations


def assess(
    base: Side,
    head: Side,
    model: Model,
    today: datetime.date,
    only: str | None = None,
    *,
    checked: Iterable[Finding] = (),
    approved: Iterable[str] = (),
    scope: Scope | None = None,
    logs: Mapping[str, Observations] | None = None,
    used_threshold: int | None = None,
    facts: tuple[ClusterFacts, ...] | None = None,
    identify: bool = False,
    complete: bool = False,
    there: Rendered | None = None,
    tell: Tell = lambda _: None,
) -> Report:
    """The impact of `head` (whose model is `model`) on `base`; `only` limits it to one cluster by name.

    `scope` is that of the change, where both sides are the parts of it.

    `checked` is what the checks of declarations found in the head, of which gates judge some; `approved` are owners who
    have agreed already. `facts` of all clusters are taken as they are; without them they are found here, and `tell` is
    called with each step. `there` is what is rendered, where that was read. `identify`: whether the report is to say of
    which change it is. `complete`: list each connection, however many there are. Raises `UsageError` where facts of a
    Kubernetes cluster are missing.
    """
    within = scope.namespaces if scope else None
    known = (base.rendered, head.rendered)
    why = origins(base.tree, head.tree, base.model if base.whole else None, model, within, known)
    moved = relabelled(base.model, model)
    if facts is None:
        traffic = _traffic(logs, base.model) if logs and base.model else None
        sides = Sides.of(base.model, model, base.tree, why, traffic)
        kinds = Compared(base.model, model, sides, moved, today, tuple(sorted(logs or ())), complete)
        there = there or read((base, head), within, only, tell)
        facts = tuple(_facts(there, kinds, tell, alone=traffic is not None))
    elif missing := sorted({*_names(base), *_names(head)} - {item.name for item in facts}):
        raise UsageError(
            f"no part is of the Kubernetes cluster {missing[0]}",
            f"let a job write one: ringfence impact --cluster {_first(missing[0], base, head)} --part FILE",
        )
    found = [change for item in facts for change in item.changes]
    touched = [change for item in facts for change in item.objects]
    judged_facts, clusters = facts, tuple(sorted({name for item in facts for name in item.clusters}))
    if only is not None:
        found = [item for item in found if only in item.clusters]
        touched = [item for item in touched if only in item.clusters]
        judged_facts = tuple(item for item in facts if only in item.clusters)
        clusters = (only,)
    changes = over_clusters(found)
    objects = merged(touched)
    paths = list(scope.paths) if scope else changed_paths(base.tree, head.tree)
    asked = approvals(paths, base.model, model, approved)
    left_out = tuple(
        sorted(item for one in judged_facts for item in one.left_out if only is None or only in item.clusters)
    )
    shares = together(item.shares for item in judged_facts)
    checked = tuple(checked)
    verdicts, judged = gates.judge(
        gates.Facts(
            base.model,
            model,
            judged_facts,
            changes,
            shares,
            asked,
            checked,
            used_threshold,
            len(within) if within is not None else None,
        )
    )
    strays = States(model, head.tree, within).strays() if only is None else ()
    findings = [
        *strays,
        *(found for item in facts for found in item.findings),
        *(_abandoned(*place) for item in facts for place in item.abandoned if place[0] in clusters),
        *map(relabelled_finding, moved),
        *judged,
        *(item for item in checked if item.check.code not in gates.JUDGED),
    ]
    return Report(
        base=base.label,
        head=head.label,
        clusters=clusters,
        changes=changes,
        objects=objects,
        approvals=asked,
        findings=tuple(dict.fromkeys(findings)),
        guardrails_checked=len(model.guardrails),
        gates=verdicts,
        measures=shares,
        origins=why,
        scope=tuple(sorted(within)) if within is not None else None,
        automatic=automatic(
            changes, objects, asked, verdicts, findings, _many(left_out) or opens_later(base.model, model)
        ),
        logs=tuple(sorted({name for item in facts for name in item.logs})),
        facts=facts,
        left_out=left_out,
        identity=_identity(base, head, today, within, paths) if identify else "",
    )


def with_findings(report: Report, more: Iterable[Finding]) -> Report:
    """The report with findings that others made, in report order, which also speak against an automatic approval."""
    findings = (*report.findings, *more)
    verdict = automatic(report.changes, report.objects, report.approvals, report.gates, findings)
    if verdict.approvable:
        verdict = report.automatic
    return replace(report, findings=tuple(dict.fromkeys(findings)), automatic=verdict)


def _facts(there: Rendered, compared: Compared, tell: Tell, *, alone: bool) -> list[ClusterFacts]:
    """The facts of every Kubernetes cluster, or of the one that a cluster lies on, by name; one state at a time.

    Large ones are shared with copies of this process, unless it is to work `alone`.
    """
    before, after, names = there.before, there.after, there.names

    def found(name: str) -> ClusterFacts:
        one = before.of(name, beside=after) if before and name in before.names else empty(name)
        other = after.of(name, one) if after and name in after.names else empty(name)
        return compared.facts(one, other)

    if len(names) > 1 and not alone and workers.processors() > 1 and there.is_large:
        tell(f"comparing {', '.join(names)}")
        return workers.spread(found, names, _packed, _unpacked)
    result = []
    for number, name in enumerate(names, start=1):
        tell(f"comparing {name}, {number} of {len(names)}")
        result.append(found(name))
    return result


def _traffic(logs: Mapping[str, Observations], model: Model) -> Traffic:
    from ringfence.impact.traffic import Traffic

    return Traffic(logs, model)


def _many(left_out: Sequence[LeftOut]) -> str:
    """What speaks against an automatic approval where not everything is listed."""
    number = sum(item.closed + item.narrowed for item in left_out)
    return f"{number:,} connections close that were open on every port, and nobody has listed them" if number else ""


def _packed(facts: ClusterFacts) -> bytes:
    return json.dumps(plain.pack(facts)).encode()


def _unpacked(raw: bytes) -> ClusterFacts:
    facts: ClusterFacts = plain.unpack(ClusterFacts, json.loads(raw))
    return facts


def _names(side: Side) -> list[str]:
    """The Kubernetes clusters of a side."""
    return [item.kubernetes_cluster for item in side.model.clusters.values()] if side.model else []


def _first(name: str, *sides: Side) -> str:
    """A cluster that lies on a Kubernetes cluster."""
    clusters = [cluster for side in sides if side.model for cluster in side.model.clusters.values()]
    return min(cluster.name for cluster in clusters if cluster.kubernetes_cluster == name)


def _identity(
    base: Side, head: Side, today: datetime.date, within: Collection[str] | None, paths: Iterable[str]
) -> str:
    """What tells a change from others: both sides by name, the day, and what the files that differ hold."""
    import hashlib

    words = [base.label, head.label, today.isoformat(), ",".join(sorted(within)) if within is not None else "*"]
    digest = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        try:
            raw = head.tree.read(path)
        except Unreadable as error:
            raw = error.why.encode()
        digest.update(f"\0{path}\0{len(raw)}\0".encode(errors="surrogateescape"))
        digest.update(raw)
    return digest.hexdigest()


def _abandoned(cluster: str, name: str) -> Finding:
    return ABANDONED.at(
        Location("policies/rendered"),
        f"namespace {name} has no policies in {cluster} any more: those that are there stay and are synced no "
        "longer; if it lives on without them, every pod of it is open",
        hint="delete the namespace in the cluster first",
        subject=name,
    )
