from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_kit import Cli, add_flow, process

from git_repository import GitRepository
from notes_server import TOKEN, Accident, Server, serving, status
from ringfence.platforms import api

QUIET = {"changes": [], "objects": [], "findings": [{"severity": "info"}]}
LOUD = {"changes": [{"effect": "opened"}], "objects": [], "findings": []}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The notes of the merge request that this job is for; the current folder has reports."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "FIRST_PAUSE", 0.01)
    with serving() as made:
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        report(LOUD)
        yield made


def report(data: object) -> None:
    Path("impact.md").write_text("# 1 connection opens\n")
    Path("impact.json").write_text(json.dumps(data))


def test_created_then_unchanged_then_updated(server: Server, ringfence: Cli) -> None:
    done = ringfence("gitlab", "comment")
    assert (done.code, done.out, done.err) == (0, "", "merge request !3: 1 note created\n")
    done = ringfence("gitlab", "comment", "--format", "json")
    assert done.json == {"action": "unchanged", "mergeRequest": "3", "why": "", "approvalsUnknown": ""}
    report(QUIET)
    Path("impact.md").write_text("# Nothing changes\n")
    assert ringfence("gitlab", "comment").err == "merge request !3: 1 note updated\n"
    assert [note["body"] for note in server.notes] == ["<!-- ringfence:impact pipeline=500 -->\n# Nothing changes\n"]


def test_silence_where_nothing_changes(server: Server, ringfence: Cli) -> None:
    report(QUIET)
    done = ringfence("gitlab", "comment")
    assert done.err == "merge request !3: nothing changes, and there is no note to update; 0 notes written\n"
    assert server.notes == []


def test_the_note_of_a_real_change(server: Server, small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, "name: look", "from: frontend", "to: stripe", "ports: [https]", "reason: A test")
    assert ringfence("render").code == 0
    for format_, name in (("json", "impact.json"), ("markdown", "impact.md")):
        Path(name).write_text(ringfence("impact", "--format", format_).out)
    assert ringfence("gitlab", "comment").err == "merge request !3: 1 note created\n"
    assert "shop/look" in server.notes[0]["body"]


def owned(small: GitRepository, ringfence: Cli) -> None:
    """A change of two teams, asked of users, groups and an address."""
    for path, owners in (
        ("teams/checkout/team.yaml", "'@example/checkout', '@Ada'"),
        ("teams/payments/team.yaml", "'@example/pay/core', sam@example.com"),
    ):
        file = small.path / path
        text, number = re.subn(r"owners: \[.*\]", f"owners: [{owners}]", file.read_text())
        assert number == 1, text
        file.write_text(text)
    assert ringfence("owners").code == 0
    assert ringfence("render").code == 0
    small.commit("Owners")
    add_flow(small, *CALL_API)
    assert ringfence("render").code == 0
    for format_, name in (("json", "impact.json"), ("markdown", "impact.md")):
        Path(name).write_text(ringfence("impact", "--base", "HEAD", "--format", format_).out)


CALL_API = ("name: look", "from: checkout", "to: payments/api", "ports: [8444/TCP]", "reason: A test")


def states(server: Server) -> dict[str, str]:
    """The state of each party in the note's table, where nobody is mentioned again."""
    body = server.notes[0]["body"].replace("@\N{ZERO WIDTH SPACE}", "@")
    rows = [line.split(" | ") for line in body.splitlines() if line.startswith("| ")]
    return {row[0].removeprefix("| "): row[3].removesuffix(" |") for row in rows if len(row) == 4}


def test_who_has_approved_is_in_the_table(server: Server, small: GitRepository, ringfence: Cli) -> None:
    owned(small, ringfence)
    assert ringfence("gitlab", "comment").code == 0
    assert {name: states(server)[name] for name in ("checkout", "payments")} == {
        "checkout": "asked",
        "payments": "asked",
    }
    assert "GET /groups" not in " ".join(server.requests)
    server.page_limit = 1
    server.groups = {"example/pay/core": ["kim", "lee"], "example/checkout": ["kim"]}
    server.approved = ["ada"]
    done = ringfence("gitlab", "comment", "--format", "json")
    assert (done.json["action"], done.json["approvalsUnknown"]) == ("updated", "")
    assert {name: states(server)[name] for name in ("checkout", "payments")} == {
        "checkout": "approved by @ada for @Ada",
        "payments": "missing",
    }
    assert "GET /groups/example%2Fpay%2Fcore/members" in server.requests
    server.approved = ["Lee"]
    assert ringfence("gitlab", "comment").err == "merge request !3: 1 note updated\n"
    assert {name: states(server)[name] for name in ("checkout", "payments")} == {
        "checkout": "missing",
        "payments": "approved by @Lee for @example/pay/core",
    }
    assert ringfence("gitlab", "comment").err.endswith("1 note says this already; 0 notes written\n")


def test_groups_that_a_token_may_not_see_and_approvals_that_it_may_not_read(
    server: Server, small: GitRepository, ringfence: Cli
) -> None:
    owned(small, ringfence)
    server.approved = ["kim"]
    assert ringfence("gitlab", "comment").err == "merge request !3: 1 note created\n"
    assert states(server)["payments"] == "asked"
    server.befall("GET", status(403))
    done = ringfence("gitlab", "comment")
    assert done.code == 0
    assert "who has approved is not in the note: " in done.err
    assert "answers 403 to GET" in done.err
    assert done.err.endswith("1 note says this already; 0 notes written\n")


@pytest.mark.parametrize(
    ("accident", "said"),
    [
        (status(301, Location="/api/v4/groups/example%2Fnew/members"), "redirects to another place"),
        (status(500), "answers 500"),
        (status(200, b"[" * 100_000), "answers with JSON that is nested too deeply"),
    ],
    ids=["renamed", "away", "deep"],
)
def test_a_group_that_gitlab_does_not_tell_costs_no_other_approval(
    server: Server, small: GitRepository, ringfence: Cli, accident: Accident, said: str
) -> None:
    owned(small, ringfence)
    server.approved = ["ada"]
    server.strange_groups = {"example/pay/core": accident}
    done = ringfence("gitlab", "comment")
    assert done.code == 0
    assert "who has approved for @example/pay/core is not in the note: " in done.err
    assert said in done.err
    assert {name: states(server)[name] for name in ("checkout", "payments")} == {
        "checkout": "approved by @ada for @Ada",
        "payments": "asked",
    }
    done = ringfence("gitlab", "comment", "--format", "json")
    assert done.json["approvalsUnknown"].startswith("@example/pay/core: ")


def test_a_token_that_may_not_post_is_no_failure(
    server: Server, ringfence: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.befall("POST", status(403, {"message": f"insufficient_scope {TOKEN}"}))
    done = ringfence("gitlab", "comment")
    assert done.code == 0
    assert done.err.splitlines()[0].endswith("answers 403 to POST: insufficient_scope [token]")
    assert "the report is in the artifacts of this job" in done.err
    monkeypatch.delenv("RINGFENCE_GITLAB_TOKEN")
    done = ringfence("gitlab", "comment", "--format", "json")
    assert (done.code, done.json["action"]) == (0, "refused")
    assert "RINGFENCE_GITLAB_TOKEN is not set here" in done.json["why"]


def test_a_server_that_stays_away_is_a_failure(server: Server, ringfence: Cli) -> None:
    server.befall("GET", *[status(500)] * 9)
    done = ringfence("gitlab", "comment")
    assert (done.code, done.out) == (2, "")
    assert "answers 500\n  the report is in the artifacts of this job" in done.err


def test_a_dry_run_sends_nothing(server: Server, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    done = ringfence("gitlab", "comment", "--dry-run")
    assert (done.code, done.out) == (0, "<!-- ringfence:impact pipeline=500 -->\n# 1 connection opens\n")
    monkeypatch.delenv("CI_MERGE_REQUEST_IID")
    done = ringfence("gitlab", "comment", "--dry-run")
    assert (done.code, done.err) == (0, "0 notes written\n")
    done = ringfence("gitlab", "comment")
    assert (done.code, "no merge request pipeline" in done.err) == (2, True)
    assert server.requests == []


def test_reports_that_are_none(server: Server, ringfence: Cli) -> None:
    for text in ("", "[]", '{"changes": 1}', "\xff", "[" * 100_000):
        Path("impact.json").write_text(text, encoding="latin-1")
        done = ringfence("gitlab", "comment")
        assert (done.code, "impact.json is no impact report" in done.err) == (2, True)
    Path("impact.md").unlink()
    done = ringfence("gitlab", "comment")
    assert (done.code, "cannot read impact.md" in done.err) == (2, True)


def test_without_the_extra(server: Server, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    done = ringfence("gitlab", "comment")
    assert (done.code, "pip install 'ringfence[gitlab]'" in done.err) == (2, True)


def test_a_process_of_its_own_says_no_token(server: Server) -> None:
    server.befall("GET", status(302, Location=f"https://evil.example.com/?t={TOKEN}"))
    done = process("gitlab", "comment", env={"PYTHONVERBOSE": "", "HTTPX_LOG_LEVEL": "trace"})
    assert done.returncode == 2
    assert "redirects to evil.example.com" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
