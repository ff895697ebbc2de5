"""Compare two environments: flows and connections that one has and the other lacks.

examples:
  ringfence promote-diff staging prod
  ringfence promote-diff staging prod --format json

Connections are those of the rendered policies, with a column for each environment; where its clusters differ, the
cell names them. A difference is no error: the exit code is 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import ends, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, UsageError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.impact.environments import Cell, Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `promote-diff`."""
    shared.add_common(parser)
    parser.add_argument("source", metavar="FROM", help="the environment that changes come from, such as staging")
    parser.add_argument("target", metavar="TO", help="the environment that they go to, such as prod")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare and print; 1 when reading the rendered policies found errors."""
    from ringfence.impact import environments

    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    names = [ends.known(name, model.environments, "environment") for name in (args.source, args.target)]
    if names[0] == names[1]:
        raise UsageError(f"{names[0]} cannot be compared with itself", "name two environments")
    if not any(path.endswith(".yaml") for path in repository.tree.files("policies/rendered")):
        raise NothingToCheckError("there is no rendered policy", "run: ringfence render")
    result = environments.compare(model, repository.tree, names)
    findings = in_order(result.findings)
    if args.format == "json":
        _print_json(result, findings, out)
    else:
        _print_text(result, findings, out, err)
    return EXIT_FINDINGS if has_errors(findings) else EXIT_CLEAN


def _print_json(result: Comparison, findings: Sequence[Finding], out: TextIO) -> None:
    from ringfence.report import json

    flows = [
        {
            "flow": gap.flow.id,
            "owner": gap.flow.team,
            "environments": list(gap.held),
            "why": gap.why,
            **json.location(gap.flow.where),
        }
        for gap in result.flows
    ]
    connections = [
        {
            "source": gap.source,
            "destination": gap.destination,
            "clusters": {
                name: {"ports": ports.to_json(), "undefined": undefined.to_json()}
                for name, (ports, undefined) in gap.cells.items()
            },
            "because": list(gap.causes),
        }
        for gap in result.connections
    ]
    environments = [{"name": name, "clusters": list(clusters)} for name, clusters in result.clusters.items()]
    listed = [json.finding(item) for item in findings]
    out.write(json.dump({"environments": environments, "flows": flows, "connections": connections, "findings": listed}))


def _print_text(result: Comparison, findings: Sequence[Finding], out: TextIO, err: TextIO) -> None:
    from ringfence import report
    from ringfence.report import text

    names = list(result.clusters)
    columns = [name.upper() for name in names]
    colour = report.wants_colour(out)
    if result.flows:
        rows = [(gap.flow.id, *("yes" if name in gap.held else "-" for name in names), gap.why) for gap in result.flows]
        out.write(text.paint("Flows that do not hold alike", "1", colour) + "\n")
        out.write(text.table(("FLOW", *columns, "WHY"), rows) + "\n")
    if result.connections:
        cells = [
            (
                gap.source,
                gap.destination,
                *(_cell({cluster: gap.cells[cluster] for cluster in result.clusters[name]}) for name in names),
                ", ".join(gap.causes),
            )
            for gap in result.connections
        ]
        out.write(text.paint("Connections that are not allowed alike", "1", colour) + "\n")
        out.write(text.table(("FROM", "TO", *columns, "BECAUSE OF"), cells) + "\n")
    summary = (
        f"{' and '.join(names)}: {text.plural(len(result.flows), 'flow')} and "
        f"{text.plural(len(result.connections), 'connection')} differ"
    )
    err.write(text.findings(findings, summary, report.wants_colour(err)))


def _cell(cells: Mapping[str, Cell]) -> str:
    """What the clusters of one environment allow; each by its name where they differ."""
    if len(set(cells.values())) == 1:
        return _ports(next(iter(cells.values())))
    return "; ".join(f"{_ports(cell)} ({cluster})" for cluster, cell in cells.items())


def _ports(cell: Cell) -> str:
    allowed, undefined = cell
    parts = [str(allowed)] if allowed else []
    if undefined:
        parts.append(f"undefined: {undefined}")
    return ", ".join(parts) or "-"
