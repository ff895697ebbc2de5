"""`impact` says the same from what it kept and without it, whatever changes between two questions."""

from __future__ import annotations

import datetime
import os
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generated_repository import generated, pick
from git_repository import GitRepository
from ringfence import cli
from ringfence.commands import scoped, shared
from ringfence.sources import WorkingTree, times

Edit = Callable[[GitRepository, random.Random], None]


@pytest.fixture
def mono(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A rendered repository with a cache of its own, which knows nothing yet."""
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    repository = generated(tmp_path, "--flows 90 --teams 3 --clusters 3 --git --render")
    port(repository, random.Random(9))  # noqa: S311 - no secret
    render(repository, random.Random())  # noqa: S311 - no secret
    commit(repository, random.Random())  # noqa: S311 - no secret
    return repository


def port(repository: GitRepository, chance: random.Random) -> None:
    path = pick(repository.path, chance, "teams/payments*/*/flows-*.yaml")
    path.write_text(re.sub(r"ports: .*", f"ports: [{chance.randrange(1, 9)}]", path.read_text(), count=1))


def render(repository: GitRepository, chance: random.Random) -> None:
    assert cli.main(["render", "-C", str(repository.path)]) == 0


def by_hand(repository: GitRepository, chance: random.Random) -> None:
    path = pick(repository.path, chance, "policies/rendered/base/payments*/*/*.yaml")
    path.write_text(re.sub(r"port: \d+", f"port: {chance.randrange(1, 9)}", path.read_text(), count=1))


def stray(repository: GitRepository, chance: random.Random) -> None:
    pick(repository.path, chance, "policies/rendered/base/payments*/*").joinpath("stray.yaml").write_text("{}\n")


def back(repository: GitRepository, chance: random.Random) -> None:
    repository.git("reset", "--quiet", "--hard")
    repository.git("clean", "--quiet", "-d", "--force")


def commit(repository: GitRepository, chance: random.Random) -> None:
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--allow-empty", "--message", "Edit")


def line_ends(repository: GitRepository, chance: random.Random) -> None:
    """Git takes them for the same; who reads bytes does not."""
    repository.git("config", "core.autocrlf", "true")
    differing = set(repository.git("diff", "--name-only", "HEAD").split())
    for path in repository.path.glob("policies/rendered/base/payments*/*/*.yaml"):
        if path.relative_to(repository.path).as_posix() in differing:
            continue
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def pipe(repository: GitRepository, chance: random.Random) -> None:
    path = pick(repository.path, chance, "teams/*/*/namespace.yaml").with_name("pipe.yaml")
    if not path.exists():
        os.mkfifo(path)


def nothing(repository: GitRepository, chance: random.Random) -> None:
    pass


EDITS: tuple[Edit, ...] = (port, render, by_hand, stray, back, commit, line_ends, pipe, nothing)
OPTIONS = ([], ["--at", "2027-05-05"], ["--approved", "@example/payments-edge"], ["--cluster", "prod"])
FORMATS = ("text", "json", "markdown", "html", "sarif", "github-comment")


def said(repository: GitRepository, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    os.environ["RINGFENCE_CACHE"] = str(repository.path.parent / "cache")  # `--no-cache` turns it off for the process
    code = cli.main(["impact", "-C", str(repository.path), *words])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("seed", range(2))
def test_the_same_is_said(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, seed: int
):
    chance = random.Random(seed)  # noqa: S311 - no secret
    looked: list[object] = []
    attempt = scoped.attempt
    monkeypatch.setattr(scoped, "attempt", lambda *words: looked.append(words) or attempt(*words))
    asked = 0
    for edit in (port, *chance.choices(EDITS, k=4), back):
        edit(mono, chance)
        format_ = chance.choice(FORMATS)
        words = ["--base", chance.choice(("HEAD", "HEAD~1")), "--format", format_, *chance.choice(OPTIONS)]
        words += ["--head", "HEAD"] if chance.random() < 0.2 else []
        expected = said(mono, capsys, *words, "--no-cache")
        assert said(mono, capsys, *words) == expected
        asked += 3
        assert said(mono, capsys, *words) == expected
    assert len(looked) < asked


def test_each_format_is_known_once_it_was_asked_for(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    port(mono, random.Random(1))  # noqa: S311 - no secret
    expected = {format_: said(mono, capsys, "--format", format_, "--no-cache") for format_ in FORMATS}
    for format_, words in expected.items():
        assert said(mono, capsys, "--format", format_) == words
    monkeypatch.delattr(scoped, "attempt")
    assert {format_: said(mono, capsys, "--format", format_) for format_ in FORMATS} == expected


@pytest.mark.parametrize("differs", [True, False])
def test_what_was_read_is_what_the_answer_rests_on(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, differs: bool
):
    """A file that is another one while it is read, and the same as before when all is done."""
    port(mono, random.Random(1))  # noqa: S311 - no secret
    edited = mono.path / mono.git("diff", "--name-only", "HEAD").strip()
    others = (path for path in sorted(edited.parent.glob("flows-*.yaml")) if path != edited)
    path = edited if differs else next(others)
    before = path.read_text()
    expected = said(mono, capsys, "--no-cache")
    attempt = scoped.attempt

    def attempt_meanwhile(*words: Any) -> scoped.Found | None:
        path.write_text(re.sub(r"ports: .*", "ports: [4711]", before))
        found = attempt(*words)
        path.write_text(before)
        return found

    monkeypatch.setattr(scoped, "attempt", attempt_meanwhile)
    # what differs was read for the question, and is not read again for its answer
    assert (said(mono, capsys) == expected) is differs
    monkeypatch.setattr(scoped, "attempt", attempt)
    assert said(mono, capsys) == expected


def test_what_git_takes_for_the_same_is_read_again(mono: GitRepository, capsys: pytest.CaptureFixture[str]):
    port(mono, random.Random(2))  # noqa: S311 - no secret
    render(mono, random.Random())  # noqa: S311 - no secret
    before = [said(mono, capsys, "--base", "HEAD", *words) for words in (["--no-cache"], [], [])]
    assert before == [before[0]] * 3
    line_ends(mono, random.Random())  # noqa: S311 - no secret
    after = [said(mono, capsys, "--base", "HEAD", *words) for words in (["--no-cache"], [], [])]
    assert after == [after[0]] * 3
    assert "RF602" in after[0][1]
    assert "RF602" not in before[0][1]


def test_what_has_not_moved_is_not_read_again(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(times, "RECENT", 20_000_000)
    port(mono, random.Random(2))  # noqa: S311 - no secret
    render(mono, random.Random())  # noqa: S311 - no secret
    time.sleep(0.04)
    expected = said(mono, capsys, "--base", "HEAD")
    opened: list[str] = []
    read = WorkingTree.read
    monkeypatch.setattr(WorkingTree, "read", lambda tree, path: opened.append(path) or read(tree, path))
    assert said(mono, capsys, "--base", "HEAD") == expected
    assert {*opened} == {*mono.git("diff", "--name-only", "HEAD").split()}
    was = {path: path.stat() for path in mono.path.glob("policies/rendered/base/payments*/*/*.yaml")}
    line_ends(mono, random.Random())  # noqa: S311 - no secret
    for path, before in was.items():
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert said(mono, capsys, "--base", "HEAD") == said(mono, capsys, "--base", "HEAD", "--no-cache") != expected


def test_the_answer_of_another_day_is_another_one(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """What was a warning yesterday has expired today."""
    path = pick(mono.path, random.Random(3), "teams/payments*/*/flows-*.yaml")  # noqa: S311 - no secret
    path.write_text(re.sub(r"    (ports: .*)", r"    \1\n    expires: 2031-03-04", path.read_text(), count=1))
    render(mono, random.Random())  # noqa: S311 - no secret
    answers = []
    for day in (4, 5, 4):
        monkeypatch.setattr(shared, "today", lambda day=day: datetime.date(2031, 3, day))
        expected = said(mono, capsys, "--base", "HEAD", "--no-cache")
        assert [said(mono, capsys, "--base", "HEAD") for _ in range(2)] == [expected] * 2
        answers.append(expected)
    assert [code for code, _ in answers] == [0, 1, 0]
    assert "2031-03-04" in answers[1][1]


def test_two_roots_in_one_repository(mono: GitRepository, capsys: pytest.CaptureFixture[str]):
    other = mono.path / "other"
    for folder in ("teams", "policies"):
        shutil.copytree(mono.path / folder, other / folder)
    commit(mono, random.Random())  # noqa: S311 - no secret
    (other / "teams" / "payments-edge" / "team.yaml").unlink(missing_ok=True)
    commit(mono, random.Random())  # noqa: S311 - no secret
    for command in (["validate"], ["render", "--check"], ["impact", "--base", "HEAD~1", "--head", "HEAD"]):
        for root in (mono.path, other):
            capsys.readouterr()
            os.environ["RINGFENCE_CACHE"] = str(mono.path.parent / "cache")
            code = cli.main([*command, "-C", str(root)])
            found = capsys.readouterr().out
            assert (cli.main([*command, "-C", str(root), "--no-cache"]), capsys.readouterr().out) == (code, found)
