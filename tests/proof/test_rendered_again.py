"""`render` and `render --check` do the same with what is known of earlier commits and without, after any edits."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generated_repository import copied, generated, pick
from git_repository import GitRepository
from ringfence import cli

Edit = Callable[[Path, random.Random], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return generated(tmp_path_factory.mktemp("mono"), "--flows 100 --teams 10 --clusters 3 --git --render")


@pytest.fixture
def mono(made: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A rendered repository with a cache of its own, which knows nothing yet."""
    return copied(made, tmp_path, monkeypatch)


def other_port(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "teams/*/*/flows-*.yaml")
    path.write_text(re.sub(r"ports: .*", f"ports: [{chance.randrange(1, 9999)}]", path.read_text(), count=1))


def other_label(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "teams/*/*/namespace.yaml")
    path.write_text(re.sub(r"app: (.*)", rf"app: \1-{chance.randrange(99)}", path.read_text(), count=1))


def by_hand(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "policies/rendered/base/*/*/*.yaml")
    path.write_text(path.read_text() + "# by hand\n")


def stray(root: Path, chance: random.Random) -> None:
    folder = pick(root, chance, "policies/rendered/base/*/*")
    (folder / f"stray-{chance.randrange(99)}.yaml").write_text("{}\n")


def lost(root: Path, chance: random.Random) -> None:
    pick(root, chance, "policies/rendered/base/*/*/*.yaml").unlink()


def ignored(root: Path, chance: random.Random) -> None:
    """A file among the rendered ones that Git does not speak of."""
    (root / ".git" / "info" / "exclude").write_text("*.tmp\n")
    folder = pick(root, chance, "policies/rendered/overlays/*/*/*")
    (folder / "left.tmp").write_text("left\n")


def other_baseline(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "policies/baseline/*.yaml")
    path.write_text(re.sub(r"reason: .*", f"reason: Another {chance.randrange(99)}", path.read_text(), count=1))


def other_owner(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "teams/*/team.yaml")
    path.write_text(re.sub(r"contact: .*", f'contact: "#other-{chance.randrange(99)}"', path.read_text()))


EDITS: tuple[Edit, ...] = (other_port, other_label, by_hand, stray, lost, ignored, other_baseline, other_owner)


def run(repository: GitRepository, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any]:
    capsys.readouterr()
    os.environ["RINGFENCE_CACHE"] = str(repository.path.parent / "cache")  # `--no-cache` turns it off for the process
    code = cli.main(["render", "-C", str(repository.path), "--format", "json", *options])
    return code, json.loads(capsys.readouterr().out)


def content(root: Path) -> dict[str, bytes]:
    folder = root / "policies" / "rendered"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seed", range(len(EDITS) + 2))
def test_the_same_is_rendered(mono: GitRepository, capsys: pytest.CaptureFixture[str], seed: int):
    chance = random.Random(seed)  # noqa: S311 - no secret
    if seed % 2:
        assert run(mono, capsys, "--check")[0] == 0  # else the first run is on an edited tree
    for edit in (EDITS[seed % len(EDITS)], chance.choice(EDITS[:5])):
        edit(mono.path, chance)
        expected = run(mono, capsys, "--check", "--no-cache")
        assert run(mono, capsys, "--check") == expected
        other = mono.path.parent / "other"
        shutil.copytree(mono.path, other)
        written = run(GitRepository(other), capsys, "--no-cache")
        assert run(mono, capsys) == written
        assert content(mono.path) == content(other)
        assert run(mono, capsys)[1]["changed"] == []
        shutil.rmtree(other)
        if chance.random() < 0.5:
            mono.commit("Edit")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def git_file(folder: Path) -> None:
    (folder / ".git").write_text("x\n")


def git_folder(folder: Path) -> None:
    GitRepository(folder).git("init", "--quiet")


@pytest.mark.parametrize("edit", [pipe, git_file, git_folder])
@pytest.mark.parametrize("place", ["policies/rendered", "policies/rendered/base/*/*"])
def test_what_git_never_lists_is_found(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], edit: Callable[[Path], None], place: str
):
    assert run(mono, capsys, "--check")[0] == 0
    edit(pick(mono.path, random.Random(1), place))  # noqa: S311 - no secret
    expected = run(mono, capsys, "--check", "--no-cache")
    assert expected[0] == 1
    assert run(mono, capsys, "--check") == expected


def test_only_what_can_differ_is_rendered_again(
    mono: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    from ringfence import render

    assert run(mono, capsys, "--check")[0] == 0
    asked: list[object] = []
    tree = render.tree
    monkeypatch.setattr(render, "tree", lambda *words: asked.append(words[2:]) or tree(*words))
    other_port(mono.path, random.Random(2))  # noqa: S311 - no secret
    assert run(mono, capsys)[0] == 0
    namespaces = {path.parent.name for path in mono.path.glob("teams/*/*/namespace.yaml")}
    assert asked
    assert all(words and len(words[0]) < len(namespaces) / 2 for words in asked)  # type: ignore[index, arg-type]


def test_how_much_the_cache_knew_is_said(mono: GitRepository, capsys: pytest.CaptureFixture[str]):
    words = ["render", "-C", str(mono.path), "--check"]
    number = len(run(mono, capsys)[1]["unchanged"])
    assert cli.main(words) == 0
    assert capsys.readouterr().err == f"From the cache: what is known of {number} of {number} rendered files.\n"
    assert cli.main([*words, "--no-cache"]) == 0
    assert capsys.readouterr().err == ""
