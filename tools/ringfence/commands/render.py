"""Write policies/rendered from the declarations, or check that it is current.

examples:
  ringfence render                    write what changed, remove what is stale
  ringfence render --check            name missing, extra and changed files; write nothing
  ringfence render --cluster prod-eu  only this cluster's overlays, and the base that they build on
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import progress, shared
from ringfence.errors import EXIT_CLEAN

if TYPE_CHECKING:
    from ringfence.commands.shared import Loaded
    from ringfence.model.types import Model
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
    from ringfence.report import json
    from ringfence.report.text import plural

    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    shared.pick_clusters(model, args.cluster)
    progress.stage(f"rendering {plural(len(model.namespaces), 'namespace')}")
    expected = expected_tree(repository, model)
    progress.stage(f"comparing {plural(len(expected), 'rendered file')} with the disk")
    if args.check:
        findings = render.compare(repository.root, expected, cluster=args.cluster)
        number = sum(1 for path in expected if path.startswith(render.scope(args.cluster)))
        return shared.print_findings(findings, out, args.format, f"{plural(number, 'rendered file')} checked")
    written = render.write(repository.root, expected, cluster=args.cluster)
    if args.format == "json":
        names = ("created", "changed", "removed", "unchanged")
        out.write(json.dump({name: sorted(getattr(written, name)) for name in names}))
        return EXIT_CLEAN
    for verb, paths in (("created", written.created), ("changed", written.changed), ("removed", written.removed)):
        for path in sorted(paths):
            print(f"{verb} {path}", file=err)
    print(
        f"{plural(len(written.created), 'file')} created, {len(written.changed)} changed, "
        f"{len(written.removed)} removed, {len(written.unchanged):,} unchanged",
        file=out,
    )
    return EXIT_CLEAN
