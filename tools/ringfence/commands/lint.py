"""Check policies: what a server refuses, and what has no effect or another than it seems.

examples:
  ringfence lint
  ringfence lint --manifests deploy/
  ringfence lint --manifests deploy/ --cni calico --fail-on warning
  kustomize build overlays/prod | ringfence lint --manifests -

Without --manifests, the rendered policies of the repository are checked. Errors are what a server or network plugin
refuses: it is not enforced, and fails open. Warnings and infos are about what is accepted: rules that others decide
before or repeat, selectors that match nothing, allows that the other end denies.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TextIO

from ringfence.commands import outputs, plain, shared
from ringfence.errors import NothingToCheckError
from ringfence.findings import Finding, in_order


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `lint`."""
    from ringfence.report import FINDING_FORMATS

    shared.add_common(parser, FINDING_FORMATS)
    outputs.add_output(parser, FINDING_FORMATS)
    shared.add_cluster(parser)
    plain.add_manifests(parser)
    shared.add_fail_on(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the findings with counts; 1 when any is as bad as `--fail-on` says."""
    return _plain(args, out) if plain.reads_manifests(args) else _repository(args, out, err)


def _repository(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    from ringfence import lint
    from ringfence.report.text import plural

    loaded = shared.load_valid(args.directory, out, err, args.format, partial(outputs.also, args))
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    states, _ = shared.states(repository, model, args.cluster)
    findings = [finding for state in states for finding in state.findings]
    for state in states:
        findings += lint.findings(state.connectivity.cluster, state.connectivity)
    names = sorted(cluster.name for state in states for cluster in state.clusters)
    policies = sum(state.objects.count for state in states)
    return _print(args, findings, out, f"{plural(policies, 'policy')} in {', '.join(names)}")


def _plain(args: argparse.Namespace, out: TextIO) -> int:
    from ringfence import lint
    from ringfence.connectivity import dialects
    from ringfence.report.text import plural

    cluster = plain.cluster(args, args.manifests)
    policies = len(cluster.policies) + len(cluster.admin) + len(dialects.policies((*cluster.calico, *cluster.cilium)))
    workloads = len(cluster.endpoints)
    others = sum(cluster.skipped.values())
    if not (policies or workloads or cluster.opaque or cluster.findings):
        held = f"only {plural(others, 'other object')}: " if others else ""
        raise NothingToCheckError(
            f"{', '.join(map(str, args.manifests))} holds {held}no policy and no workload",
            "name the manifests of a cluster; for declarations of Ringfence: ringfence lint, without --manifests",
        )
    summary = (
        f"{plural(policies, 'policy')}, {plural(len(cluster.opaque), 'object')} not modelled, "
        f"{plural(workloads, 'workload')}, {plural(others, 'other object')}"
    )
    return _print(args, [*cluster.findings, *lint.findings(cluster)], out, summary)


def _print(args: argparse.Namespace, findings: Sequence[Finding], out: TextIO, summary: str) -> int:
    outputs.print_findings(args, in_order(findings), out, summary)
    return shared.exit_code(findings, args.fail_on)
