"""A terminal sees what a run is doing; Ctrl-C ends it at once, with one line, and leaves nothing behind."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generated_repository import generated
from git_repository import GitRepository

IMPATIENT = """\
import sys
from ringfence import cli
from ringfence.commands import progress
progress.PATIENCE = progress.AGAIN = 0.002
sys.exit(cli.main(sys.argv[1:]))
"""


def on_terminal(words: list[str], folder: Path, seen: Callable[[bytes], bytes | None] | None = None) -> tuple[int, str]:
    """Run a command on a terminal; `seen` is asked what to type at everything that is shown."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606
    shown = b""
    while True:
        try:
            got = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side has gone
            break
        if not got:
            break
        shown += got
        if seen is not None and (typed := seen(shown)):
            os.write(terminal, typed)
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


def test_stages_are_shown_and_leave_no_trace(small: GitRepository) -> None:
    code, shown = on_terminal(["-c", IMPATIENT, "render"], small.path)
    assert code == 0
    *stages, result = shown.split("\r\x1b[K")
    assert any(re.fullmatch(r"reading the declarations \(working tree\) … \d+ s", item) for item in stages)
    assert any(item.startswith("rendering ") for item in stages)
    assert result.endswith("unchanged\r\n")
    assert not any("unchanged" in item for item in stages)


def test_a_quick_run_shows_nothing(small: GitRepository) -> None:
    _, shown = on_terminal(["-m", "ringfence", "render"], small.path)
    assert "\x1b[K" not in shown


@pytest.mark.parametrize("variable", ["", "dumb"])
def test_nothing_is_shown_without_a_terminal(
    small: GitRepository, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["-c", IMPATIENT, "verify"]
    if variable:
        monkeypatch.setenv("TERM", variable)
        _, shown = on_terminal(words, small.path)
    else:
        done = subprocess.run([sys.executable, *words], cwd=small.path, capture_output=True, text=True, check=False)
        shown = done.stdout + done.stderr
    assert "verif" not in shown.replace("verify", "")
    assert "\x1b[K" not in shown


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that takes a while."""
    return generated(tmp_path_factory.mktemp("large"), "--flows 3000 --git").path


@pytest.mark.parametrize("command", [["validate"], ["render"], ["impact", "--base", "HEAD"]])
def test_ctrl_c_ends_a_run_with_one_line(large: Path, command: list[str]) -> None:
    """It comes as soon as a stage is shown."""
    pressed: list[bytes] = []

    def press(shown: bytes) -> bytes | None:
        if not pressed and " … " in shown.decode(errors="replace"):
            pressed.append(b"\x03")
            return pressed[0]
        return None

    code, shown = on_terminal(["-c", IMPATIENT, *command], large, press)
    assert pressed
    assert code == 130, shown
    assert shown.split("\r\x1b[K")[-1].replace("^C", "") == "ringfence: interrupted; nothing is half-written\r\n"
    assert "Traceback" not in shown
    assert not [*large.rglob(".ringfence-*")]
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=large, capture_output=True, text=True, check=True
    ).stdout
    assert status == ""
