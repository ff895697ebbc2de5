"""Remove what has expired: flows and waivers, from the files that hold them.

examples:
  ringfence expire                          what has expired until today
  ringfence expire --at 2027-04-01 --dry-run

A flow or waiver still holds on the day of its `expires`. Waivers of flows that go, go too; a file of which nothing is
left is removed; comments on what stays are kept. Then the impact of the clean-up is shown.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import edits, expiring, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS
from ringfence.findings import has_errors

if TYPE_CHECKING:
    import datetime

    from ringfence.commands.edits import Done
    from ringfence.commands.expiring import Gone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `expire`."""
    shared.add_common(parser)
    parser.add_argument("--at", metavar="DATE", type=shared.date, help="judge expiry as of this date (default: today)")
    parser.add_argument("--dry-run", action="store_true", help="print the change and its impact; write nothing")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Remove what has expired; 1 when the declarations are in error, or something new is wrong without it."""
    loaded = shared.load(args.directory)
    if has_errors(loaded.findings) or loaded.model is None:
        shared.print_findings(loaded.findings, out, args.format)
        print("The declarations are in error, so nothing is removed from them.", file=err)
        return EXIT_FINDINGS
    day = args.at or shared.today()
    items = expiring.gone(loaded.model, day)
    changes = expiring.without(loaded.tree, items)
    after, findings = edits.judged(loaded, changes, day)
    assert after is not None  # noqa: S101 - neither settings nor clusters are touched
    models, called = (loaded.model, after), ("the declarations now", "without what expired")
    command = f"ringfence expire --at {day} --dry-run"
    impact = edits.impact(loaded, models, changes, called, command, day) if items else None
    done = edits.Done(changes, edits.diff(loaded, changes), impact, findings, written=not args.dry_run)
    if done.written and changes:
        edits.write(loaded, changes)
    if args.format == "json":
        _print_json(day, items, done, out)
    else:
        _print_text(day, items, done, out, err)
    return EXIT_FINDINGS if has_errors(findings) or done.failed else EXIT_CLEAN


def _print_json(day: datetime.date, items: list[Gone], done: Done, out: TextIO) -> None:
    from ringfence.report import json

    removed = [
        {
            "kind": item.kind,
            "name": item.name,
            "owner": item.owner,
            "expires": item.expires.isoformat() if item.expires else "",
            "why": item.why,
            **json.location(item.where),
        }
        for item in items
    ]
    out.write(
        json.dump(
            {
                "at": day.isoformat(),
                "written": done.written,
                "removed": removed,
                "files": {
                    "changed": sorted(path for path, content in done.changes.items() if content is not None),
                    "removed": sorted(path for path, content in done.changes.items() if content is None),
                },
                **done.data(),
            }
        )
    )


def _print_text(day: datetime.date, items: list[Gone], done: Done, out: TextIO, err: TextIO) -> None:
    from ringfence import report
    from ringfence.report import text

    colour = report.wants_colour(out)
    for item in items:
        line = f"- {item.kind} {item.name}: {item.why} ({item.where})"
        out.write(text.paint(text.one_line(line), "31", colour) + "\n")
    out.write("\n" if items else "")
    done.show(out)
    count = {kind: sum(1 for item in items if item.kind == kind) for kind in ("flow", "waiver")}
    verb = "removed" if done.written else "would be removed"
    said = (
        f"{text.plural(count['flow'], 'flow')} and {text.plural(count['waiver'], 'waiver')} {verb} from "
        f"{text.plural(len(done.changes), 'file')}, as of {day}"
    )
    if done.failed:
        said += f"; something needs what has gone: {', '.join(done.failed)} fails"
    done.say(said, err)
    if done.written and items:
        print("next:\n  ringfence render    writes the policies without it", file=err)
