"""Find declared flows: by end, owner or environment.

examples:
  ringfence flows --to payments/paymentservice
  ringfence flows --from 'checkout/*' --env prod
  ringfence flows --owner payments --format json
  ringfence flows checkout/authorise-card

--from and --to take a workload, a namespace (shop/*) or a catalogue name. What the rendered policies allow is the
business of `ringfence connections`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.commands import ends, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS
from ringfence.findings import has_errors, in_order

if TYPE_CHECKING:
    from ringfence.model.types import Flow, Leg, Model

HEADER = ("FLOW", "FROM", "TO", "PORTS", "ENVIRONMENTS", "OWNER", "EXPIRES", "WHERE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `flows`."""
    shared.add_common(parser)
    parser.add_argument("--from", dest="source", metavar="END", help=f"only from this end: {ends.HELP}")
    parser.add_argument("--to", dest="destination", metavar="END", help="only to this end")
    parser.add_argument("--owner", metavar="TEAM", help="only flows of this team")
    parser.add_argument("--env", dest="environment", metavar="ENVIRONMENT", help="only what holds in this environment")
    parser.add_argument("flows", metavar="FLOW", nargs="*", help="only these flows (default: all)")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the flows; 1 when declarations could not be read, since flows may be missing then."""
    from ringfence.report import json, text, wants_colour

    loaded = shared.load(args.directory)
    findings = in_order(item for item in loaded.findings if has_errors([item]))
    if loaded.model is None:
        return shared.print_findings(findings, out, args.format)
    model = loaded.model
    chosen = _chosen(model, args)
    if args.format == "json":
        out.write(
            json.dump(
                {
                    "flows": [_row(model, flow, legs) for flow, legs in chosen],
                    "findings": [json.finding(item) for item in findings],
                }
            )
        )
    else:
        out.write(text.table(HEADER, [_cells(_row(model, flow, legs)) for flow, legs in chosen]))
        summary = f"{text.plural(len(chosen), 'flow')} of {len(model.flows)} declared"
        err.write(text.findings(findings, summary, wants_colour(err)))
    return EXIT_FINDINGS if findings else EXIT_CLEAN


def _chosen(model: Model, args: argparse.Namespace) -> list[tuple[Flow, list[Leg]]]:
    """The flows that are asked for, each with those of its legs that are."""
    from ringfence.model.flows import shared_environments

    source, destination = (ends.pattern(model, end) if end else None for end in (args.source, args.destination))
    owner = ends.known(args.owner, model.teams, "team") if args.owner is not None else None
    environment = (
        ends.known(args.environment, model.environments, "environment") if args.environment is not None else None
    )
    named = {ends.known(name, (flow.id for flow in model.flows), "flow") for name in args.flows}
    result = []
    for flow in model.flows:
        legs = [
            leg
            for leg in flow.legs
            if ends.matches(leg.source, source)
            and ends.matches(leg.destination, destination)
            and (environment is None or environment in shared_environments(leg, flow.environments))
        ]
        if legs and owner in (None, flow.team) and (flow.id in named or not named):
            result.append((flow, legs))
    return result


def _row(model: Model, flow: Flow, legs: list[Leg]) -> dict[str, Any]:
    """A flow as JSON has it; its ends are those of the legs that were asked for."""
    from ringfence.model.flows import shared_environments
    from ringfence.report import json

    held = {environment for leg in legs for environment in shared_environments(leg, flow.environments)}
    return {
        "flow": flow.id,
        "from": sorted({leg.source.id for leg in legs}),
        "to": sorted({leg.destination.id for leg in legs}),
        "ports": list(flow.ports_text),
        "environments": sorted(held & model.environments),
        "owner": flow.team,
        "reason": flow.reason,
        "expires": flow.expires.isoformat() if flow.expires else "",
        "ticket": flow.ticket,
        **json.location(flow.where),
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    listed = (", ".join(row[key]) for key in ("from", "to", "ports", "environments"))
    return (row["flow"], *listed, row["owner"], row["expires"] or "never", f"{row['path']}:{row['line']}")
