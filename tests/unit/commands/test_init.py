from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence import model, resources, sources
from ringfence.commands import init as command
from ringfence.commands.init import init
from ringfence.errors import OutputError, UsageError

PROJECT = Path(__file__).parents[3]


def ringfence(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ringfence", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("exists", [False, True])
def test_lays_out_every_file_and_nothing_else(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "new"
    if exists:
        target.mkdir()
    created = init(target)
    assert created == files(target)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert {
        ".gitattributes",
        ".gitignore",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
        ".vscode/settings.json",
        "README.md",
        "policies/ringfence.yaml",
        "policies/clusters/prod.yaml",
        "teams/shop/shop/flows.yaml",
    } < set(created)
    assert not [path for path in created if "dot-" in path]
    assert not [path for path in created if "@VERSION@" in (target / path).read_text()]


def test_what_it_lays_out_is_valid_and_says_what_the_readme_says(tmp_path: Path) -> None:
    init(tmp_path / "new")
    loaded, findings = model.load(sources.working_tree(tmp_path / "new"))
    assert findings == []
    assert loaded is not None
    assert sorted(loaded.peers) == ["internet", "kube-dns"]
    assert sorted(loaded.workloads) == ["shop/cart", "shop/frontend"]
    assert [flow.id for flow in loaded.flows] == ["shop/read-cart"]
    assert len(loaded.guardrails) == 2
    assert "name: read-cart" in (tmp_path / "new/README.md").read_text()


def test_the_whole_way_of_a_new_repository(tmp_path: Path) -> None:
    """The commands that the last lines name, and then every gate, are clean."""
    done = ringfence("init", "new repository", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-4:] == [
        "next:",
        "  cd 'new repository' && git init --initial-branch main",
        "  ringfence render && ringfence owners    writes policies/rendered and CODEOWNERS",
        "  pre-commit install                      checks every commit",
    ]
    root = tmp_path / "new repository"
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main"], cwd=root, check=True)
    for step in (
        "validate",
        "fmt --check",
        "render",
        "owners",
        "validate",
        "fmt --check",
        "render --check",
        "owners --check",
        "verify",
    ):
        done = ringfence(*step.split(), cwd=root)
        assert done.returncode == 0, f"{step}: {done.stdout}{done.stderr}"
    assert (root / "policies/rendered/base/shop/shop").is_dir()


def test_a_folder_with_nothing_but_git_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    done = ringfence("init", ".", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "  git init" in done.stdout
    assert (tmp_path / "policies/ringfence.yaml").is_file()
    assert (tmp_path / ".git/HEAD").is_file()


def test_folder_that_is_not_empty_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="is not empty: it holds mine and 1 more"):
        init(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "other"]


def test_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is not a folder"):
        init(tmp_path / "file")
    with pytest.raises(UsageError, match="cannot be made"):
        init(tmp_path / "file" / "new")
    assert files(tmp_path) == ["file"]


def test_missing_parent_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        init(tmp_path / "a" / "b")
    assert failure.value.hint == f"make it first: mkdir -p {tmp_path / 'a'}"
    assert list(tmp_path.iterdir()) == []


def test_link_to_an_empty_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    init(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/README.md").is_file()


@pytest.mark.parametrize("exists", [False, True])
def test_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool) -> None:
    target = tmp_path / "new"
    if exists:
        target.mkdir()
    real = os.rename

    def full(source: str, destination: str, **more: object) -> None:
        if Path(destination).name in ("policies", "new"):
            raise OSError(28, "No space left on device")
        real(source, destination)

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OutputError, match="No space left on device"):
        init(target)
    assert list(tmp_path.rglob("*")) == ([target] if exists else [])


def test_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, content: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        init(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            init(tmp_path / "new")
    finally:
        tmp_path.chmod(0o700)


def test_folder_has_the_permissions_that_mkdir_gives(tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    init(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_editor_gets_every_schema(tmp_path: Path) -> None:
    init(tmp_path / "new")
    settings = json.loads((tmp_path / "new/.vscode/settings.json").read_text())
    named = {Path(path).name for path in settings["yaml.schemas"]}
    copied = {path.name for path in (tmp_path / "new/.vscode/schemas").iterdir()}
    folder = PROJECT / "schemas" / resources.VERSION
    assert copied == {path.name for path in folder.glob("*.json")}
    assert named <= copied
    # Those that no path names are reached from the one that tells the kinds apart.
    assert copied - named == {"assertions.schema.json", "flows.schema.json", "namespace.schema.json"}
    for kind in command.SCHEMAS:
        assert (tmp_path / f"new/.vscode/schemas/{kind}.schema.json").read_text() == resources.schema_text(kind)
