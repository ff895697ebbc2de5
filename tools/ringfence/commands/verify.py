"""Prove that the rendered policies do exactly what was declared, pair by pair.

examples:
  ringfence verify
  ringfence verify --cluster prod-eu
  ringfence verify --output sarif=verify.sarif

Reads policies/rendered from disk, computes what it allows, and compares with the flows and the baseline: what
is missing, what is in excess. Guardrails are held against the same connectivity.
The files for Argo CD and Flux are the business of `ringfence render --check`.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TextIO

from ringfence.commands import outputs, progress, shared
from ringfence.errors import NothingToCheckError
from ringfence.findings import Finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `verify`."""
    from ringfence.report import FINDING_FORMATS

    shared.add_common(parser, FINDING_FORMATS)
    outputs.add_output(parser, FINDING_FORMATS)
    shared.add_cluster(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare and print; 1 when anything differs."""
    from ringfence import verify
    from ringfence.report.text import plural
    from ringfence.verify import adopted

    loaded = shared.load_valid(args.directory, out, err, args.format, partial(outputs.also, args))
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    side = verify.States(model, repository.tree)
    names = side.names
    if args.cluster is not None:
        names = [item.kubernetes_cluster for item in shared.pick_clusters(model, args.cluster)]
    findings: list[Finding] = [] if args.cluster is not None else side.strays()
    clusters: list[str] = []
    policies = pairs = beside = 0
    for number, name in enumerate(names, start=1):
        progress.stage(f"proving {name}, {number} of {len(names)}")
        state = side.of(name)
        clusters += [cluster.name for cluster in state.clusters]
        findings += state.findings
        findings += verify.compare(state)
        findings += verify.violations(state, model, shared.today())
        findings += adopted.told(state)
        beside += len(state.adopted)
        policies += sum(len(objects) for objects in state.objects.values())
        pairs += verify.pairs(state)
    if not policies:
        raise NothingToCheckError("there is no rendered policy to verify", "run: ringfence render")
    kept = f" ({plural(beside, 'adopted policy')} among them)" if beside else ""
    summary = (
        f"{plural(policies, 'policy')}{kept} in {', '.join(sorted(clusters))}: {plural(pairs, 'pair')} of ends "
        f"compared, {plural(len(model.guardrails), 'guardrail')} held against them"
    )
    return outputs.print_findings(args, findings, out, summary)
