"""What a sync passes through, as text and as JSON (`docs/reference/json.md`)."""

from __future__ import annotations

from typing import Any

from ringfence.impact.rollout import Moment, Rollout, Step
from ringfence.report.json import dump
from ringfence.report.text import one_line, paint, plural

COLOURS = {"opened": ("+", "32"), "closed": ("-", "31")}
TOOLS = {"argocd": "Argo CD", "flux": "Flux"}
SHOWN = 20
"""How many connections of a tool and cluster the text shows."""


def text(rollout: Rollout, base: str, head: str, colour: bool) -> str:
    """For a terminal: the steps with their counts, then what is closed or open for a moment, and the way out."""
    lines = [paint(one_line(_verdict(rollout)), "1", colour)]
    lines += [f"  base {one_line(base)}", f"  head {one_line(head)}", ""]
    for tool, cluster in dict.fromkeys((step.tool, step.cluster) for step in rollout.steps):
        lines.append(paint(f"{cluster}, synced by {TOOLS[tool]}", "1", colour))
        lines += [f"  {_step(item)}" for item in rollout.steps if (item.tool, item.cluster) == (tool, cluster)]
        here = [item for item in rollout.moments if (item.tool, item.cluster) == (tool, cluster)]
        for moment in here[:SHOWN]:
            lines += _moment(moment, colour)
        if len(here) > SHOWN:
            lines.append(f"  and {plural(len(here) - SHOWN, 'more connection')}: --format json has all")
        lines += [f"  way out: {one_line(item)}" for item in dict.fromkeys(moment.way_out for moment in here)]
        lines.append("")
    for cluster, reason in rollout.unclear:
        lines.append(f"{cluster}: undefined: not analysed, because {one_line(reason)}")
    counts = plural(len(rollout.steps), "step"), plural(len(rollout.clusters), "cluster")
    lines.append(f"{counts[0]} on {counts[1]}; {_counts(rollout)}")
    return "\n".join(lines) + "\n"


def json(rollout: Rollout, base: str, head: str) -> str:
    """The whole of it."""
    return dump(
        {
            "base": base,
            "head": head,
            "clusters": list(rollout.clusters),
            "proven": not (rollout.moments or rollout.unclear),
            "counts": {effect: _count(rollout, effect) for effect in ("closed", "opened")},
            "steps": [_step_json(item) for item in rollout.steps],
            "moments": [_moment_json(item) for item in rollout.moments],
            "unclear": [{"cluster": cluster, "reason": reason} for cluster, reason in rollout.unclear],
        }
    )


def _verdict(rollout: Rollout) -> str:
    if rollout.moments:
        return "Something is closed or open for a moment while this change is synced"
    if rollout.unclear:
        return "Not every cluster could be analysed"
    return "Proven: nothing is closed that both ends keep, and nothing open that both deny, at any moment of the sync"


def _count(rollout: Rollout, effect: str) -> int:
    return sum(item.effect == effect for item in rollout.moments)


def _counts(rollout: Rollout) -> str:
    unclear = f", {plural(len(rollout.unclear), 'cluster')} not analysed" if rollout.unclear else ""
    return f"{_count(rollout, 'closed')} closed for a moment, {_count(rollout, 'opened')} open for a moment{unclear}"


def _step(step: Step) -> str:
    touched = ", ".join(f"{action} {name}" for action, _, name in step.objects)
    return one_line(f"{step.namespace}  {step.label}: {touched}; {step.closed} closed, {step.opened} open")


def _moment(moment: Moment, colour: bool) -> list[str]:
    sign, code = COLOURS[moment.effect]
    where = "; ".join(f"{namespace}: {_few(steps)}" for namespace, steps in moment.at)
    head = paint(one_line(f"{sign} {moment.source} → {moment.destination}  {moment.ports}"), code, colour)
    return [
        f"  {head}  {moment.effect if moment.effect == 'closed' else 'open'} for a moment, at {one_line(where)}",
        f"      by {one_line(_few(moment.objects))}",
    ]


def _few(items: tuple[str, ...]) -> str:
    return ", ".join(items[:4]) + (f" and {len(items) - 4} more" if len(items) > 4 else "")


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "cluster": step.cluster,
        "tool": step.tool,
        "namespace": step.namespace,
        "step": step.label,
        "objects": [{"action": action, "kind": kind, "name": name} for action, kind, name in step.objects],
        "closed": step.closed,
        "opened": step.opened,
    }


def _moment_json(moment: Moment) -> dict[str, Any]:
    return {
        "effect": moment.effect,
        "cluster": moment.cluster,
        "tool": moment.tool,
        "source": moment.source,
        "destination": moment.destination,
        "ports": moment.ports.to_json(),
        "at": [{"namespace": namespace, "steps": list(steps)} for namespace, steps in moment.at],
        "objects": list(moment.objects),
        "wayOut": moment.way_out,
    }
