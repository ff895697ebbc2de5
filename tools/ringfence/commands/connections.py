"""List what may talk to what, from the rendered policies or from plain manifests.

examples:
  ringfence connections --cluster prod-eu
  ringfence connections --cluster prod-eu --from checkout/checkoutservice
  ringfence connections --to payments/paymentservice --format json
  ringfence connections --manifests deploy/ --cni calico
  kustomize build overlays/prod | ringfence connections --manifests - --focus shop/cart --direction ingress
  ringfence connections --manifests deploy/ --port 5432/TCP

An end is a workload (shop/cart), a bare name (cart), a namespace (shop/*), a catalogue name or an address.
--from and --to both hold; --focus takes connections from or to an end, with --peer only those to or from that one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import asked, plain, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.connectivity import Connectivity, Row
    from ringfence.connectivity.choice import Choice
    from ringfence.connectivity.listing import Connection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `connections`."""
    shared.add_common(parser)
    shared.add_cluster(parser)
    plain.add_manifests(parser)
    parser.add_argument("--from", dest="source", metavar="END", help="only connections from this end")
    parser.add_argument("--to", dest="destination", metavar="END", help="only connections to this end")
    asked.add_focus(parser)
    parser.add_argument(
        "--peer", metavar="END", action="append", help="with --focus: the other end; may be given again"
    )
    parser.add_argument(
        "--port", metavar="PORT", type=asked.ports, help="only these ports: 8443, 53/UDP or 8000-8080/TCP"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the connections; 1 when reading the manifests found errors."""
    return _plain(args, out, err) if plain.reads_manifests(args) else _repository(args, out, err)


def _plain(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    from ringfence.connectivity import evaluate, listing, to_json
    from ringfence.report import json, text

    choice = asked.choice(args)
    cluster = plain.cluster(args, args.manifests)
    result = evaluate(cluster.asked((choice.source, choice.destination, *choice.focus, *choice.peers)))
    findings = in_order(cluster.findings)
    if not result.endpoints and not has_errors(findings):
        raise NothingToCheckError("the manifests hold no workload", "--manifests takes workloads and policies together")
    known = [name for end in result.endpoints for name in (str(end), end.id, f"{end.namespace}/*")]
    choice.check([*known, *map(str, result.space.places)])
    if args.format == "json":
        data = to_json(result, _chosen_rows(result, choice) if choice else None)
        out.write(json.dump({**data, "findings": [json.finding(item) for item in findings]}))
        return EXIT_FINDINGS if has_errors(findings) else EXIT_CLEAN
    rows = choice.of(listing.listing(result))
    counts = result.counts
    summary = (
        f"{text.plural(counts.endpoints, 'workload')}, {text.plural(counts.policies, 'policy')}, "
        f"{text.plural(sum(cluster.skipped.values()), 'object')} of other kinds skipped"
    )
    return _print(rows, findings, args.format, summary, out, err)


def _repository(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    from ringfence.report import text
    from ringfence.verify import listing

    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    states, _ = shared.states(repository, model, args.cluster)
    rows = [row for state in states for row in listing.listing(state, model)]
    if args.cluster is not None:
        rows = [row for row in rows if args.cluster in row.cluster.split("+")]
    known = {*model.workloads, *model.peers, *(f"{name}/*" for name in model.namespaces)}
    known |= {pod for state in states for pod in state.declared.pods}
    findings = in_order(finding for state in states for finding in state.findings)
    summary = (
        f"{text.plural(len(states), 'Kubernetes cluster')}, {text.plural(len(model.workloads), 'workload')} declared"
    )
    choice = asked.choice(args)
    choice.check(known)
    return _print(choice.of(rows), findings, args.format, summary, out, err)


def _chosen_rows(result: Connectivity, choice: Choice) -> Iterator[Row]:
    """The rows that are asked for, with the ports that are."""
    from ringfence.connectivity import listing

    for row in result.rows(replicas=False):
        for kept in choice.of([listing.connection(row)]):
            yield row._replace(allowed=kept.ports, undefined=kept.undefined)


def _print(
    rows: Sequence[Connection], findings: Sequence[Finding], format_: str, summary: str, out: TextIO, err: TextIO
) -> int:
    from ringfence.report import json, text, wants_colour

    if format_ == "json":
        connections = [
            {
                "cluster": row.cluster,
                "source": row.source,
                "destination": row.destination,
                "ports": row.ports.to_json(),
                "undefined": row.undefined.to_json(),
                "restricted": {what: ports.to_json() for what, ports in row.restricted},
                "because": list(row.causes),
            }
            for row in rows
        ]
        out.write(json.dump({"connections": connections, "findings": [json.finding(item) for item in findings]}))
    else:
        header: tuple[str, ...] = ("CLUSTER", "FROM", "TO", "PORTS", "BECAUSE OF")
        table = [(row.cluster, row.source, row.destination, _ports(row), ", ".join(row.causes)) for row in rows]
        if all(not row.cluster for row in rows):
            header, table = header[1:4], [cells[1:4] for cells in table]  # type: ignore[misc]
        out.write(text.table(header, table))
        summary = f"{text.plural(len(rows), 'connection')}: {summary}"
        err.write(text.findings(findings, summary, wants_colour(err)))
    return EXIT_FINDINGS if has_errors(findings) else EXIT_CLEAN


def _ports(row: Connection) -> str:
    parts = [str(row.ports)] if row.ports else []
    if row.undefined:
        parts.append(f"undefined: {row.undefined}")
    parts += [f"L7-restricted ({what}): {ports}" for what, ports in row.restricted]
    return "; ".join(parts)
