"""The scripts behind `make install` and `make tools`, on machines that lack something."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "tools/setup"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the programs that every machine has: the whole PATH of a script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("bash", "id", "sed", "rm"):
        found = shutil.which(program)
        assert found
        (folder / program).symlink_to(found)
    return folder


def stub(folder: Path, program: str, script: str) -> None:
    (folder / program).write_text(f"#!{shutil.which('bash')}\n{script}\n")
    (folder / program).chmod(0o755)


def run(folder: Path, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(shutil.which("bash")), str(SETUP / script), *arguments]
    environment = {"PATH": str(folder), **variables}
    return subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False)


def test_kustomize_that_is_there_is_taken_without_a_word(programs: Path) -> None:
    stub(programs, "kubectl", '[ "$1" = kustomize ]')
    done = run(programs, "kustomize.sh", "v5.7.1", CI="true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("variables", "code"), [({}, 0), ({"CI": "true"}, 1)])
@pytest.mark.parametrize("go", ["", "go1.19.8"])
def test_no_way_to_a_kustomize_fails_in_ci_only(programs: Path, go: str, variables: dict[str, str], code: int) -> None:
    if go:
        stub(programs, "go", f'[ "$1" = env ] && echo {go}')
    done = run(programs, "kustomize.sh", "v5.7.1", **variables)
    assert done.returncode == code
    assert "Install kustomize, kubectl or Go" in done.stderr


def test_go_builds_the_pinned_version_into_the_checkout(programs: Path) -> None:
    stub(programs, "go", 'if [ "$1" = env ]; then echo go1.24.5; else echo "$GOBIN $*"; fi')
    done = run(programs, "kustomize.sh", "v5.7.1")
    assert done.returncode == 0, done.stderr
    bin_ = programs.parent / ".tools/bin"
    assert done.stdout == f"{bin_} install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1\n"


def test_failed_build_fails(programs: Path) -> None:
    stub(programs, "go", 'if [ "$1" = env ]; then echo go1.24.5; else exit 7; fi')
    assert run(programs, "kustomize.sh", "v5.7.1").returncode == 7


def test_missing_python_says_what_to_install(programs: Path) -> None:
    done = run(programs, "venv.sh", "python3", "venv")
    assert done.returncode == 1
    assert "apt-get install python3 python3-venv" in done.stderr


def test_python_that_cannot_make_environments_says_what_to_install(programs: Path) -> None:
    stub(
        programs,
        "python3",
        f"""case $2 in *ensurepip*) exit 1 ;; esac
exec {sys.executable} "$@\"""",
    )
    done = run(programs, "venv.sh", "python3", "venv")
    assert done.returncode == 1
    assert f"apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr
    assert not (programs.parent / "venv").exists()


def test_old_python_is_refused(programs: Path) -> None:
    stub(programs, "python3", "case $1 in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac")
    done = run(programs, "venv.sh", "python3", "venv")
    assert done.returncode == 1
    assert "needs Python 3.11 or later, and python3 is Python 3.9.2" in done.stderr
