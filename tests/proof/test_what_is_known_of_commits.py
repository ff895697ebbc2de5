"""`validate` says the same with what is known of earlier commits and without, after any edits, sound or not."""

from __future__ import annotations

import datetime
import itertools
import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest
from declared_edits import EDITS, Edit, replaced

from generated_repository import copied, generated, pick
from git_repository import GitRepository
from ringfence import cli, sources
from ringfence.commands import judged


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return generated(tmp_path_factory.mktemp("mono"), "--flows 180 --teams 20 --clusters 3 --git")


@pytest.fixture
def mono(made: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A repository with a cache of its own, which knows nothing yet."""
    return copied(made, tmp_path, monkeypatch)


def said(repository: GitRepository, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any]:
    capsys.readouterr()
    os.environ["RINGFENCE_CACHE"] = str(repository.path.parent / "cache")  # `--no-cache` turns it off for the process
    words = ["validate", "-C", str(repository.path), "--format", "json", "--at", "2026-11-21", *options]
    code = cli.main(words)
    captured = capsys.readouterr()
    return code, json.loads(captured.out)


@pytest.mark.parametrize("seed", range(len(EDITS) + 8))
def test_the_same_is_said(mono: GitRepository, capsys: pytest.CaptureFixture[str], seed: int):
    chance = random.Random(seed)  # noqa: S311 - no secret
    rounds: list[list[Edit]] = [[EDITS[seed % len(EDITS)]], chance.choices(EDITS, k=2), chance.choices(EDITS, k=1)]
    if seed % 2:
        said(mono, capsys)  # else the first run is on an edited tree
    for edits in rounds:
        for edit in edits:
            edit(mono.path, chance)
        expected = said(mono, capsys, "--no-cache")
        assert said(mono, capsys) == expected
        assert said(mono, capsys) == expected  # now it is known
        if chance.random() < 0.5:
            mono.commit("Edit")
            assert said(mono, capsys) == expected


def test_what_is_staged_and_gone_is_no_file(mono: GitRepository, capsys: pytest.CaptureFixture[str]):
    path = pick(mono.path, random.Random(1), "teams/*/*/flows-*.yaml")  # noqa: S311 - no secret
    for name in ("staged.yaml", "meant.yaml"):
        (path.parent / name).write_text("kind: [")
    mono.git("add", str(path.parent / "staged.yaml"))
    mono.git("add", "--intent-to-add", str(path.parent / "meant.yaml"))
    for name in ("staged.yaml", "meant.yaml"):
        (path.parent / name).unlink()
    expected = said(mono, capsys, "--no-cache")
    assert expected[0] == 0
    assert said(mono, capsys) == expected  # nothing is known
    path.write_text(path.read_text().replace("reason: ", "reason: Really, ", 1))
    assert said(mono, capsys) == said(mono, capsys, "--no-cache")  # the commit is known


HEARD = """\
#!/bin/sh
# Git, while somebody writes: the steps of each `git diff --raw` are taken before and after it looks.
PATH={path}
case " $* " in *" diff --raw "*) ;; *) exec git "$@" ;; esac
echo >> {folder}/asked
turn=$(($(wc -l < {folder}/asked)))
[ ! -e {folder}/before-$turn ] || sh {folder}/before-$turn
git "$@" > {folder}/answer
[ ! -e {folder}/after-$turn ] || sh {folder}/after-$turn
cat {folder}/answer
"""


def _while_asking(folder: Path, patch: pytest.MonkeyPatch, **steps: str) -> None:
    """Have commands of the shell run around the questions to Git: `after_1` after it has looked for the first time."""
    folder.mkdir()
    for name, step in steps.items():
        (folder / name.replace("_", "-")).write_text(step)
    (folder / "git").write_text(HEARD.format(path=os.environ["PATH"], folder=folder))
    (folder / "git").chmod(0o755)
    patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_what_is_saved_meanwhile_is_not_kept_for_what_was(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    chance = random.Random(1)  # noqa: S311 - no secret
    path = pick(mono.path, chance, "teams/*/*/flows-*.yaml")
    right = path.read_text()
    unknown_namespace_in(path)
    mono.commit("Wrong")
    (tmp_path / "right").write_text(right)
    with pytest.MonkeyPatch.context() as patch:
        _while_asking(tmp_path / "bin", patch, after_1=f"cp {tmp_path}/right {path}")
        assert said(mono, capsys)[0] == 0
    mono.git("checkout", "--", str(path))
    expected = said(mono, capsys, "--no-cache")
    assert expected[0] == 1
    assert said(mono, capsys) == expected
    mono.git("commit", "--quiet", "--allow-empty", "--message", "Empty")
    assert said(mono, capsys) == expected


def test_what_is_put_back_meanwhile_is_not_what_was_judged(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    path = pick(mono.path, random.Random(1), "teams/*/*/flows-*.yaml")  # noqa: S311 - no secret
    assert said(mono, capsys)[0] == 0
    other = path.read_text().replace("reason: ", "reason: Really, ", 1)
    unknown_namespace_in(path)
    mono.commit("Wrong")
    (tmp_path / "wrong").write_text(path.read_text())
    (tmp_path / "other").write_text(other)
    with pytest.MonkeyPatch.context() as patch:
        steps = {"after_1": f"cp {tmp_path}/other {path}", "before_2": f"cp {tmp_path}/wrong {path}"}
        _while_asking(tmp_path / "bin", patch, **steps)
        assert said(mono, capsys)[0] == 0
    expected = said(mono, capsys, "--no-cache")
    assert expected[0] == 1
    assert said(mono, capsys) == expected


def test_what_vouches_for_what_was_read_is_asked_when_it_is_read(mono: GitRepository, monkeypatch: pytest.MonkeyPatch):
    """By an answer from before, a file that changes until it is read would be kept for what it was."""
    steps: list[str] = []
    ask, read = sources.Difference, sources.WorkingTree.read

    def reading(tree: sources.WorkingTree, path: str) -> bytes:
        if not (tree.known and path in tree.known):
            steps.append(path)
        return read(tree, path)

    def taken() -> list[str]:
        """When Git was asked, and that files were read; what differs is read once more in the end."""
        judged.working_tree(mono.path, datetime.date(2026, 11, 21))
        while steps[-1] == edited:
            steps.pop()
        found = [step for step, _ in itertools.groupby("asks" if step == "asks" else "reads" for step in steps)]
        steps.clear()
        return found

    monkeypatch.setattr(sources, "Difference", lambda *words: (steps.append("asks"), ask(*words))[1])
    monkeypatch.setattr(sources.WorkingTree, "read", reading)
    edited = ""
    assert taken() == ["asks", "reads", "asks"]  # nothing is known
    path = pick(mono.path, random.Random(3), "teams/*/*/flows-*.yaml")  # noqa: S311 - no secret
    edited = path.relative_to(mono.path).as_posix()
    replaced(path, random.Random(3), r"reason: .*", "reason: So")  # noqa: S311 - no secret
    assert taken() == ["asks", "reads", "asks"]  # a commit is known
    assert taken() == ["asks"]  # the same again
    monkeypatch.setenv("RINGFENCE_CACHE", str(mono.path.parent / "another"))
    assert taken() == ["asks", "reads", "asks", "reads", "asks"]  # neither the edit nor its commit is known


def unknown_namespace_in(path: Path) -> None:
    path.write_text(re.sub(r"to: .*", "to: nowhere/api-1", path.read_text(), count=1))


def test_few_files_are_read_again(mono: GitRepository):
    def read() -> int:
        return judged.working_tree(mono.path, datetime.date(2026, 11, 21)).read

    files = read()
    assert files > 60
    assert read() == 0
    chance = random.Random(3)  # noqa: S311 - no secret
    replaced(pick(mono.path, chance, "teams/*/*/flows-*.yaml"), chance, r"reason: .*", "reason: So")
    assert 0 < read() < files
    mono.commit("Edit")
    assert read() == 0
