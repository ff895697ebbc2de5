"""The page of each check is its documentation, and its examples are run here."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence import checks
from ringfence.commands import reference
from ringfence.commands.catalogue import all_checks
from ringfence.findings import Check, Severity
from ringfence.model.problems import every, names
from small_repository import examples, load

TODAY = datetime.date(2030, 1, 15)
ROOT = Path(__file__).parents[3]
OWN: tuple[Check, ...] = (*every.CHECKS, *checks.OWN)


def _found(check: Check, heading: str) -> dict[str, Severity]:
    files = examples(check.doc, heading)
    assert files, f"{check.code} has no example below {heading}"
    model, findings = load(files)
    if model:
        findings += checks.run(model, TODAY)
    return {finding.check.code: finding.severity for finding in findings}


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.code)
def test_the_failing_example_fails_with_this_check(check: Check) -> None:
    assert check.code in _found(check, "Fails")


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.code)
def test_the_passing_example_has_no_error_and_not_this_check(check: Check) -> None:
    found = _found(check, "Passes")
    assert check.code not in found
    assert Severity.ERROR not in found.values(), found


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.code)
def test_the_failing_example_fails_for_nothing_else(check: Check) -> None:
    """An example teaches one thing. The exceptions fail in a second way by nature."""
    by_nature = {
        "RF102": {"RF034"},
        "RF103": {"RF112"},
        "RF105": {"RF201"},
        "RF106": {"RF203"},
        "RF310": {"RF340"},
        "RF341": {"RF302"},
    }
    found = set(_found(check, "Fails")) - {check.code}
    assert found <= by_nature.get(check.code, set()), found


@pytest.mark.parametrize("check", checks.OWN, ids=lambda check: check.code)
def test_errors_alone_are_the_errors_among_all(check: Check) -> None:
    model, _ = load(examples(check.doc, "Fails"))
    assert model is not None
    everything = checks.run(model, TODAY)
    assert check in [item.check for item in everything]
    errors = [item for item in everything if item.severity is Severity.ERROR]
    assert checks.run(model, TODAY, only_errors=True) == errors


def test_codes_and_names_are_unique() -> None:
    known = checks.ALL
    assert len({check.code for check in known}) == len(known)
    assert len({check.name for check in known}) == len(known)
    assert [check.code for check in known] == sorted(check.code for check in known)
    assert set(OWN) <= set(known)


def test_every_check_of_a_module_is_listed() -> None:
    """A check that is written and not listed would never run."""
    folder = Path(checks.__file__).parent
    defined = {
        match
        for path in folder.glob("*.py")
        for match in re.findall(r'^CHECK = Check\("(RF\d{3})"', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert defined == {check.code for check in checks.OWN}
    pages = {
        match
        for path in Path(every.__file__).parent.glob("*.py")
        for match in re.findall(r'^    "(RF\d{3})",$', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert pages == {check.code for check in every.CHECKS}


@pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.code)
def test_a_page_has_its_parts_in_order(check: Check) -> None:
    parts = re.findall(r"^## (.*)$", check.doc, flags=re.MULTILINE)
    assert parts == ["What it finds", "Why it matters", "Fails", "Passes"]
    assert check.title
    assert re.fullmatch(r"RF\d{3}", check.code)
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", check.name)


@pytest.mark.parametrize("word", ["RF110", "rf110", "unknown-end", " unknown-end "])
def test_a_page_is_found_by_code_or_name(word: str) -> None:
    assert checks.page(word) is names.UNKNOWN_END


def test_no_page_for_another_word() -> None:
    assert checks.page("RF999") is None
    assert checks.page("RF110", among=()) is None


def test_the_reference_is_current() -> None:
    current = (ROOT / reference.PATH).read_text(encoding="utf-8")
    assert current == reference.text(all_checks()), "run python -m ringfence.commands.reference"


def test_the_reference_command_tells_current_from_not(tmp_path: Path) -> None:
    def run(*arguments: str) -> int:
        command = [sys.executable, "-m", "ringfence.commands.reference", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode

    assert run("--check") == 1
    assert run() == 0
    assert run("--check") == 0
    page = tmp_path / reference.PATH
    page.write_text(page.read_text(encoding="utf-8").replace("unknown-end", "unknown-and"), encoding="utf-8")
    assert run("--check") == 1
