"""Small repositories with all that is said about them: every folder of `tests/cases` that has a `findings.txt`."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from ringfence import checks, model, sources
from ringfence.findings import in_order

CASES = Path(__file__).parents[2] / "cases"
TODAY = datetime.date(2027, 1, 15)


def said(repository: Path) -> str:
    """Each finding in two lines: place, code, severity and message; then the hint."""
    loaded, findings = model.load(sources.working_tree(repository))
    assert loaded is not None
    found = in_order([*findings, *checks.run(loaded, TODAY)])
    return "".join(
        f"{item.where}: {item.check.code} {item.severity}: {item.message}\n    {item.hint}\n" for item in found
    )


@pytest.mark.parametrize("expected", sorted(CASES.glob("*/findings.txt")), ids=lambda path: path.parent.name)
def test_what_is_said_about_a_repository(expected: Path) -> None:
    assert said(expected.parent) == expected.read_text(encoding="utf-8")


def test_there_are_cases() -> None:
    assert (CASES / "mistakes" / "findings.txt").is_file()
