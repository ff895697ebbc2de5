"""An explanation for a terminal: the verdict, then each direction with its objects and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ringfence.connectivity import Explanation, Half
from ringfence.report.text import one_line, paint, plural


def render(answers: Sequence[tuple[str, Explanation]], colour: bool) -> str:
    """One block a cluster."""
    return "\n".join(_block(cluster, answer, colour) for cluster, answer in answers)


def counts(answers: Sequence[tuple[str, Explanation]]) -> str:
    """`2 clusters: 1 allowed, 1 denied`; several answers are of as many clusters."""
    number = Counter(_verdict(answer) for _, answer in answers)
    parts = [f"{number[word]} {word}" for word in ("allowed", "undefined", "denied") if number[word]]
    return f"{plural(len(answers), 'cluster')}: {', '.join(parts)}"


def _verdict(answer: Explanation) -> str:
    return "allowed" if answer.allowed else "undefined" if answer.undefined else "denied"


def because(answer: Explanation) -> list[str]:
    """What decides in each direction, a line each, and why anything is undefined; for a line below a verdict."""
    halves = [" ".join(map(str.strip, _half(half))) for half in (answer.egress, answer.ingress) if half is not None]
    return [*halves, *(f"undefined on {answer.undefined}: {one_line(reason)}" for reason in answer.reasons)]


def _block(cluster: str, answer: Explanation, colour: bool) -> str:
    where = f"{cluster}: " if cluster else ""
    if answer.allowed:
        verdict = paint(f"allowed on {answer.allowed}", "32", colour)
    elif answer.undefined:
        verdict = paint("undefined", "33", colour)
    else:
        verdict = paint("denied", "31", colour)
    lines = [f"{where}{plain(answer.source)} → {plain(answer.destination)}: {verdict}"]
    if answer.itself:
        lines.append("  a pod always reaches itself")
    for half in (answer.egress, answer.ingress):
        if half is not None:
            lines += _half(half)
    lines += [f"  L7-restricted on {ports}: {what}" for what, ports in answer.restricted]
    if answer.undefined:
        lines += [f"  undefined on {answer.undefined}: {one_line(reason)}" for reason in answer.reasons]
    return "\n".join(lines) + "\n"


def _half(half: Half) -> list[str]:
    lines = [f"  {half.direction} of {plain(half.subject)}:"]
    if half.steps:
        return [f"{lines[0]} {' → '.join(one_line(str(step)) for step in half.steps)}"]
    if not half.isolated_by and not half.matches:
        return [f"{lines[0]} open, no policy isolates it"]
    for match in half.matches:
        verb = "allows" if match.certain else "may allow"
        lines.append(f"    {match.policy} rule {match.index + 1} {verb} {match.ports}  ({match.where})")
    if not half.matches:
        lines += [f"    {item.policy} isolates it, and no rule matches  ({item.where})" for item in half.isolated_by]
    return lines


def plain(end: str) -> str:
    """The end without the kinds that only declarations know."""
    return one_line(end.removesuffix("[Workload]").removesuffix("[Peer]").removesuffix("[Any]"))
