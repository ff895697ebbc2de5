"""One real change in every format, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_kit as kit

from ringfence.report import IMPACT_FORMATS, impact, impact_text

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {
    "text": "txt",
    "json": "json",
    "markdown": "md",
    "html": "html",
    "sarif": "sarif",
    "codequality": "codequality.json",
    "junit": "xml",
    "github": "github.txt",
    "github-comment": "md",
    "github-summary": "md",
}


@pytest.mark.parametrize("format_", IMPACT_FORMATS)
def test_a_change_is_written_to_these_bytes(format_: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"impact.{ENDINGS[format_]}"
    written = impact.render(kit.real(), format_)
    if request.config.getoption("--update-golden"):
        path.write_text(written, encoding="utf-8")
        pytest.fail("the golden file is rewritten; review it and run again")
    assert written == path.read_text(encoding="utf-8")
    assert written.endswith("\n")
    assert not written.endswith("\n\n")


def test_every_golden_file_belongs_to_a_format() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"impact.{ending}" for ending in ENDINGS.values()}


def test_colour_changes_nothing_but_the_colour() -> None:
    import re

    coloured = impact_text.render(kit.real(), colour=True)
    assert "\033[1m6 open" in coloured
    assert re.sub(r"\033\[[0-9]*m", "", coloured) == impact_text.render(kit.real(), colour=False)


@pytest.mark.parametrize("format_", [name for name in IMPACT_FORMATS if name != "codequality"])
def test_headline_verdict_and_reason_of_each_gate_are_in_every_format(format_: str) -> None:
    written = (
        impact.render(kit.real(), format_)
        .replace("\\", "")
        .replace("&#x27;", "'")
        .replace("%25", "%")
        .replace("%2C", ",")
    )
    assert "6 open, 2 close, 2 change, 1 collateral — dev, prod" in written
    for gate in kit.real().gates:
        assert gate.name in written
        assert gate.verdict in written or (format_ == "junit" and gate.verdict == "failed")
        assert gate.reason in written


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(KeyError):
        impact.render(kit.real(), "pdf")
