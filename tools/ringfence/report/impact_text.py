"""The impact of a change, for a terminal."""

from __future__ import annotations

from ringfence.impact.types import Change, Effect, Report
from ringfence.report.text import findings, one_line, paint, plural, table
from ringfence.values.ports import PortSet

SIGNS = {Effect.OPENED: ("+", "32"), Effect.CLOSED: ("-", "31"), Effect.CHANGED: ("~", "33")}


def headline(report: Report) -> str:
    """`1 connection opens, 0 close, 0 change, 0 collateral: prod-eu, prod-us (dev, staging unchanged)`."""
    collateral = sum(1 for change in report.changes if change.collateral)
    opened = report.count(Effect.OPENED)
    closed = report.count(Effect.CLOSED)
    changed = report.count(Effect.CHANGED)
    parts = [
        f"{plural(opened, 'connection')} {'opens' if opened == 1 else 'open'}",
        f"{closed} {'closes' if closed == 1 else 'close'}",
        f"{changed} {'changes' if changed == 1 else 'change'}",
        f"{collateral} collateral",
    ]
    if not report.changes:
        return f"No connection opens, closes or changes in {', '.join(report.clusters)}"
    touched = [cluster for cluster in report.clusters if cluster not in report.quiet_clusters]
    quiet = f" ({', '.join(report.quiet_clusters)} unchanged)" if report.quiet_clusters else ""
    return f"{', '.join(parts)}: {', '.join(touched)}{quiet}"


def ports(change: Change) -> str:
    """The ports of a change: what opens or closes, or both values."""
    if change.effect is Effect.OPENED:
        return str(change.after)
    if change.effect is Effect.CLOSED:
        return str(change.before)
    return f"{change.before} → {change.after}"


def render(report: Report, colour: bool) -> str:
    """The whole report."""
    lines = [paint(headline(report), "1", colour)]
    lines += [f"  base {one_line(report.base)}", f"  head {one_line(report.head)}", ""]
    for change in sorted(report.changes, key=lambda item: item.sort_key):
        lines += _change(change, colour)
    if report.changes:
        lines.append("")
    if report.objects:
        lines.append(paint("Objects that a sync touches", "1", colour))
        rows = [(o.action, o.kind, f"{o.namespace}/{o.name}", ", ".join(o.clusters)) for o in report.objects]
        lines += ["  " + line for line in table(("ACTION", "KIND", "OBJECT", "CLUSTERS"), rows).splitlines()]
        lines.append("")
    if report.approvals:
        lines.append(paint("Who must approve", "1", colour))
        rows3 = [(a.party, " ".join(a.owners), plural(len(a.paths), "changed file")) for a in report.approvals]
        lines += ["  " + line for line in table(("FOR", "OWNERS", "BECAUSE OF"), rows3).splitlines()]
        lines.append("")
    body = "\n".join(lines) + "\n"
    summary = f"{plural(report.guardrails_checked, 'guardrail')} checked on {plural(len(report.clusters), 'cluster')}"
    return body + findings(report.findings, summary, colour)


def _change(change: Change, colour: bool) -> list[str]:
    sign, code = SIGNS[change.effect]
    world = " WORLD" if change.world else ""
    note = "" if change.reason.value == "policy" else f" ({change.reason.value})"
    lines = [
        paint(f"{sign} {one_line(change.source)} → {one_line(change.destination)}  {ports(change)}", code, colour)
        + f"{world}  in {', '.join(change.clusters)}{note}"
    ]
    for cause in change.causes:
        verb = "because of" if cause.side == "head" else "was allowed by"
        expiry = f", until {cause.expires}" if cause.expires else ""
        ticket = f", {cause.ticket}" if cause.ticket else ""
        lines.append(f"    {verb} {cause.kind} {cause.name} ({cause.where}), {cause.owner}{ticket}{expiry}")
        lines.append(f"      “{one_line(cause.reason)}”")
    if change.collateral != PortSet():
        lines.append(f"    COLLATERAL: no declaration allows {change.collateral}")
    if change.undefined:
        lines.append(f"    UNDEFINED: {one_line(change.undefined)}")
    return lines
