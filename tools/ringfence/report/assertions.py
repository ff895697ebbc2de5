"""Assertions and how they fare: a table for a terminal, JSON (`docs/reference/json.md`), and JUnit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ringfence.connectivity import explanation_to_json
from ringfence.findings import Finding, Severity
from ringfence.report import explanation_text, json, junit
from ringfence.report.text import one_line, paint, plural, table
from ringfence.verify.asserted import Outcome, Result

COLOURS = {Result.PASS: "32", Result.FAIL: "31", Result.UNDEFINED: "33", Result.ERROR: "31"}


def render(outcomes: Sequence[Outcome], findings: Sequence[Finding], format_: str, colour: bool = False) -> str:
    """All outcomes in a format: `text`, `json` or `junit`. The findings are in the text's counts only."""
    if format_ == "json":
        return _json(outcomes, findings)
    if format_ == "junit":
        return _junit(outcomes, findings)
    return _text(outcomes, colour)


def counts(outcomes: Sequence[Outcome]) -> str:
    """`3 assertions: 2 pass, 1 fail`, or that none was judged."""
    number = Counter(outcome.result for outcome in outcomes)
    parts = [f"{number[result]} {result}" for result in Result if number[result]]
    return f"{plural(len(outcomes), 'assertion')}: {', '.join(parts)}" if outcomes else "no assertion was judged"


def _text(outcomes: Sequence[Outcome], colour: bool) -> str:
    if not outcomes:
        return ""
    rows = [
        (item.result.value, item.statement.name, str(item.statement), f"{item.pairs:,}" if item.pairs else "")
        for item in outcomes
    ]
    head, *lines = table(("RESULT", "NAME", "STATEMENT", "PAIRS"), rows).splitlines()
    coloured = [
        paint(line[: len(item.result)], COLOURS[item.result], colour) + line[len(item.result) :]
        for item, line in zip(outcomes, lines, strict=True)
    ]
    blocks = [_block(item, colour) for item in outcomes if item.explanation is not None]
    return "\n".join([head, *coloured, *("\n" + block.rstrip("\n") for block in blocks)]) + "\n"


def _block(item: Outcome, colour: bool) -> str:
    """A statement that does not hold, with the first pair that breaks it and what decides there."""
    assert item.explanation is not None  # noqa: S101 -- only such are shown
    name = paint(f"{item.result} {item.statement.name}", COLOURS[item.result], colour)
    lines = [f"{name}  ({item.statement.where}): {_broken(item)}:"]
    if item.statement.reason:
        lines.append(f"  “{one_line(item.statement.reason)}”")
    return "\n".join(lines) + "\n" + explanation_text.render([("", item.explanation)], colour)


def _broken(item: Outcome) -> str:
    said = "not settled for" if item.result is Result.UNDEFINED else "broken by"
    return f"{said} {item.broken:,} of {plural(item.pairs, 'pair')}, the first on {item.ports}"


def _json(outcomes: Sequence[Outcome], findings: Sequence[Finding]) -> str:
    number = Counter(outcome.result for outcome in outcomes)
    return json.dump(
        {
            "assertions": [_one(item) for item in outcomes],
            "counts": {result.value: number[result] for result in Result},
            "findings": [json.finding(item) for item in findings],
        }
    )


def _one(item: Outcome) -> dict[str, Any]:
    statement = item.statement
    return {
        "name": statement.name,
        "kind": "must" if statement.must else "mustNot",
        "result": item.result.value,
        "from": [str(term) for term in statement.sources],
        "to": [str(term) for term in statement.destinations],
        "ports": statement.ports.to_json(),
        "reason": statement.reason,
        **json.location(statement.where),
        "pairs": item.pairs,
        "broken": item.broken,
        "counterexample": None
        if item.explanation is None
        else {"ports": item.ports.to_json(), "explanation": explanation_to_json(item.explanation)},
    }


def _junit(outcomes: Sequence[Outcome], findings: Sequence[Finding]) -> str:
    """One test a statement, and one for each other error, so that a run that judged nothing never passes."""
    own = {finding for item in outcomes for finding in item.findings}
    others = [item for item in findings if item not in own and item.severity is Severity.ERROR]
    cases = [_case(item) for item in outcomes]
    return junit.suite("ringfence assert", [*cases, *junit.of_findings(others)], counts(outcomes))


def _case(item: Outcome) -> junit.Case:
    statement = item.statement
    group = "must" if statement.must else "mustNot"
    if item.result is Result.PASS:
        lines = [f"{statement}: {plural(item.pairs, 'pair')}"]
        return junit.Case(group, statement.name, "", lines, statement.where.path)
    lines = [f"{statement.where}: {statement}", *([statement.reason] if statement.reason else [])]
    lines += [f"{finding.where}: {finding.message}; fix: {finding.hint}" for finding in item.findings]
    said = item.findings[0].message if item.findings else ""
    if item.explanation is not None:
        said = f"{_broken(item)}: {item.explanation.source} → {item.explanation.destination}"
        lines += [said, *explanation_text.because(item.explanation)]
    return junit.Case(group, statement.name, f"{item.result}: {said}", lines, statement.where.path)
