"""Findings and gates as JUnit XML, which GitLab, GitHub actions and most others show as tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from msgspec import Struct

from ringfence.findings import Finding, Severity
from ringfence.report.text import one_line


class Case(Struct, frozen=True):
    """One test: `failure` is the message where it failed, and `lines` what it says besides. `path` is its file."""

    group: str
    name: str
    failure: str = ""
    lines: Sequence[str] = ()
    path: str = ""


def findings(items: Sequence[Finding], summary: str) -> str:
    """One test a finding; only errors fail. A run with none has the one test that passed."""
    cases = of_findings(items) or [Case("ringfence", summary or "no findings")]
    return suite("ringfence", cases, summary)


def of_findings(items: Sequence[Finding]) -> list[Case]:
    """The findings as tests, named so that shifts of lines do not rename them."""
    seen: Counter[tuple[str, str]] = Counter()
    cases = []
    for item in items:
        group = f"{item.check.code} {item.check.name}"
        name = f"{item.where.path} {item.subject}".strip() or group
        seen[group, name] += 1
        if seen[group, name] > 1:
            name = f"{name} ({seen[group, name]})"
        fix = f"; fix: {item.hint}" if item.hint else ""
        text = f"{item.where}: {item.severity.value}: {item.message}{fix}"
        failed = item.severity is Severity.ERROR
        cases.append(Case(group, name, text if failed else "", () if failed else (text,), item.where.path))
    return cases


def suite(name: str, cases: Sequence[Case], summary: str) -> str:
    """One suite as a document. No time and no host: the same run gives the same bytes."""
    failures = str(sum(1 for case in cases if case.failure))
    numbers = {"tests": str(len(cases)), "failures": failures, "errors": "0"}
    root = ElementTree.Element("testsuites", {"name": name, **numbers})
    one = ElementTree.SubElement(root, "testsuite", {"name": name, **numbers, "skipped": "0", "time": "0"})
    for case in cases:
        place = {"file": _text(case.path)} if case.path else {}
        names = {"classname": _text(case.group), "name": _text(case.name), "time": "0"}
        element = ElementTree.SubElement(one, "testcase", {**names, **place})
        if case.failure:
            failure = {"message": _text(case.failure), "type": _text(case.group)}
            ElementTree.SubElement(element, "failure", failure).text = "\n".join(
                map(_text, case.lines or [case.failure])
            )
        elif case.lines:
            ElementTree.SubElement(element, "system-out").text = "\n".join(map(_text, case.lines))
    ElementTree.SubElement(one, "system-out").text = _text(summary)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _text(text: str) -> str:
    """One line of characters that XML 1.0 can hold; others are escaped as in Python."""
    kept = one_line(text)
    return "".join(char if char not in "\ufffe\uffff" else char.encode("unicode_escape").decode() for char in kept)
