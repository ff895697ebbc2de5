"""What a platform takes: nothing is cut in the middle, and what is left out is said."""

from __future__ import annotations

import re

import pytest
import report_kit as kit

from ringfence.impact import into_rows
from ringfence.report import impact, impact_markdown, mermaid
from ringfence.report.markdown import GITHUB_COMMENT, GITHUB_SUMMARY, GITLAB_NOTE, Limit


def long(number: int = 400, world: int = 3) -> kit.Report:
    changes = [kit.change(i, world=True) for i in range(world)] + [kit.change(i) for i in range(number)]
    return kit.made(tuple(changes), findings=50, objects=300)


def test_limits_are_those_of_the_platforms() -> None:
    assert (GITLAB_NOTE.size, GITHUB_COMMENT.size, GITHUB_SUMMARY.size) == (1_000_000, 65_536, 1_048_576)
    assert GITHUB_SUMMARY.holds("é" * 524_288)
    assert not GITHUB_SUMMARY.holds("é" * 524_289)
    assert GITLAB_NOTE.holds("é" * 1_000_000)


def test_a_whole_report_leaves_nothing_out() -> None:
    note = impact.render(long(), "markdown")
    assert "left out" not in note
    assert len(re.findall(r"^\| 🟢 opens", note, re.MULTILINE)) == 403


@pytest.mark.parametrize("size", [65_536, 30_000, 9_000])
def test_rows_are_left_out_whole_and_the_world_last(size: int) -> None:
    found = long()
    note = impact_markdown.render(found, Limit("a test", size))
    assert len(note) <= size
    shown = len(re.findall(r"^\| 🟢 opens", note, re.MULTILINE))
    said = re.findall(r"\*\*(\d+) rows? (?:is|are) left out\*\*, since a test takes", note)
    assert [int(number) for number in said] == [403 - shown] or (shown == 403 and not said)
    assert "ringfence impact  --output html=impact.html" in note
    assert all(f"`shop/w{number}`" in note for number in range(3)), "exposure to the world goes last"
    assert note.splitlines()[0] == "### Ringfence: 403 open, 0 close, 0 collateral — prod"
    assert "| `collateral` | ❌ **failed** |" in note
    assert note.count("<details>") == note.count("</details>")
    assert note.count("```") % 2 == 0


def test_even_the_world_is_cut_where_nothing_else_helps() -> None:
    note = impact_markdown.render(long(0, 500), Limit("a test", 8_000))
    assert len(note) <= 8_000
    assert re.search(r"\*\*4\d\d rows are left out\*\*", note)


def test_the_least_is_the_headline_with_the_gates() -> None:
    note = impact_markdown.render(long(), Limit("a test", 500))
    assert note.startswith("### Ringfence: 403 open")
    assert "- collateral: failed" in note
    assert "**1 report is left out**, since a test takes 500 characters" in note


def test_many_rows_are_folded_but_never_exposure_to_the_world() -> None:
    note = impact.render(long(60, 60), "markdown")
    world, _, policy = note.partition("**Policy**")
    assert "<details>" not in world
    assert "<details><summary>60 rows</summary>" in policy


def test_each_graph_is_small_enough_to_be_drawn() -> None:
    graphs = list(mermaid.graphs(into_rows(long(100).changes)))
    assert len(graphs) > 3
    assert all(len(graph) <= 2000 for graph in graphs)
    assert sum(graph.count("-->") for graph in graphs) == 103
    note = impact.render(long(100), "markdown")
    assert all(
        f"<details><summary>Graph {number} of {len(graphs)}</summary>" in note for number in range(1, len(graphs) + 1)
    )
    widest = kit.change(text='"' * 300)
    assert all(len(graph) <= 2000 for graph in mermaid.graphs(into_rows([widest])))


def test_graphs_beyond_what_a_page_draws_are_said() -> None:
    note = impact.render(long(1000), "markdown")
    assert note.count("```mermaid") == 20
    assert re.search(r"\d+ more graphs left out", note)
