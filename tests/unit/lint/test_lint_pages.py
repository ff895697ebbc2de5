"""The examples on the pages of the checks are run here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ringfence import lint
from ringfence.connectivity import Profile, from_directory
from ringfence.findings import Check, Severity
from small_repository import examples

NOT_ENFORCING = {"RF757": Profile("flannel", enforces=False)}


def found(check: Check, heading: str) -> set[str]:
    files = examples(check.doc, heading)
    assert files, f"{check.code} has no example below {heading}"
    raw = {path: (text or "").encode() for path, text in files.items()}
    cluster = from_directory(raw, NOT_ENFORCING.get(check.code, Profile()))
    assert not [item for item in cluster.findings if item.severity is Severity.ERROR]
    return {item.check.code for item in lint.findings(cluster)}


@pytest.mark.parametrize("check", lint.CHECKS, ids=lambda check: check.code)
def test_the_failing_example_fails_with_this_check_alone(check: Check):
    assert found(check, "Fails") == {check.code}


@pytest.mark.parametrize("check", lint.CHECKS, ids=lambda check: check.code)
def test_the_passing_example_has_no_finding(check: Check):
    assert found(check, "Passes") == set()


@pytest.mark.parametrize("check", lint.CHECKS, ids=lambda check: check.code)
def test_page(check: Check):
    assert re.fullmatch(r"RF7(5[0-9]|6[01])", check.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.name)
    assert check.title
    assert re.findall(r"^## (.*)$", check.doc, re.MULTILINE) == ["What it finds", "Why it matters", "Fails", "Passes"]


def test_every_check_of_a_module_is_listed():
    folder = Path(lint.__file__).parent
    defined = {
        match
        for path in folder.glob("*.py")
        for match in re.findall(r'^[A-Z_]+ = Check\(\n    "(RF\d{3})"', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert defined == {check.code for check in lint.CHECKS}
    assert len(defined) == len(lint.CHECKS)
