"""Check plain manifests: what a server refuses, and policies that have no effect or another than it seems.

examples:
  ringfence lint --manifests deploy/
  ringfence lint --manifests deploy/ --cni calico --fail-on warning
  kustomize build overlays/prod | ringfence lint --manifests -

Needs no repository. Errors are what a server or network plugin refuses: it is not enforced, and fails open. Warnings
and infos are about what is accepted: rules that others decide before or repeat, selectors that match nothing, allows
that the other end denies.
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
    shared.add_fail_on(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Print the findings with counts; 1 when any is as bad as `--fail-on` says."""
    from ringfence import lint
    from ringfence.connectivity import dialects
    from ringfence.report.text import plural

    cluster = plain.cluster(args, args.manifests)
    policies = len(cluster.policies) + len(cluster.admin) + len(dialects.policies((*cluster.calico, *cluster.cilium)))
    workloads = len(cluster.endpoints)
    others = sum(cluster.skipped.values())
    if not (policies or workloads or others or cluster.opaque or cluster.findings):
        raise NothingToCheckError(f"{', '.join(map(str, args.manifests))} holds no Kubernetes object")
    summary = (
        f"{plural(policies, 'policy')}, {plural(len(cluster.opaque), 'object')} not modelled, "
        f"{plural(workloads, 'workload')}, {plural(others, 'other object')}"
    )
    findings = [*cluster.findings, *lint.findings(cluster)]
    outputs.print_findings(args, findings, out, summary)
    return shared.exit_code(findings, args.fail_on)
