"""Check plain manifests: what a server or network plugin refuses, and what it accepts but hardly anyone means.

examples:
  ringfence lint --manifests deploy/
  kustomize build overlays/prod | ringfence lint --manifests -

Needs no repository. A policy that is refused is not enforced, and fails open.
"""

from __future__ import annotations

import argparse
from typing import TextIO

from ringfence.commands import outputs, plain, shared
from ringfence.errors import NothingToCheckError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `lint`."""
    from ringfence.report import FINDING_FORMATS

    shared.add_common(parser, FINDING_FORMATS)
    outputs.add_output(parser, FINDING_FORMATS)
    plain.add_manifests(parser, required=True)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Print the findings with counts; 1 when any is an error."""
    from ringfence.report.text import plural

    cluster = plain.cluster(args, args.manifests)
    policies, workloads = len(cluster.policies), len(cluster.endpoints)
    others = sum(cluster.skipped.values())
    if not (policies or workloads or others or cluster.opaque or cluster.findings):
        raise NothingToCheckError(f"{', '.join(map(str, args.manifests))} holds no Kubernetes object")
    summary = (
        f"{plural(policies, 'policy')}, {plural(len(cluster.opaque), 'object')} not modelled, "
        f"{plural(workloads, 'workload')}, {plural(others, 'other object')}"
    )
    return outputs.print_findings(args, cluster.findings, out, summary)
