"""The impact of a change for platforms that show findings: SARIF, Code Quality, JUnit, annotations of GitHub.

The gates are tests of JUnit, a property of SARIF's run, and notices of GitHub; Code Quality has findings only.
"""

from __future__ import annotations

from ringfence.impact import Gate, Report
from ringfence.report import codequality, github, junit, sarif
from ringfence.report import impact_words as words
from ringfence.report.impact_json import gates


def as_sarif(report: Report) -> str:
    """The findings, with headline and gates in the properties of the run."""
    automatic = {"value": report.automatic.approvable, "reason": report.automatic.reason}
    properties = {"headline": words.headline(report), "gates": gates(report), "autoApprovable": automatic}
    return sarif.findings(report.findings, words.headline(report), properties)


def as_codequality(report: Report) -> str:
    """The findings; those of a gate that does not pass are among them."""
    return codequality.findings(report.findings)


def as_junit(report: Report) -> str:
    """One test a gate, then the findings that are of no gate."""
    codes = {gate.code for gate in report.gates}
    others = [item for item in report.findings if item.check.code not in codes]
    cases = [_case(gate, report) for gate in report.gates]
    return junit.suite("ringfence impact", [*cases, *junit.of_findings(others)], words.headline(report))


def _case(gate: Gate, report: Report) -> junit.Case:
    name = f"{gate.name} ({gate.code})"
    if gate.verdict != "failed":
        return junit.Case("gates", name, "", (words.gate_line(gate),))
    found = [f"{item.where}: {item.message}" for item in report.findings if item.check.code == gate.code]
    return junit.Case("gates", name, gate.reason, found)


def as_github(report: Report) -> str:
    """An annotation a finding, and notices with the headline and the gates."""
    verdicts = "\n".join(words.gate_line(gate) for gate in report.gates)
    notices = [(words.headline(report), f"{verdicts}\n{words.automatic_line(report)}")]
    return github.findings(report.findings, f"{report.base} → {report.head}", notices)
