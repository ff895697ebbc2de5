"""Remove what has expired: flows and waivers, from the files that hold them.

examples:
  ringfence expire                          what has expired until today
  ringfence expire --at 2027-04-01 --dry-run

A flow or waiver still holds on the day of its `expires`. Waivers of flows that go, go too; a file of which nothing is
left is removed; comments on what stays are kept. Then the impact of the clean-up is shown.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import edits, expiring, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS
from ringfence.findings import Finding, has_errors

if TYPE_CHECKING:
    from ringfence.commands.expiring import Gone
    from ringfence.impact import Report


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
    done = _Done(
        day,
        items,
        changes,
        edits.diff(loaded, changes),
        expiring.impact(loaded.tree, loaded.model, after, changes, day) if items else None,
        findings,
        written=not args.dry_run,
    )
    if done.written and changes:
        edits.write(loaded, changes)
    if args.format == "json":
        _print_json(done, out)
    else:
        _print_text(done, out, err)
    return EXIT_FINDINGS if has_errors(findings) or done.failed else EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class _Done:
    """What was removed on a day, or would be; `findings` are new with it."""

    day: datetime.date
    items: list[Gone]
    changes: dict[str, bytes | None]
    diff: str
    impact: Report | None
    findings: list[Finding]
    written: bool

    @property
    def failed(self) -> list[str]:
        """The gates that the impact fails."""
        return [gate.name for gate in self.impact.gates if gate.verdict == "failed"] if self.impact else []


def _print_json(done: _Done, out: TextIO) -> None:
    import json as decoder

    from ringfence.report import impact_json, json

    removed = [
        {
            "kind": item.kind,
            "name": item.name,
            "owner": item.owner,
            "expires": item.expires.isoformat() if item.expires else "",
            "why": item.why,
            **json.location(item.where),
        }
        for item in done.items
    ]
    out.write(
        json.dump(
            {
                "at": done.day.isoformat(),
                "written": done.written,
                "removed": removed,
                "files": {
                    "changed": sorted(path for path, content in done.changes.items() if content is not None),
                    "removed": sorted(path for path, content in done.changes.items() if content is None),
                },
                "diff": done.diff,
                "impact": decoder.loads(impact_json.render(done.impact)) if done.impact else None,
                "findings": [json.finding(item) for item in done.findings],
            }
        )
    )


def _print_text(done: _Done, out: TextIO, err: TextIO) -> None:
    from ringfence import report
    from ringfence.report import impact_text, text

    colour = report.wants_colour(out)
    for item in done.items:
        line = f"- {item.kind} {item.name}: {item.why} ({item.where})"
        out.write(text.paint(text.one_line(line), "31", colour) + "\n")
    if done.items:
        out.write("\n" + (edits.coloured(done.diff) if colour else done.diff) + "\n")
    if done.impact is not None:
        out.write(impact_text.render(done.impact, colour))
    count = {kind: sum(1 for item in done.items if item.kind == kind) for kind in ("flow", "waiver")}
    verb = "removed" if done.written else "would be removed"
    said = (
        f"{text.plural(count['flow'], 'flow')} and {text.plural(count['waiver'], 'waiver')} {verb} from "
        f"{text.plural(len(done.changes), 'file')}, as of {done.day}"
    )
    if done.failed:
        said += f"; something needs what has gone: {', '.join(done.failed)} fails"
    shown = done.impact.findings if done.impact else ()
    err.write(text.findings(done.findings, said, report.wants_colour(err), shown))
    if done.written and done.items:
        print("next:\n  ringfence render    writes the policies without it", file=err)
