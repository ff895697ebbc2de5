"""The hooks under the real pre-commit, on real commits."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from git_repository import GitRepository

PROJECT = Path(__file__).parents[2]
FLOWS = "teams/shop/shop/flows.yaml"


@pytest.fixture
def hooked(policies: GitRepository) -> GitRepository:
    """The new repository with its own hooks installed."""
    run(policies, "pre-commit", "install")
    return policies


def run(repository: GitRepository, *command: str, folder: str = "", **variables: str) -> str:
    """The output of a command that succeeds."""
    done = attempt(repository, *command, folder=folder, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def attempt(
    repository: GitRepository, *command: str, folder: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    where = repository.path / folder
    return subprocess.run(
        command,
        cwd=where,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def verdicts(output: str) -> dict[str, str]:
    """What each hook came to: Passed, Failed or Skipped, by the last word of its name's line."""
    words = {
        "every declaration is valid": "validate",
        "declarations are in style": "fmt",
        "policies/rendered is current": "render",
        "CODEOWNERS is current": "owners",
    }
    return {
        short: line.rpartition(".")[2].rpartition(")")[2]
        for line in output.splitlines()
        for name, short in words.items()
        if line.startswith("ringfence: ") and name in line
    }


def edit(repository: GitRepository, path: str, old: str, new: str) -> None:
    text = (repository.path / path).read_text()
    assert text.count(old) == 1
    repository.write(path, text.replace(old, new))


def add_flow(repository: GitRepository) -> None:
    edit(
        repository,
        FLOWS,
        "flows:\n",
        "flows:\n"
        "  - name: call-back\n"
        "    from: cart\n"
        "    to: frontend\n"
        "    ports: [http]\n"
        "    reason: The cart says when it changed\n",
    )


def refused(repository: GitRepository, *command: str, **variables: str) -> str:
    """The output of a commit that hooks refuse; nothing is committed."""
    before = repository.git("rev-parse", "HEAD")
    done = attempt(repository, *command, **variables)
    assert done.returncode == 1, done.stdout + done.stderr
    assert repository.git("rev-parse", "HEAD") == before
    return done.stdout + done.stderr


def test_good_commit_passes_every_hook(hooked: GitRepository) -> None:
    add_flow(hooked)
    run(hooked, "ringfence", "render")
    hooked.git("add", "--all")
    output = run(hooked, "git", "commit", "--message", "Add a flow")
    assert verdicts(output) == {"validate": "Passed", "fmt": "Passed", "render": "Passed", "owners": "Passed"}
    assert hooked.git("status", "--porcelain") == ""


def test_flow_to_nowhere_is_refused_with_its_place(hooked: GitRepository) -> None:
    edit(hooked, FLOWS, "to: cart", "to: carts")
    output = refused(hooked, "git", "commit", "--all", "--message", "Bad")
    assert verdicts(output)["validate"] == "Failed"
    assert f"{FLOWS}:7:9" in output
    assert "cart" in output


def test_stale_render_is_refused(hooked: GitRepository) -> None:
    add_flow(hooked)
    output = refused(hooked, "git", "commit", "--all", "--message", "Stale")
    assert verdicts(output) == {"validate": "Passed", "fmt": "Passed", "render": "Failed", "owners": "Passed"}
    assert "policies/rendered/base/shop/shop/cart.yaml" in output


def test_commit_that_only_deletes_is_checked_too(hooked: GitRepository) -> None:
    hooked.git("rm", "--quiet", FLOWS)
    output = refused(hooked, "git", "commit", "--message", "Delete")
    assert verdicts(output) == {"validate": "Passed", "fmt": "Skipped", "render": "Failed", "owners": "Passed"}


def test_file_out_of_style_is_refused(hooked: GitRepository) -> None:
    edit(hooked, FLOWS, "to: cart", "to:     cart")
    output = refused(hooked, "git", "commit", "--all", "--message", "Style")
    assert verdicts(output)["fmt"] == "Failed"
    assert FLOWS in output


def test_stale_owners_are_refused(hooked: GitRepository) -> None:
    edit(hooked, "teams/shop/team.yaml", "@example/shop", "@example/other")
    output = refused(hooked, "git", "commit", "--all", "--message", "Owners")
    assert verdicts(output)["owners"] == "Failed"


def test_commit_from_a_subfolder(hooked: GitRepository) -> None:
    add_flow(hooked)
    output = refused(hooked, "git", "commit", "--all", "--message", "Stale", folder="teams/shop")
    assert verdicts(output)["render"] == "Failed"
    run(hooked, "ringfence", "render", folder="teams/shop/shop")
    hooked.git("add", "--all")
    run(hooked, "git", "commit", "--message", "Good", folder="teams/shop")


def test_commit_of_named_files_only(hooked: GitRepository) -> None:
    """Git hands such a commit's hooks an index of their own (GIT_INDEX_FILE)."""
    add_flow(hooked)
    run(hooked, "ringfence", "render")
    hooked.git("add", "--all")
    output = run(hooked, "git", "commit", "--message", "Named", "teams", "policies")
    assert verdicts(output)["render"] == "Passed"


def test_commit_with_git_dir_set(hooked: GitRepository, tmp_path: Path) -> None:
    """As an editor or a wrapper sets it: the repository is named by variables, from a folder outside it."""
    edit(hooked, FLOWS, "to: cart", "to: carts")
    variables = {"GIT_DIR": str(hooked.path / ".git"), "GIT_WORK_TREE": str(hooked.path)}
    output = refused(hooked, "git", "commit", "--all", "--message", "Bad", folder="..", **variables)
    assert verdicts(output)["validate"] == "Failed"
    edit(hooked, FLOWS, "to: carts", "to: cart")
    output = run(hooked, "git", "commit", "--allow-empty", "--message", "Good", folder="..", **variables)
    assert verdicts(output)["validate"] == "Passed"


def test_commit_in_a_linked_worktree(hooked: GitRepository, tmp_path: Path) -> None:
    hooked.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = GitRepository(tmp_path / "side")
    add_flow(side)
    output = refused(side, "git", "commit", "--all", "--message", "Stale")
    assert verdicts(output)["render"] == "Failed"


def test_repository_in_a_subfolder_of_git(policies: GitRepository, tmp_path: Path) -> None:
    """Hooks start at the top of the Git repository, so they are told where the policies are."""
    mono = GitRepository(tmp_path / "mono")
    mono.path.mkdir()
    mono.git("init", "--quiet")
    shutil.copytree(policies.path, mono.path / "network", ignore=shutil.ignore_patterns(".git"))
    config = mono.path / "network/.pre-commit-config.yaml"
    config.rename(mono.path / ".pre-commit-config.yaml")
    for command in ("validate", "render --check", "owners --check"):
        edit(mono, ".pre-commit-config.yaml", f"entry: ringfence {command}", f"entry: ringfence {command} -C network")
    mono.commit()
    run(mono, "pre-commit", "install")
    add_flow(GitRepository(mono.path / "network"))
    output = refused(mono, "git", "commit", "--all", "--message", "Stale")
    assert verdicts(output) == {"validate": "Passed", "fmt": "Skipped", "render": "Failed", "owners": "Passed"}


def test_changed_files_alone_in_a_subfolder_of_git(policies: GitRepository, tmp_path: Path) -> None:
    """The hook finds the policies from the files; names of others are not its business."""
    mono = GitRepository(tmp_path / "mono")
    mono.path.mkdir()
    mono.git("init", "--quiet")
    shutil.copytree(policies.path, mono.path / "network", ignore=shutil.ignore_patterns(".git"))
    hook = "{id: check, name: check, language: system, entry: ringfence check, files: ^network/teams/}"
    mono.write(".pre-commit-config.yaml", f"repos: [{{repo: local, hooks: [{hook}]}}]\n")
    mono.commit()
    run(mono, "pre-commit", "install")
    network = GitRepository(mono.path / "network")
    add_flow(network)
    edit(network, FLOWS, "to: cart", "to: carts")
    assert "Passed" in run(mono, "git", "commit", "--all", "--message", "A name that nobody has")
    edit(network, FLOWS, "    from: cart", "    form: cart")
    output = refused(mono, "git", "commit", "--all", "--message", "A key that does not exist")
    assert f"{FLOWS}:6:5: error RF033" in output


@pytest.fixture(scope="session")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """A clone of this project as it is now, uncommitted changes included."""
    path = tmp_path_factory.mktemp("toolkit") / "ringfence"
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    for name in listing.stdout.decode().split("\0"):
        if name and (PROJECT / name).is_file() and not name.startswith(("tests/", "teams/", "policies/rendered/")):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, path / name)
    return GitRepository(path)


def test_another_repository_gets_the_hooks_by_address(
    policies: GitRepository, toolkit: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pre-commit clones the toolkit and installs it by itself, with pip: the one test that needs a package index."""
    if not (toolkit.path / ".git").exists():
        toolkit.git("init", "--quiet")
        toolkit.commit()
    monkeypatch.setenv("PIP_CONSTRAINT", str(PROJECT / "constraints.txt"))
    hooks = "".join(f"      - id: ringfence-{name}\n" for name in ("validate", "fmt", "render", "owners"))
    rev = toolkit.git("rev-parse", "HEAD")
    policies.write(".pre-commit-config.yaml", f"repos:\n  - repo: {toolkit.path}\n    rev: {rev}\n    hooks:\n{hooks}")
    policies.commit()
    run(policies, "pre-commit", "install")
    # Only what pre-commit installed may be used.
    programs = str(policies.path.parent / "bin")
    Path(programs).mkdir()
    for program in ("git", "pre-commit"):
        found = shutil.which(program)
        assert found
        (Path(programs) / program).symlink_to(found)
    path = f"{programs}:/usr/bin:/bin"
    assert shutil.which("ringfence", path=path) is None
    add_flow(policies)
    output = refused(policies, "git", "commit", "--all", "--message", "Stale", PATH=path)
    assert verdicts(output) == {"validate": "Passed", "fmt": "Passed", "render": "Failed", "owners": "Passed"}
    run(policies, "ringfence", "render")
    policies.git("add", "--all")
    output = run(policies, "git", "commit", "--message", "Good", PATH=path)
    assert verdicts(output) == {"validate": "Passed", "fmt": "Passed", "render": "Passed", "owners": "Passed"}
