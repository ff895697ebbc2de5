"""What users install: the wheel, built from the source distribution, in an environment without this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import ringfence

PROJECT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the one source distribution and the one wheel."""
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(PROJECT), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel in it, which sees this environment's libraries but not its editable
    install: Python ignores a `.pth` file in a folder that another `.pth` file names.
    """
    folder = tmp_path_factory.mktemp("environment") / "venv"
    assert run(sys.executable, "-m", "venv", "--without-pip", str(folder), cwd=folder.parent).returncode == 0
    python = folder / "bin/python"
    install = ("-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    done = run(sys.executable, *install, cwd=folder)
    assert done.returncode == 0, done.stderr
    (libraries,) = folder.glob("lib/python*/site-packages")
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = run(python, "-c", "import ringfence; print(ringfence.__file__)", cwd=folder)
    assert Path(done.stdout.strip()).is_relative_to(folder), done.stdout + done.stderr
    return folder / "bin"


def names(folder: Path, pattern: str = "*") -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    info = f"ringfence-{ringfence.__version__}.dist-info"
    assert {name.partition("/")[0] for name in held} == {"ringfence", info}
    inside = {name.removeprefix("ringfence/") for name in held if name.startswith("ringfence/")}
    data = {name for name in inside if name.startswith("data/")}
    assert inside - data == names(PROJECT / "tools/ringfence")
    schemas = {f"data/schemas/{name}" for name in names(PROJECT / "schemas", "*.json")}
    templates = {f"data/templates/{name}" for name in names(PROJECT / "policies/templates", "*.j2")}
    assert schemas
    assert templates
    pipeline = {"data/ci/policy.gitlab-ci.yml", "data/ci/clusters.gitlab-ci.yml"}
    assert {name for name in data if name.endswith((".json", ".j2", ".yml"))} == schemas | templates | pipeline
    assert f"{info}/licenses/LICENSE" in held


def test_source_distribution_holds_what_builds_it(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tools/ringfence/__init__.py"} <= held
    assert not [name for name in held if name.startswith(("tests/", "teams/", "policies/rendered/", ".venv"))]


def test_version(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "ringfence", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"ringfence {ringfence.__version__}\n")
    again = run(installed / "python", "-m", "ringfence", "--version", cwd=tmp_path)
    assert again.stdout == done.stdout


def test_schema(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "ringfence", "schema", "Flows", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (PROJECT / "schemas/v1alpha1/flows.schema.json").read_text()


def test_a_new_repository_is_laid_out_rendered_and_verified(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "ringfence", "init", "policies", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    root = tmp_path / "policies"
    assert names(root) >= {".gitignore", ".gitlab-ci.yml", ".pre-commit-config.yaml", ".vscode/settings.json"}
    for command in ("validate", "render", "render --check", "verify"):
        done = run(installed / "ringfence", *command.split(), cwd=root)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
