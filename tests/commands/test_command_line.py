"""What every command has in common: help, bad usage, streams, places, signals, and variables of the environment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_kit import CALL_BACK, FLOWS, Cli, add_flow, command, edit, process, snapshot

import ringfence as package
from git_repository import GitRepository
from ringfence.cli import COMMANDS

ON_A_REPOSITORY = (
    ["validate"],
    ["fmt", "--check"],
    ["render", "--check"],
    ["verify"],
    ["connections"],
    ["explain", "shop/frontend", "shop/checkout"],
    ["impact"],
    ["owners", "--check"],
    ["flows"],
    ["promote-diff", "dev", "prod"],
    ["expire", "--dry-run"],
    ["flow", "add", "--dry-run", "--from=shop/checkout", "--to=shop/frontend", "--port=http", "--reason=A test"],
)
ids = [words[0] for words in ON_A_REPOSITORY]
FLOW = ("--from=shop/checkout", "--to=shop/frontend", "--port=http", "--reason=A test")


def test_version(ringfence: Cli) -> None:
    assert ringfence("--version").out == f"ringfence {package.__version__}\n"


def test_no_command_is_bad_usage(ringfence: Cli) -> None:
    done = ringfence()
    assert (done.code, done.out) == (2, "")
    assert "exit codes: 0 clean" in done.err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(ringfence: Cli, name: str) -> None:
    done = ringfence(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert "\nexamples:\n  ringfence" in done.out
    assert f"  ringfence {name}" in done.out
    assert re.search(rf"^    {name}\b", ringfence("--help").out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option(ringfence: Cli, name: str) -> None:
    done = ringfence(name, "--no-such-option")
    assert (done.code, done.out) == (2, "")
    assert "usage: ringfence" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["valdate"], "did you mean validate?"),
        (["Render"], "did you mean render?"),
        (["qqq"], "the commands are init, import"),
        ([""], "there is no command ''"),
        (["-C", ".", "validate"], "the command comes before its options"),
        (["--format=json", "validate"], "the command comes before its options"),
        (["--vers"], "the command comes before its options"),
        (["validate", "--form", "json"], "--form"),
        (["validate", "--format", "xml"], "invalid choice: 'xml'"),
        (["explain", "shop/frontend"], "TO[:PORT]"),
        (["completion", "fish"], "invalid choice: 'fish'"),
        (["init"], "DIR"),
        (["flow", "add", "--environment=dev", *FLOW], "--environment=dev; did you mean --env?"),
        (["flow", "add", "--dry", *FLOW], "did you mean --dry-run?"),
        (["validate", "--ouput=json=x"], "unrecognized arguments: --ouput=json=x; did you mean --output?"),
        (
            ["flow", "add", "--form=json"],
            "required: --from, --to, --port, --reason; there is no --form, did you mean --f",
        ),
        (
            ["import", "--manifest", "x", "--into", "y"],
            "--manifests; there is no --manifest, did you mean --manifests?",
        ),
        (["promote", "--cluter=dev", "shop"], "required: --cluster; there is no --cluter, did you mean --cluster?"),
        (["promote", "--cluster=dev", "--al"], "is required; there is no --al, did you mean --all?"),
        (["gitlab", "coment"], "there is no action 'coment'; did you mean comment?"),
        (["gitlab", "qqq"], "there is no action 'qqq'; the actions are comment"),
        (["flow", "add", "--", "--form"], "required: --from, --to, --port, --reason\n"),
        (["flows", "--xyzzy"], "usage: ringfence flows [-h]"),
        (["completion", "bash", "zsh"], "usage: ringfence completion [-h]"),
        (["validate", "--at", "2027-02-30"], "is not a date"),
    ],
)
def test_bad_usage_says_what_to_write(ringfence: Cli, words: list[str], said: str) -> None:
    done = ringfence(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["validate", "--output", "json=sp ace\033[31m/x/y"], "make it: mkdir -p 'sp ace\\x1b[31m/x'\n"),
        (["flows", "--\033[31mx"], "unrecognized arguments: --\\x1b[31mx"),
        (["init", "sp ace\033[31m/new"], "sp ace\\x1b[31m'\n"),
        (["import", "--manifests=m", "--into=sp ace\033[31m/new"], "mkdir -p 'sp ace\\x1b[31m'\n"),
        (["validate", "-C", "a b/bare/README.md"], "name its folder: -C 'a b/bare'\n"),
        (["impact", "-C", "a b/bare"], "git -C '{}/a b/bare' init && "),
        (["import", "--manifests=m", "--into=a b/wrong"], "run: ringfence validate -C 'a b/wrong'\n"),
    ],
)
def test_names_in_hints_are_as_a_shell_takes_them(
    plain: GitRepository, ringfence: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("bare", "wrong"):
        shutil.copytree(plain.path, tmp_path / "a b" / name, ignore=shutil.ignore_patterns(".git"))
    (tmp_path / "a b/wrong/teams/checkout/team.yaml").write_text("kind: Team\n")
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    done = ringfence(*words)
    assert (done.code, done.out) == (2, "")
    assert said.format(tmp_path) in done.err
    assert "\033" not in done.err


@pytest.mark.parametrize("words", ON_A_REPOSITORY, ids=ids)
def test_every_run_ends_with_counts(small: GitRepository, ringfence: Cli, words: list[str]) -> None:
    done = ringfence(*words)
    assert done.code == 0
    last = (done.err or done.out).splitlines()[-1]
    assert re.search(r"\d", last)
    assert last.endswith("; no findings")


@pytest.mark.parametrize("words", ON_A_REPOSITORY, ids=ids)
def test_json_is_json_and_alone(small: GitRepository, ringfence: Cli, words: list[str]) -> None:
    done = ringfence(*words, "--format", "json")
    assert (done.code, done.err, done.json["findings"]) == (0, "", [])


@pytest.mark.parametrize("words", ON_A_REPOSITORY, ids=ids)
def test_places_that_are_no_repository(
    ringfence: Cli, small: GitRepository, tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    for place, said in (
        (empty, "is not inside a Ringfence repository"),
        (empty / "nope", "does not exist"),
        ("README.md", "is not a folder"),
        ("x" * 300, "cannot look into"),
        ("a\0b", "cannot look into"),
    ):
        done = ringfence(*words, "-C", place)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


@pytest.mark.parametrize("words", [["validate"], ["impact"], ["fmt"], ["init", "new"], ["render"]])
def test_a_current_folder_that_is_gone(small: GitRepository, tmp_path: Path, words: list[str]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'rmdir "$PWD" && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *command(*words)], cwd=gone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "ringfence: cannot look into" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_by_name_when_the_current_folder_is_gone(small: GitRepository, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    words = ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *command("impact", "-C", small.path)]
    done = subprocess.run(words, cwd=gone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        ("| head -1", 0, ""),
        ("2>&1 | head -1", 0, ""),
        (">/dev/full", 2, "ringfence: cannot print the results: No space left on device\n"),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        ("<&-", 0, ""),
        ("<&- >&- 2>&-", 0, ""),
    ],
)
def test_streams(tmp_path: Path, redirection: str, code: int, said: str) -> None:
    if redirection == ">/dev/full" and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    script = f'"$@" {redirection}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *command("checks", "--format", "json")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("env", [{}, {"PYTHONUNBUFFERED": "1"}], ids=str)
@pytest.mark.parametrize(
    ("words", "redirection", "code"),
    [
        (["--help"], ">/dev/full", 2),
        (["flows", "--help"], ">/dev/full", 2),
        (["flows", "--help"], "2>/dev/full", 0),
        (["flows"], "2>/dev/full", 2),
        (["connections"], "2>/dev/full", 2),
        (["flows"], ">/dev/full 2>&1", 2),
        (["flows", "--xyzzy"], "2>/dev/full", 2),
        (["flows", "-C", "nowhere"], "2>/dev/full", 2),
    ],
)
def test_a_full_disk_is_never_taken_for_findings(
    small: GitRepository, words: list[str], redirection: str, code: int, env: dict[str, str]
) -> None:
    line = ["sh", "-c", f'"$@" {redirection}', "sh", *command(*words)]
    done = subprocess.run(line, cwd=small.path, env={**BUFFERED, **env}, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if words[-1] == "--help" and code:
        assert done.stderr == "ringfence: cannot print the results: No space left on device\n"
    if words == ["flows"] and redirection == "2>/dev/full":
        assert "place-order" in done.stdout


def test_a_reader_that_went_away() -> None:
    """`checks` prints more than a pipe holds, so that writing goes on after the reader is gone."""
    ours, theirs = os.pipe()
    with contextlib.suppress(AttributeError):
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    words = command("checks", "--format", "json")
    with subprocess.Popen(words, stdout=theirs, stderr=subprocess.PIPE, env=buffered) as running:
        os.close(theirs)
        assert os.read(ours, 1) == b"{"
        os.close(ours)
        assert running.stderr is not None
        assert running.stderr.read() == b""
    assert running.returncode == 141


def closed(stream: str, *words: str, cwd: Path, env: dict[str, str]) -> tuple[int, bytes]:
    """A run whose output or errors nobody reads: the exit code, and what the other stream said."""
    ours, theirs = os.pipe()
    os.close(ours)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: theirs}
    done = subprocess.run(command(*words), cwd=cwd, env=env, stdin=subprocess.DEVNULL, check=False, **streams)
    os.close(theirs)
    return done.returncode, done.stderr if stream == "stdout" else done.stdout


BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["cache"], {}),
        (["cache"], {"PYTHONUNBUFFERED": "1"}),
        (["check", FLOWS], {}),
        (["completion", "bash"], {}),
        (["schema", "flows"], {}),
        (["simulate", "--cluster=dev"], {}),
        (["validate", "--format=json"], {}),
        (["impact"], {"PYTHONUNBUFFERED": "1"}),
    ],
    ids=str,
)
def test_a_pipe_that_nobody_reads_ends_a_run_quietly(
    small: GitRepository, words: list[str], env: dict[str, str]
) -> None:
    code, said = closed("stdout", *words, cwd=small.path, env={**BUFFERED, **env})
    assert code == 141
    # counts and the way on go elsewhere and may come still; complaints may not
    assert b"rror" not in said
    assert b"pipe" not in said.lower()


def test_help_that_nobody_reads(small: GitRepository) -> None:
    assert closed("stdout", "validate", "--help", cwd=small.path, env=BUFFERED) == (141, b"")
    assert closed("stderr", "--version", cwd=small.path, env=BUFFERED)[0] == 0


@pytest.mark.parametrize(
    ("words", "code"), [(["validate", "-C", "nowhere"], 2), (["nonsense"], 2), (["connections"], 141)], ids=str
)
def test_a_message_that_nobody_reads_changes_no_exit_code(small: GitRepository, words: list[str], code: int) -> None:
    assert closed("stderr", *words, cwd=small.path, env=BUFFERED)[0] == code


@pytest.mark.parametrize("words", [["validate"], ["validate", "--format=json"]], ids=" ".join)
def test_a_result_that_is_read_to_its_end_keeps_its_exit_code(small: GitRepository, words: list[str]) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    script = f'set -o pipefail; "$@" | cat; echo "${{PIPESTATUS[0]}}"; "$@" > {os.devnull}; echo $?'
    done = subprocess.run(["bash", "-c", script, "bash", *command(*words)], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-2:], done.stderr) == (["1", "1"], "")


def test_a_pipe_to_somebody_else_that_breaks_is_a_bug() -> None:
    script = (
        "import sys\n"
        "from ringfence import cli\n"
        "from ringfence.commands import checks\n"
        "def run(*_): raise BrokenPipeError(32, 'Broken pipe')\n"
        "checks.run = run\n"
        "sys.exit(cli.main(['checks']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "this is a bug in Ringfence" in done.stderr


def terminal(*words: str, cwd: Path, **variables: str) -> str:
    """What a run prints to a terminal."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        command(*words), stdout=theirs, stderr=theirs, stdin=theirs, cwd=cwd, env={**env, "TERM": "xterm", **variables}
    ) as running:
        os.close(theirs)
        output = b""
        while True:
            try:
                more = os.read(ours, 4096)
            except OSError:
                break
            if not more:
                break
            output += more
        running.wait()
    os.close(ours)
    return output.decode()


def test_colour_only_on_a_terminal_that_wants_it(small: GitRepository) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    assert "\033[31merror\033[0m" in terminal("validate", cwd=small.path)
    # a run of over a second clears the line that says how far it is: no colour
    assert "\033[" not in terminal("validate", cwd=small.path, NO_COLOR="1").replace("\033[K", "")
    assert "\033[" not in terminal("validate", cwd=small.path, TERM="dumb")
    assert "\033[" not in process("validate", cwd=small.path, env={"TERM": "xterm"}).stdout


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_DIR": "/nonexistent", "GIT_WORK_TREE": "/"},
        {"GIT_INDEX_FILE": "/nonexistent"},
        {"GIT_OBJECT_DIRECTORY": "/nonexistent"},
        {"GIT_CEILING_DIRECTORIES": "/"},
        {"GIT_NAMESPACE": "x"},
        {"GIT_LITERAL_PATHSPECS": "1"},
        {"GIT_EXTERNAL_DIFF": "false", "GIT_PAGER": "false", "PAGER": "false"},
        {"GIT_PYTHON_TRACE": "full"},
        {"TMPDIR": "/nonexistent"},
    ],
    ids=lambda variables: ",".join(variables),
)
def test_variables_of_git_change_nothing(
    small: GitRepository, ringfence: Cli, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    add_flow(small, *CALL_BACK)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ringfence("render").code == 0
    assert ringfence("impact").out.startswith("1 opens, 0 close, 0 collateral — dev, prod\n")


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "GIT_TRACE": "1"},
        {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "COLUMNS": "x", "LINES": "-1", "PYTHONOPTIMIZE": "2"},
        {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "PYTHONUNBUFFERED": "1"},
    ],
    ids=lambda variables: ",".join(variables),
)
def test_the_environment_changes_nothing(small: GitRepository, variables: dict[str, str]) -> None:
    add_flow(small, *CALL_BACK)
    assert process("render", cwd=small.path, env=variables).returncode == 0
    done = process("impact", cwd=small.path, env=variables)
    assert done.returncode == 0
    assert done.stdout.startswith("1 opens, 0 close, 0 collateral — dev, prod\n")
    assert "+ shop/checkout → shop/frontend" in done.stdout


@pytest.mark.parametrize(
    ("words", "code"), [(["validate"], 0), (["render", "--check"], 0), (["verify"], 0), (["impact"], 2)]
)
def test_without_git_on_the_path(small: GitRepository, words: list[str], code: int) -> None:
    done = process(*words, cwd=small.path, env={"PATH": "/nonexistent"})
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert code == 0 or "Git is not installed" in done.stderr


def test_a_worktree_and_a_submodule(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    small.git("worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "worktree"))
    above = GitRepository(tmp_path / "above")
    above.path.mkdir()
    above.git("init", "--quiet")
    above.git("submodule", "--quiet", "add", str(small.path), "policies of all")
    above.commit()
    for place in (tmp_path / "worktree", above.path / "policies of all"):
        for words in ON_A_REPOSITORY:
            assert ringfence(*words, "-C", place).code == 0
    add_flow(GitRepository(tmp_path / "worktree"), *CALL_BACK)
    assert ringfence("render", "-C", tmp_path / "worktree").code == 0
    assert ringfence("impact", "-C", tmp_path / "worktree").out.startswith("1 opens")
    assert ringfence("impact").out.startswith("No connection opens")


def test_a_subfolder_of_a_larger_repository(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    whole = GitRepository(tmp_path / "whole")
    shutil.copytree(small.path, whole.path / "net/policies", ignore=shutil.ignore_patterns(".git"))
    whole.git("init", "--quiet")
    whole.write("teams/other/team.yaml", "not: ours\n")
    whole.commit()
    inner = GitRepository(whole.path / "net/policies")
    for words in ON_A_REPOSITORY:
        assert ringfence(*words, "-C", inner.path).code == 0
    add_flow(inner, *CALL_BACK)
    assert ringfence("render", "-C", inner.path).code == 0
    report = ringfence("impact", "-C", inner.path / "teams", "--format", "json").json
    assert report["headline"].startswith("1 opens")
    assert all(path.startswith(("teams/", "policies/")) for item in report["approvals"] for path in item["paths"])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".git/config", b"garbage"),
        (".git/HEAD", b"garbage"),
        (".git/HEAD", b""),
        (".git/index", b"garbage"),
        (".git/refs/heads/main", b"garbage"),
        (".git/packed-refs", b"garbage"),
    ],
)
def test_a_damaged_git_folder(small: GitRepository, ringfence: Cli, path: str, content: bytes) -> None:
    (small.path / path).write_bytes(content)
    for words in (["validate"], ["render"], ["impact"], ["impact", "--head", "HEAD"]):
        assert ringfence(*words).code in (0, 2)


@pytest.mark.parametrize(
    "name", ["HEAD^{commit}", "HEAD:", "HEAD:teams", "HEAD:teams/checkout/team.yaml", "HEAD:policies"]
)
def test_an_object_that_git_lost(small: GitRepository, ringfence: Cli, name: str) -> None:
    sha = small.git("rev-parse", name)
    (small.path / ".git/objects" / sha[:2] / sha[2:]).unlink()
    for words in (["impact"], ["impact", "--head", "HEAD", "--base", "HEAD"]):
        done = ringfence(*words)
        assert done.code in (1, 2)
        assert "cannot" in done.all or "can read" in done.all


def test_a_git_folder_that_leads_nowhere(plain: GitRepository, ringfence: Cli) -> None:
    plain.write(".git", "gitdir: /nowhere\n")
    for words in (["validate"], ["impact"]):
        done = ringfence(*words)
        assert done.code == 2
        assert "Git cannot read the repository" in done.err


def test_interrupted_while_rendering(small: GitRepository, tmp_path: Path) -> None:
    """Wherever Ctrl-C falls, every file is the old or the new one, and no temporary file is left."""
    edit(small, "teams/checkout/shop/namespace.yaml", "grpc: 5050", "grpc: 5051")
    header = "apiVersion: ringfence.dev/v1alpha1\n"
    for number in range(150):
        small.write(
            f"teams/payments/payments/w{number}.yaml",
            header + "kind: Flows\nflows:\n"
            f"  - {{name: f{number}, from: prometheus, to: api, ports: [{2000 + number}], reason: A test}}\n",
        )
    old = snapshot(small.path / "policies/rendered")
    begun = time.monotonic()
    assert process("render", "--no-cache", cwd=small.path).returncode == 0
    whole = time.monotonic() - begun
    new = snapshot(small.path / "policies/rendered")
    assert new != old
    codes = set()
    for part in (0.9, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05):  # the first run may have been a slow one
        small.git("checkout", "--quiet", "--", "policies/rendered")
        running = subprocess.Popen(
            command("render", "--no-cache"),
            cwd=small.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        time.sleep(whole * part)
        os.killpg(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=30)
        codes.add(running.returncode)
        # where Ctrl-C falls into code that CPython has made (a dataclass), it ends itself by the signal: 130 to a shell
        assert running.returncode in (0, 130, -signal.SIGINT), err
        assert b"Traceback" not in err
        assert snapshot(small.path / "policies/rendered") in (old, new)
    assert codes & {130, -signal.SIGINT}


def test_an_interruption_says_so() -> None:
    script = (
        "import sys, os, signal\n"
        "from ringfence import cli\n"
        "from ringfence.commands import checks\n"
        "checks.run = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(cli.main(['checks']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "ringfence: interrupted; nothing is half-written\n"
