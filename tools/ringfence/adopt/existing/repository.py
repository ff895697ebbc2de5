"""The repository that an import makes, or adds to: planned until it is valid, rendered, and proven. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ringfence import gitops, model, render
from ringfence.adopt.existing import declaring, neighbours, planning, proof, shared
from ringfence.adopt.existing.flows import RuleKey
from ringfence.adopt.existing.peers import Named
from ringfence.adopt.existing.plan import Options, Plan, Present
from ringfence.adopt.existing.proof import Proof
from ringfence.adopt.existing.rules import Kept
from ringfence.adopt.existing.shared import Shared, may_be_managed, too_wide
from ringfence.adopt.existing.source import Source
from ringfence.compile import outlines
from ringfence.connectivity import Endpoint
from ringfence.errors import NothingToCheckError
from ringfence.findings import Finding, has_errors
from ringfence.model.types import Model
from ringfence.sources import Overlay, Tree, Unreadable
from ringfence.values.addresses import AddressSet

ROUNDS = 10
"""How often rules that a check refuses are taken back before the rest of the findings is handed on."""

IN_CLUSTER = "RF133"
"""The check that finds blocks that hold pods, which are not known without the option for them."""

SAID = 5
"""How many objects that were left out are named where nothing else is left."""


class Result(Struct, frozen=True):
    """An import: the plan, the new files by path, the proof, and the errors that are left, if any.

    `rendered` says whether the files hold `policies/rendered` too: a repository that exists renders its own. `edited`
    are those among them that it has already and that change on purpose: no other file that it has may be written.
    """

    plan: Plan
    files: Mapping[str, bytes]
    proof: Proof | None
    findings: tuple[Finding, ...]
    rendered: bool
    edited: frozenset[str] = frozenset()


Judge = Callable[[Model], Sequence[Finding]]
"""What is wrong with a model beyond what reading it finds."""


class Nothing:
    """A tree without files."""

    label = "a new repository"

    def files(self, under: str = "") -> list[str]:  # noqa: ARG002 - the shape of a tree
        """None."""
        return []

    def read(self, path: str) -> bytes:
        """Never anything."""
        raise Unreadable(path, "there is no such file")

    def problems(self, under: str = "") -> list[Finding]:  # noqa: ARG002 - the shape of a tree
        """None."""
        return []


def result(source: Source, options: Options, judge: Judge, tree: Tree | None, known: Model | None) -> Result:
    """The import of a source, into the repository of a tree and its model where these are given.

    Without `tighten`, a namespace of which something would change all the same is left as it is: no team gets it, and
    its policies stay adopted as a whole. Raises `NothingToCheckError` where there is nothing to import, and
    `UsageError` where another cluster of the repository would not stay as it is.
    """
    left: frozenset[str] = frozenset()
    limited: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        found = _result(source, options, judge, tree, known, left, limited)
        differences = found.proof.changes if found.proof else ()
        pods = AddressSet.of(options.pods)
        wide = too_wide(found.plan.shared, differences, pods, options.environment) - limited
        changed = frozenset() if options.tighten else _changed(found) - left - _staying(found, options, known)
        if not wide and not changed:
            break
        limited |= wide
        left |= frozenset() if wide else changed
    if tree is not None and known is not None and found.proof:
        whole = Overlay(tree, found.files, "the import")
        after, _ = model.load(whole)
        assert after is not None  # noqa: S101 - it was proven
        neighbours.refuse_changes(neighbours.Side(known, tree), neighbours.Side(after, whole), options.cluster)
    return found


def _staying(found: Result, options: Options, known: Model | None) -> frozenset[str]:
    """The namespaces that the repository has, and that cannot be kept out of the cluster."""
    fixed = known is not None and (options.cluster in known.clusters or bool(found.plan.shared.others))
    return frozenset(found.plan.shared.folders) if fixed else frozenset()


def _changed(found: Result) -> frozenset[str]:
    """The namespaces of teams with an end of a connection that the import would change."""
    ends = [end for item in (found.proof.changes if found.proof else ()) for end in (item.source, item.destination)]
    return frozenset(end.namespace for end in ends if isinstance(end, Endpoint) and end.namespace in found.plan.units)


def _result(
    source: Source,
    options: Options,
    judge: Judge,
    tree: Tree | None,
    known: Model | None,
    left: frozenset[str],
    limited: frozenset[str],
) -> Result:
    fresh = tree is None or known is None
    below: Tree = Nothing() if tree is None else tree
    with_cluster = known is None or options.cluster not in known.clusters
    present = Present()
    if known is not None:
        cluster = options.cluster, options.environment, declaring.cluster_file(options, {}) if with_cluster else None
        here = {name for name in source.state.all_namespaces() if may_be_managed(name) and name in known.namespaces}
        present = _present(known, shared.of(here, source.state.endpoints, cluster, below, known, limited, left))
    refused: dict[RuleKey, Kept] = {}
    unfit: dict[str, str] = {}
    for _ in range(ROUNDS):
        plan = planning.of(source, options, present, refused, unfit, left)
        if not plan.units and not plan.keeps:
            raise NothingToCheckError(
                "there is nothing to declare: no policy, and no workload with labels in a namespace for a team",
                "; ".join(f"{item.what} ({item.where}): {item.why}" for item in source.left_out[:SAID])
                or "--namespace NAME is for objects that name none; default and kube-* belong to no team",
            )
        files = declaring.files(plan, below.read, fresh=fresh, with_cluster=with_cluster)
        whole = Overlay(below, files, "the import")
        loaded, findings = model.load(whole)
        errors = [item for item in findings if has_errors([item])]
        if loaded is not None:
            errors += [item for item in judge(loaded) if has_errors([item])]
        more = {key: why for key, why in _blamed(errors, plan, files).items() if key not in refused}
        odd = {id_: why for id_, why in _workloads(errors, plan, files).items() if id_ not in unfit}
        bad = _unfit(errors, plan)
        if not more and not odd and not bad:
            break
        source = source.without(bad)
        refused |= more
        unfit |= odd
    if errors or loaded is None:
        return Result(plan, files, None, tuple(errors), rendered=False)
    there = frozenset(files) & frozenset(below.files())
    files = {path: raw for path, raw in files.items() if path not in there or raw != below.read(path)}
    edited = there & files.keys() & declaring.edited(plan)
    compiled = {name: outlines(loaded, cluster) for name, cluster in loaded.clusters.items()}
    written = {**render.tree(loaded, render.own_templates(whole)), **gitops.tree(loaded, compiled)}
    if fresh:
        files = {**files, **written, gitops.CODEOWNERS_PATH: gitops.codeowners(loaded)}
    places = {item.where for item in source.policies}
    proven = proof.of(
        plan.original, places, Overlay(whole, {**_without(whole), **written}, "rendered"), options.cluster
    )
    return Result(plan, dict(sorted(files.items())), proven, (), fresh, edited)


def _without(tree: Tree) -> dict[str, bytes | None]:
    return dict.fromkeys(tree.files(render.RENDERED))


def _present(known: Model, same: Shared) -> Present:
    return Present(
        frozenset(known.namespaces),
        {
            peer.name: Named(peer.name, peer.cidrs, peer.excepts, peer.namespace, peer.labels)
            for peer in known.peers.values()
            if not peer.names
        },
        frozenset(item.name for item in known.workloads.values()),
        same,
    )


def _blamed(errors: Sequence[Finding], plan: Plan, files: Mapping[str, bytes]) -> dict[RuleKey, Kept]:
    """The rules whose flows, or whose peers, some errors are about."""
    found: dict[RuleKey, Kept] = {}
    for error in errors:
        name = _entry(error, files)
        folder = error.where.path.split("/")
        for flow in plan.flows:
            ends = [end.id for end in (*flow.sources, flow.destination)]
            by_place = folder[0] == "teams" and folder[2:3] == [flow.namespace] and name == flow.name
            of_peer = folder[:2] == ["policies", "catalog"] and name in ends
            if by_place or of_peer or error.subject == flow.id:
                text = f"{error.check.code} {error.check.name}: {error.message}"
                if error.check.code == IN_CLUSTER and not plan.options.pods:
                    text += f"; {declaring.UNKNOWN_NETWORK} only stands for its pods: give their addresses with --pods"
                why = Kept("not-valid", text)
                found.update(dict.fromkeys(flow.rules, why))
    return found


def _workloads(errors: Sequence[Finding], plan: Plan, files: Mapping[str, bytes]) -> dict[str, str]:
    """The workloads, as `namespace/name`, whose declarations some errors are about."""
    known = {unit.id for units in plan.units.values() for unit in units}
    found = {}
    for error in errors:
        parts = error.where.path.split("/")
        if parts[0] == "teams" and parts[-1] == "namespace.yaml":
            id_ = f"{parts[2]}/{_entry(error, files)}"
            if id_ in known:
                found[id_] = f"{error.check.code} {error.check.name}: {error.message}"
    return found


def _unfit(errors: Sequence[Finding], plan: Plan) -> dict[tuple[str, str, str, str], str]:
    """The policies, by key, that cannot be adopted since some errors are about their files."""
    origins = {declaring.adopted_path(plan.options.cluster, keep): keep.origin for keep in plan.keeps}
    found = {}
    for error in errors:
        if origin := origins.get(error.where.path):
            found[origin] = f"it cannot be adopted: {error.check.code} {error.check.name}: {error.message}"
    return found


def _entry(error: Finding, files: Mapping[str, bytes]) -> str:
    """The name of the flow or peer in which an error lies, by the form in which this package writes them."""
    lines = files.get(error.where.path, b"").decode().splitlines()[: error.where.line]
    for line in reversed(lines):
        if line.startswith("  - name: "):
            return line.removeprefix("  - name: ").strip('"')
        if line.startswith("  ") and line[2:3] not in (" ", "-", "#") and line.endswith(":"):
            return line.strip().removesuffix(":").strip('"')
    return ""
