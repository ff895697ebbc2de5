from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from command_kit import FLOWS, Cli, edit, snapshot

from git_repository import GitRepository
from ringfence.cli import COMMANDS
from ringfence.commands.catalogue import all_checks

CODES = [check.code for check in all_checks()]


def test_owners(small: GitRepository, ringfence: Cli) -> None:
    assert ringfence("owners", "--check").out == "CODEOWNERS: 2 teams, current; no findings\n"
    before = (small.path / "CODEOWNERS").read_bytes()
    small.write("CODEOWNERS", "* @someone\n")
    done = ringfence("owners", "--check", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF420"])
    assert (small.path / "CODEOWNERS").read_text() == "* @someone\n"
    assert ringfence("owners").out == "CODEOWNERS: 2 teams, written; no findings\n"
    assert (small.path / "CODEOWNERS").read_bytes() == before
    (small.path / "CODEOWNERS").unlink()
    assert "CODEOWNERS is missing" in ringfence("owners", "--check").out
    assert ringfence("owners", "-C", "teams").code == 0
    assert (small.path / "CODEOWNERS").read_bytes() == before


def test_owners_where_something_else_stands(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    path = small.path / "CODEOWNERS"
    path.unlink()
    (tmp_path / "precious").write_text("kept")
    path.symlink_to(tmp_path / "precious")
    assert "CODEOWNERS is not a regular file" in ringfence("owners", "--check").out
    assert ringfence("owners").code == 0
    assert not path.is_symlink()
    assert (tmp_path / "precious").read_text() == "kept"
    path.unlink()
    path.mkdir()
    before = snapshot(small.path)
    done = ringfence("owners")
    assert (done.code, done.out) == (2, "")
    assert "cannot write" in done.err
    assert snapshot(small.path) == before


def test_the_list_of_checks(ringfence: Cli) -> None:
    done = ringfence("checks")
    assert [line.split()[0] for line in done.out.splitlines()[1:-2]] == CODES
    assert done.out.endswith(f"\n{len(CODES)} checks\n")
    assert [row["code"] for row in json.loads(ringfence("checks", "--format", "json").out)["checks"]] == CODES


def test_every_check_has_a_page(ringfence: Cli) -> None:
    for check in all_checks():
        for word in (check.code, check.code.lower(), check.name):
            done = ringfence("checks", word)
            assert done.code == 0
            assert done.out.startswith(f"{check.code} {check.name} ({check.severity.value})\n\n")
        for heading in ("What it finds", "Why it matters", "Fails", "Passes"):
            assert f"\n## {heading}\n" in done.out


@pytest.mark.parametrize(
    ("word", "near"), [("unknwon-port", "unknown-port"), ("RF5O1", "RF501"), ("", "lists them"), ("x" * 9999, "lists")]
)
def test_an_unknown_check(ringfence: Cli, word: str, near: str) -> None:
    done = ringfence("checks", word)
    assert (done.code, done.out) == (2, "")
    assert near in done.err


def test_schemas(ringfence: Cli) -> None:
    kinds = ringfence("schema").out.split()
    assert "Flows" in kinds
    for kind in kinds:
        schema = ringfence("schema", kind).json
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert ringfence("schema", kind.upper()).json == schema
    done = ringfence("schema", "flow")
    assert (done.code, done.out) == (2, "")
    assert "did you mean Flows?" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_script_of_the_shell(ringfence: Cli, shell: str) -> None:
    done = ringfence("completion", shell)
    assert done.code == 0
    for command in COMMANDS:
        assert command in done.out
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    checked = subprocess.run([shell, "-n"], input=done.out, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_completion_offers_commands(ringfence: Cli) -> None:
    script = ringfence("completion", "bash").out
    asked = 'COMP_WORDS=(ringfence va) COMP_CWORD=1; _shtab_ringfence; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True, check=False)
    assert done.stdout == "validate\n"


UGLY = (
    "apiVersion: ringfence.dev/v1alpha1\nkind:   Flows # kept\nflows:\n- name: a\n  from: frontend\n  to:   checkout\n"
)
UGLY += "  ports: [ grpc ]\n  reason: A test\n"


def test_fmt(small: GitRepository, ringfence: Cli) -> None:
    assert ringfence("fmt", "--check").out == "12 files, 0 not in style; no findings\n"
    small.write(FLOWS, UGLY)
    small.write("policies/rendered/not-ours.yaml", UGLY)
    done = ringfence("fmt", "--check", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF020"])
    assert (small.path / FLOWS).read_text() == UGLY
    done = ringfence("fmt")
    assert (done.code, done.out, done.err) == (0, "12 files, 1 formatted; no findings\n", f"formatted {FLOWS}\n")
    assert "kind: Flows # kept\n" in (small.path / FLOWS).read_text().replace("  #", " #")
    assert (small.path / "policies/rendered/not-ours.yaml").read_text() == UGLY
    assert ringfence("fmt", "--check").code == 0


def test_fmt_of_files_and_folders(small: GitRepository, ringfence: Cli) -> None:
    small.write(FLOWS, UGLY)
    assert ringfence("fmt", "--check", "teams/payments").out == "3 files, 0 not in style; no findings\n"
    assert ringfence("fmt", "--check", "teams/checkout/team.yaml").code == 0
    assert ringfence("fmt", "--check", ".").code == 1
    assert ringfence("fmt", "--check", "-C", "teams/checkout", "shop/flows.yaml").code == 1
    assert ringfence("fmt", FLOWS, "README.md").out == "1 file, 1 formatted; no findings\n"
    for named in ("nope.yaml", "../nope.yaml", "/etc/passwd"):
        assert ringfence("fmt", named).code == 2


def test_fmt_leaves_what_it_cannot_read_and_goes_on(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    small.write(FLOWS, UGLY)
    small.write("teams/payments/team.yaml", "kind: [")
    (small.path / "teams/payments/link.yaml").symlink_to(tmp_path)
    done = ringfence("fmt", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF040", "RF007"])
    assert (small.path / "teams/payments/team.yaml").read_text() == "kind: ["
    assert (small.path / FLOWS).read_text() != UGLY
    named = ringfence("fmt", "--format", "json", "teams/payments/link.yaml", "teams/payments/team.yaml")
    assert (named.code, sorted(named.codes)) == (1, ["RF007", "RF041"])


def test_fmt_keeps_the_mode_of_a_file(small: GitRepository, ringfence: Cli) -> None:
    small.write(FLOWS, UGLY).chmod(0o600)
    assert ringfence("fmt").code == 0
    assert (small.path / FLOWS).stat().st_mode & 0o777 == 0o600


def test_fmt_of_nothing_is_not_success(small: GitRepository, ringfence: Cli) -> None:
    edit(small, "policies/ringfence.yaml", "kind", "kind")
    for path in [*small.path.glob("teams/**/*.yaml"), *small.path.glob("policies/*/*.yaml")]:
        path.unlink()
    (small.path / "policies/ringfence.yaml").unlink()
    (small.path / "policies/ringfence.yaml").symlink_to("/nowhere")
    done = ringfence("fmt", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF040"])
