"""docs/adopt.md is what really happens: each command of it runs, in a real Git repository, with exactly that output.

The page is a script. In a `console` block each `$` line runs; a `yaml` block whose first line is the path of a file is
that file: where there is none it is written, else it is compared. A line `…` stands for lines that are left out. Ids of
commits are not compared.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringfence import cli

pytest.importorskip("duckdb", reason="reading flow logs needs the extra ringfence[learn]")

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/adopt.md"
BOUTIQUE = ROOT / "../shared/apps/online-boutique"

REFUSED = (
    "ringfence observed ../week-1.json.gz",
    "ringfence observed ../week-2.json.gz",
    "ringfence promote shop --cluster prod --observed ../week-2.json.gz",
)
"""The commands that end with findings, in their order."""


@pytest.mark.skipif(not BOUTIQUE.is_dir(), reason="../shared/apps/online-boutique is not there")
def test_the_guide_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    refused = []
    for command, expected in steps(PAGE.read_text(encoding="utf-8")):
        if not command.startswith("$ "):
            file = Path(command)
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(expected, encoding="utf-8")
            _compare(command, expected, file.read_text(encoding="utf-8"))
            continue
        command = command.removeprefix("$ ")
        code, printed = run(command)
        assert code in (0, 1), (command, printed)
        _compare(command, expected, printed)
        refused += [command] * code
    assert tuple(refused) == REFUSED


def steps(page: str) -> Iterator[tuple[str, str]]:
    """The commands (`$ …`) and files (a path) of a page in their order, each with its output or content."""
    for kind, text in re.findall(r"^```(console|yaml)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if kind == "yaml":
            first, _, rest = text.partition("\n")
            yield first.removeprefix("# "), rest
            continue
        for command, output in re.findall(r"^(\$ (?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            yield re.sub(r"\\\n\s*", "", command), output


def run(command: str) -> tuple[int, str]:
    """The exit code of a command, and what a terminal shows. Ringfence runs in this process, all else in a shell."""
    words = shlex.split(command)
    if words[0] == "cd":
        os.chdir(words[1])
        return 0, ""
    if words[0] == "ringfence":
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
            code = cli.main(words[1:])
        return code, shown.getvalue()
    done = subprocess.run(
        ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout


def _lay_out(folder: Path) -> None:
    """The application's manifests, and its policies beside them."""
    for source in sorted(BOUTIQUE.glob("*.yaml")):
        name = "online-boutique-policies" if source.name.startswith("network-policies__") else "online-boutique"
        (folder / name).mkdir(exist_ok=True)
        shutil.copy(source, folder / name)


def _compare(what: str, expected: str, found: str) -> None:
    """Line by line; a line `…` stands for any lines."""
    parts = re.split(r"^ *…\n", _without_ids(expected), flags=re.MULTILINE)
    if len(parts) == 1:
        assert (what, _without_ids(found)) == (what, parts[0])
    pattern = "(?:.*\n)+".join(map(re.escape, parts))
    assert re.fullmatch(pattern, _without_ids(found)), f"{what}\n{found}"


def _without_ids(text: str) -> str:
    return re.sub(r"(?<=^  base )[0-9a-f]{7}\b|(?<= --base )[0-9a-f]{40}\b", "0000000", text, flags=re.MULTILINE)
