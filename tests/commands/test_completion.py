"""What a shell completes: the real bash with the real script."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_kit import FLOWS, NAMESPACE, Cli

from git_repository import GitRepository
from ringfence.commands import words
from ringfence.commands.completion import NAMED

ASKED = """
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _shtab_ringfence; printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ringfence", "completion", "bash"], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with a `ringfence` that runs this interpreter."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ringfence").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ringfence "$@"\n')
    (folder / "ringfence").chmod(0o755)
    return folder


def offered(script: str, program: Path, *line: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", script + ASKED, "bash", "ringfence", *line],
        env={**os.environ, "PATH": f"{program}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [word for word in done.stdout.splitlines() if word]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["flows", "--from", "shop/"], ["shop/*", "shop/checkout", "shop/frontend"]),
        (["flow", "add", "--to", "s"], ["shop/checkout", "shop/frontend", "stripe"]),
        (["flow", "add", "--from", "shop/checkout", "--env", ""], ["dev", "prod"]),
        (["flows", "--owner", "pay"], ["payments"]),
        (["flows", "shop/a"], ["shop/authorise-card"]),
        (["promote-diff", "dev", ""], ["dev", "prod"]),
        (["impact", "--cluster", ""], ["dev", "prod"]),
        (["explain", "shop/checkout", "pay"], ["payments/api"]),
        (["connections", "--to", "kube"], ["kube-dns"]),
    ],
)
def test_names_of_the_repository(
    small: GitRepository, script: str, program: Path, line: list[str], expected: list[str]
) -> None:
    assert offered(script, program, *line) == expected


def test_silence_outside_a_repository(
    tmp_path: Path, script: str, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert offered(script, program, "flows", "--owner", "") == []


def test_what_can_be_read_beside_broken_files(small: GitRepository, ringfence: Cli) -> None:
    small.write(NAMESPACE, "workloads: [")
    small.write(FLOWS, "flows: {name: x}\n")
    (small.path / "policies/catalog/link.yaml").symlink_to("nowhere")
    (small.path / "teams/checkout/shop/folder.yaml").mkdir()
    done = ringfence("completion", "--words", "ends")
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == ["internet", "kube-dns", "payments/api", "prometheus", "stripe"]
    assert ringfence("completion", "--words", "flows", "--prefix", "payments/").out == "payments/charge\n"
    assert ringfence("completion", "--words", "namespaces").out.split() == ["payments", "shop"]


def test_many_namespaces_are_read_only_once_one_is_typed(small: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MANY", 1)
    assert words.words(small.path, "ends", "s") == ["shop/", "stripe"]
    assert words.words(small.path, "ends", "shop/c") == ["shop/checkout"]


def test_the_hidden_options_are_not_in_the_help(ringfence: Cli) -> None:
    assert "--words" not in ringfence("completion", "--help").out
    done = ringfence("completion")
    assert (done.code, "which shell?" in done.err) == (2, True)


def test_every_argument_that_is_named_exists() -> None:
    from ringfence import cli

    known: dict[str, set[str]] = {}

    def walk(parser: argparse.ArgumentParser, command: str) -> None:
        known[command] = {action.dest for action in parser._actions}
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, inner in action.choices.items():
                    walk(inner, f"{command} {name}".strip())

    walk(cli.build_parser(), "")
    assert {command: set(named) - known[command] for command, named in NAMED.items()} == {
        command: set() for command in NAMED
    }
