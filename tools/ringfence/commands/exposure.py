"""Say what is open to the world, and to pods that nobody declared: of any namespace, of one, with certain labels.

examples:
  ringfence exposure --cluster prod-eu
  ringfence exposure --manifests deploy/ --cni calico
  kustomize build overlays/prod | ringfence exposure --manifests - --focus shop/cart --direction ingress

Policies select by labels, so a rule that matches no pod today opens a way for the pod that comes tomorrow.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import asked, plain, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.connectivity import Direction, Endpoint
    from ringfence.connectivity.choice import Choice
    from ringfence.connectivity.exposure import Exposure
    from ringfence.report.exposure import Part
    from ringfence.values.addresses import AddressSet
    from ringfence.verify import State


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `exposure`."""
    shared.add_common(parser)
    shared.add_cluster(parser)
    plain.add_manifests(parser)
    asked.add_focus(parser)
    parser.add_argument(
        "--all", action="store_true", help="show also what is open to more pods with the labels of declared workloads"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the exposure of each cluster; 1 when reading the manifests found errors."""
    from ringfence import report
    from ringfence.report import exposure as written
    from ringfence.report import json, text

    found = _plain(args) if plain.reads_manifests(args) else _repository(args, out, err)
    if isinstance(found, int):
        return found
    parts, findings = found
    if args.format == "json":
        out.write(json.dump({**written.as_json(parts), "findings": [json.finding(item) for item in findings]}))
    else:
        out.write(written.as_text(parts, report.wants_colour(out)))
        err.write(text.findings(findings, written.summary(parts), report.wants_colour(err)))
    return EXIT_FINDINGS if has_errors(findings) else EXIT_CLEAN


def _plain(args: argparse.Namespace) -> tuple[list[Part], list[Finding]]:
    from ringfence.connectivity.exposure import exposure

    cluster = plain.cluster(args, args.manifests)
    findings = in_order(cluster.findings)
    if not cluster.endpoints and not has_errors(findings):
        raise NothingToCheckError("the manifests hold no workload", "--manifests takes workloads and policies together")
    choice = asked.choice(args)
    choice.check(name for end in cluster.endpoints for name in (str(end), end.id, f"{end.namespace}/*"))

    def label(end: Endpoint, direction: Direction) -> str | None:
        return str(end) if choice.has(str(end), end.id, direction.value) else None

    return [_part("", exposure(cluster, args.all), label)], findings


def _repository(args: argparse.Namespace, out: TextIO, err: TextIO) -> tuple[list[Part], list[Finding]] | int:
    from ringfence.connectivity.exposure import exposure

    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    states, chosen = shared.states(repository, model, args.cluster)
    choice = asked.choice(args)
    choice.check([*model.workloads, *(f"{name}/*" for name in model.namespaces), *_ids(states)])
    parts = []
    for state in states:
        found = exposure(state.connectivity.cluster, args.all)
        names = {peer.addresses: peer.name for peer in model.peers.values() if peer.addresses}
        parts += [
            _part(cluster.name, found, partial(_label, state, cluster.name, choice), names)
            for cluster in state.clusters
            if cluster in chosen
        ]
    return parts, in_order(finding for state in states for finding in state.findings)


def _label(state: State, cluster: str, choice: Choice, end: Endpoint, direction: Direction) -> str | None:
    """What a workload of a cluster is called, None for any other end and for what is not in focus."""
    pod = state.declared.pods.get(end.id)
    if pod is None or pod.declared is None or pod.cluster is None or pod.cluster.name != cluster:
        return None
    return pod.label if choice.has(pod.label, end.id, direction.value) else None


def _ids(states: list[State]) -> Iterator[str]:
    for state in states:
        yield from state.declared.pods


def _part(
    name: str,
    found: Exposure,
    label: Callable[[Endpoint, Direction], str | None],
    names: Mapping[AddressSet, str] = MappingProxyType({}),
) -> Part:
    """The exposure of one cluster, of the workloads that have a label. Nodes do not count: they reach their pods."""
    from ringfence.report.exposure import Line, Part
    from ringfence.values.addresses import AddressSet

    nodes = found.connectivity.cluster.profile.nodes
    lines = []
    for row in found.rows:
        shown = label(row.workload, row.direction)
        addresses = row.peer if isinstance(row.peer, AddressSet) else None
        from_nodes = addresses is not None and addresses <= nodes and row.direction.value == "ingress"
        if shown is not None and not from_nodes:
            lines.append(Line(shown, row, names.get(addresses, "") if addresses is not None else ""))
    unprotected = [
        (shown, direction) for end, direction in found.unprotected if (shown := label(end, direction)) is not None
    ]
    return Part(name, tuple(lines), tuple(unprotected), found.left_out)
