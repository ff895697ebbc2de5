"""Write policies/rendered from the declarations, or check that it is current.

examples:
  ringfence render                    write what changed, remove what is stale
  ringfence render --check            name missing, extra and changed files; write nothing
  ringfence render --cluster prod-eu  only this cluster's overlays, and the base that they build on
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import judged, progress, rerendered, shared
from ringfence.errors import EXIT_CLEAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ringfence.commands.rerendered import History
    from ringfence.commands.shared import Loaded
    from ringfence.model.types import Model
    from ringfence.render import Written
    from ringfence.sources import Tree


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `render`."""
    shared.add_common(parser)
    shared.add_cluster(parser)
    parser.add_argument("--check", action="store_true", help="compare with the files on disk; write nothing")


def expected_tree(loaded: Loaded, model: Model) -> dict[str, bytes]:
    """Every file below policies/rendered as the declarations want it."""
    return expected_files(loaded.tree, model)


def expected_files(tree: Tree, model: Model) -> dict[str, bytes]:
    """The same for a tree, of which the templates are taken."""
    from ringfence import gitops, render
    from ringfence.compile import outlines

    templates = render.own_templates(tree)
    bundles = {name: outlines(model, cluster) for name, cluster in model.clusters.items()}
    return {**render.tree(model, templates), **gitops.tree(model, bundles)}


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write or check the rendered tree; 1 when the check finds drift."""
    from ringfence import render
    from ringfence.report.text import plural

    history = rerendered.History(shared.find_root(args.directory)) if args.cluster is None else None
    if history and (code := _again(args, history, out, err)) is not None:
        return code
    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    shared.pick_clusters(model, args.cluster)
    progress.stage(f"rendering {plural(len(model.namespaces), 'namespace')}")
    expected = expected_tree(repository, model)
    progress.stage(f"comparing {plural(len(expected), 'rendered file')} with the disk")
    if args.check:
        findings = render.compare(repository.root, expected, render.scope(args.cluster))
        number = sum(1 for path in expected if path.startswith(render.scope(args.cluster)))
        if history and not findings:
            history.note()
        return shared.print_findings(findings, out, args.format, f"{plural(number, 'rendered file')} checked")
    written = render.write(repository.root, expected, render.scope(args.cluster))
    if history:
        history.note()
    return _print(args, written, written.unchanged, out, err)


def _again(args: argparse.Namespace, history: History, out: TextIO, err: TextIO) -> int | None:
    """The same for the bundles that can differ from a commit of which all is known; None where that may be all."""
    from ringfence import render
    from ringfence.findings import has_errors
    from ringfence.report.text import plural

    root = shared.find_root(args.directory)
    judgement = judged.working_tree(root, shared.today())
    if has_errors(judgement.findings) or not judgement.counts or (again := history.again()) is None:
        return None
    shared.say_known(len(again.others), len(again.expected) + len(again.others), "rendered file", err)
    if args.check:
        findings = render.compare(root, again.expected, again.folders)
        if not findings:
            history.note()
        number = len(again.expected) + len(again.others)
        return shared.print_findings(findings, out, args.format, f"{plural(number, 'rendered file')} checked")
    written = render.write(root, again.expected, again.folders)
    history.note()
    return _print(args, written, (*written.unchanged, *again.others), out, err)


def _print(args: argparse.Namespace, written: Written, unchanged: Sequence[str], out: TextIO, err: TextIO) -> int:
    from ringfence.report import json
    from ringfence.report.text import plural

    if args.format == "json":
        names = ("created", "changed", "removed")
        out.write(
            json.dump({**{name: sorted(getattr(written, name)) for name in names}, "unchanged": sorted(unchanged)})
        )
        return EXIT_CLEAN
    for verb, paths in (("created", written.created), ("changed", written.changed), ("removed", written.removed)):
        for path in sorted(paths):
            print(f"{verb} {path}", file=err)
    print(
        f"{plural(len(written.created), 'file')} created, {len(written.changed)} changed, "
        f"{len(written.removed)} removed, {len(unchanged):,} unchanged",
        file=out,
    )
    return EXIT_CLEAN
