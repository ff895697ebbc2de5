"""Declare a flow: the right file, the right style, checked before it is written.

examples:
  ringfence flow add --from shop/cart --to payments/api --port https --reason 'The card is charged'
  ringfence flow add --from shop/cart --to stripe --port 443 --reason 'A trial' --env dev --expires 2027-03-31 --dry-run

A flow goes to the folder of its source; one that comes from a catalogue name, to that of its destination. What
`ringfence validate` would refuse is not written.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.commands import edits, ends, placing, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from ringfence.findings import Finding, has_errors

if TYPE_CHECKING:
    from ringfence.commands.shared import Loaded
    from ringfence.model.types import Model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `flow`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    add = actions.add_parser(
        "add",
        help="declare one flow",
        description="Declare one flow. Options that take several values are given once for each.",
        allow_abbrev=False,
    )
    shared.add_common(add)
    add.add_argument("--from", dest="sources", metavar="END", action="append", required=True, help="who calls")
    add.add_argument("--to", dest="destinations", metavar="END", action="append", required=True, help="who is called")
    add.add_argument(
        "--port",
        dest="ports",
        metavar="PORT",
        action="append",
        required=True,
        help="a port's name at the destination, or 8443, 53/UDP, 30000-30100/UDP",
    )
    add.add_argument("--reason", required=True, help="why, in one line, for whoever finds the rule in three years")
    add.add_argument("--name", help="the name of the flow in its namespace (default: SOURCE-to-DESTINATION)")
    add.add_argument(
        "--env",
        dest="environments",
        metavar="ENVIRONMENT",
        action="append",
        help="only in this environment (default: wherever both ends exist)",
    )
    add.add_argument("--expires", metavar="DATE", type=shared.date, help="the last day of the flow")
    add.add_argument("--ticket", help="where it was decided")
    add.add_argument("--dry-run", action="store_true", help="print the change and write nothing")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Add the flow; 1 when the declarations are in error, or would be with it."""
    loaded = shared.load(args.directory)
    if has_errors(loaded.findings) or loaded.model is None:
        shared.print_findings(loaded.findings, out, args.format)
        print("The declarations are in error, so nothing is added to them.", file=err)
        return EXIT_FINDINGS
    flow, path, namespace = _declared(args, loaded, loaded.model)
    changes = {path: placing.content(loaded, path, flow)}
    after, findings = edits.judged(loaded, changes, shared.today())
    id_ = f"{namespace}/{flow['name']}"
    if after is None or has_errors(findings):
        shared.print_findings(findings, out, args.format)
        print(f"Nothing was written: flow {id_} as it would stand in {path} is refused.", file=err)
        return EXIT_FINDINGS
    _refuse_repeated(after, id_)
    done = _Done(id_, path, edits.diff(loaded, changes), _asked(after, id_), findings, written=not args.dry_run)
    if done.written:
        edits.write(loaded, changes)
    if args.format == "json":
        _print_json(done, out)
    else:
        _print_text(done, out, err)
    return EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class _Done:
    """What was added, or would be: `asked` are the teams that have to agree, with their owners."""

    flow: str
    path: str
    diff: str
    asked: dict[str, tuple[str, ...]]
    findings: list[Finding]
    written: bool


def _declared(args: argparse.Namespace, loaded: Loaded, model: Model) -> tuple[dict[str, Any], str, str]:
    """The declaration as data, its file, and its namespace."""
    for option in ("name", "reason", "ticket"):
        _seen(option, getattr(args, option) or "")
    sources, destinations = (_ends(model, names) for names in (args.sources, args.destinations))
    home = placing.home(sources, destinations)
    namespace = home.namespace
    environments = [
        ends.known(name, model.environments, "environment") for name in dict.fromkeys(args.environments or ())
    ]
    for end in destinations:
        for port in args.ports:
            _known_port(end, port)
    taken = {flow.name: flow for flow in model.flows if flow.namespace == namespace}
    if args.name in taken:
        where = taken[args.name].where
        raise UsageError(
            f"there is a flow {args.name} in namespace {namespace} already: {where}", "choose another name"
        )
    if args.expires is not None and args.expires < shared.today():
        raise UsageError(f"{args.expires} is over, so the flow would have expired already", "name a day to come")
    named = [[placing.written(end, namespace, model) for end in side] for side in (sources, destinations)]
    flow: dict[str, Any] = {
        "name": args.name if args.name is not None else placing.name_for(sources, destinations, taken),
        "from": named[0] if len(named[0]) > 1 else named[0][0],
        "to": named[1] if len(named[1]) > 1 else named[1][0],
        "ports": [int(port) if re.fullmatch("[1-9][0-9]{0,8}", port) else port for port in args.ports],
        "reason": args.reason,
    }
    if environments:
        flow["environments"] = environments
    if args.expires is not None:
        flow["expires"] = args.expires.isoformat()
    if args.ticket is not None:
        flow["ticket"] = args.ticket
    return flow, placing.file_of(loaded, model.namespaces[namespace]), namespace


def _seen(option: str, text: str) -> None:
    """Raise `UsageError` for a character that a person who reviews the flow could not see."""
    from ringfence.documents.text import name_of, unseen

    if found := unseen(text):
        raise UsageError(f"--{option} holds {name_of(found[0])}, which nobody can see", "write it without")


def _ends(model: Model, names: list[str]) -> list[Any]:
    known: dict[str, Any] = {**model.workloads, **model.peers}
    return [known[ends.known(name, known, "end")] for name in dict.fromkeys(names)]


def _known_port(end: Any, text: str) -> None:
    """Raise `UsageError` with the nearest name where a port has none at an end."""
    from ringfence.model.ports import is_numeric
    from ringfence.values.nearest import nearest

    if is_numeric(text) or end.port(text) is not None:
        return
    names = [port.name for port in end.ports]
    guess = nearest(text, names)
    listed = f"it has {', '.join(names)}" if names else "it has no named ports; write a number such as 8443/TCP"
    raise UsageError(f"{end.id} has no port {text!r}", f"did you mean {guess}?" if guess else listed)


def _refuse_repeated(model: Model, id_: str) -> None:
    """Raise `UsageError` where another flow allows all that the new one does."""
    from ringfence.model.repeated import covers

    added = next(flow for flow in model.flows if flow.id == id_)
    for flow in model.flows:
        if flow is not added and covers(flow, added):
            raise UsageError(f"flow {flow.id} allows all of that already: {flow.where}", "there is nothing to add")


def _asked(model: Model, id_: str) -> dict[str, tuple[str, ...]]:
    """The teams at whose workloads the flow ends, but for its own, with their owners."""
    from ringfence.model.types import Workload

    flow = next(item for item in model.flows if item.id == id_)
    teams = {end.team for leg in flow.legs for end in (leg.source, leg.destination) if isinstance(end, Workload)}
    return {team: model.teams[team].owners for team in sorted(teams - {flow.team}) if team in model.teams}


def _print_json(done: _Done, out: TextIO) -> None:
    from ringfence.report import json

    asked = [{"for": team, "owners": list(owners)} for team, owners in done.asked.items()]
    findings = [json.finding(item) for item in done.findings]
    out.write(
        json.dump(
            {
                "flow": done.flow,
                "path": done.path,
                "written": done.written,
                "diff": done.diff,
                "asked": asked,
                "findings": findings,
            }
        )
    )


def _print_text(done: _Done, out: TextIO, err: TextIO) -> None:
    from ringfence import report
    from ringfence.report import text

    out.write(edits.coloured(done.diff) if report.wants_colour(out) else done.diff)
    said = f"1 flow {'added' if done.written else 'would be added'} to {done.path}: {done.flow}"
    err.write(text.findings(done.findings, said, report.wants_colour(err)))
    if not done.written:
        return
    print("next:\n  ringfence render    writes the policies\n  ringfence impact    says what opens", file=err)
    for team, owners in done.asked.items():
        print(f"  team {team} ({' '.join(owners)}) will be asked to approve the merge request", file=err)
