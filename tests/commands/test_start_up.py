"""What a hook, and a question about plain manifests, import: nothing that they have no use for.

Start-up is most of their time. Modules are counted here, never seconds.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_kit import FLOWS

from git_repository import GitRepository
from ringfence.sources.times import RECENT

MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {template: {metadata: {labels: {app: api}}, spec: {containers: [{name: main}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}}
"""
WATCH = """\
import json, sys
from ringfence import cli
code = cli.main(sys.argv[1:])
print(json.dumps({"code": code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""
HOOK = """\
import os, sys
before, opened, leave = set(sys.modules), [], os._exit
def end(code):
    print([code, sorted(set(sys.modules) - before), opened], file=sys.stderr)
    leave(code)
os._exit = end
sys.addaudithook(lambda event, words: opened.append(str(words[0])) if event == "open" else None)
from ringfence.__main__ import main
sys.exit(main())
"""
LEAN = {"__main__", "cache", "cache.marks", "cache.place", "cache.tools", "quick"}
"""Our own modules that a hook needs for a file that is known to be valid."""
OF_ONE_FILE = {
    *("documents", "errors", "findings", "model.alone", "model.layout", "model.problems.files", "model", "resources"),
    *("model.problems", "schema", "schema.codes", "values", "values.nearest"),
    *(f"documents.{name}" for name in ("codes", "document", "scalars", "simple", "text")),
}
"""Those that it needs on top for another file."""
NOT_FOR_ONE_FILE = [
    *("argparse", "dataclasses", "difflib", "git", "hashlib", "inspect", "jinja2", "json", "jsonschema", "pathlib"),
    *("platform", "ruamel", "signal", "sqlite3", "subprocess", "tempfile", "unicodedata", "yaml"),
]
NEEDED = {
    *(
        "asking",
        "cache",
        "commands",
        "connectivity",
        "documents",
        "errors",
        "findings",
        "manifests",
        "report",
        "sources",
    ),
    "values",
}
OTHER_DIALECTS = [
    f"ringfence.{stage}.{name}" for stage in ("connectivity", "manifests") for name in ("calico", "cilium")
]
HEAVY = [
    "difflib",
    "duckdb",
    "git",
    "hashlib",
    "ibis",
    "jinja2",
    "jsonschema",
    "jsonschema_rs",
    "ruamel",
    "subprocess",
]


@pytest.mark.parametrize("command", ["connections", "diff"])
def test_only_what_reads_and_evaluates_manifests_is_imported(command: str, tmp_path: Path):
    (tmp_path / "all.yaml").write_text(MANIFESTS)
    paths = [str(tmp_path)] * (2 if command == "diff" else 1)
    run = [sys.executable, "-c", WATCH, command, "--manifests", *paths]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    seen = json.loads(done.stderr.splitlines()[-1])
    assert seen["code"] == 0
    stages = {name.split(".")[1] for name in seen["modules"] if name.startswith("ringfence.")}
    assert stages <= NEEDED | {"cli"}
    assert not [name for name in (*HEAVY, *OTHER_DIALECTS) if name in seen["modules"]]


def test_what_is_printed_as_text_imports_no_other_format(small: GitRepository):
    run = [sys.executable, "-c", WATCH, "validate", "-C", str(small.path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    seen = json.loads(done.stderr.splitlines()[-1])
    assert seen["code"] == 0
    assert {name for name in seen["modules"] if name.startswith("ringfence.report.")} == {"ringfence.report.text"}
    assert not {"html", "xml"} & {*seen["modules"]}


ASKED = {
    "impact --base HEAD": ["rev-parse", "rev-parse", "diff", "ls-files"],
    "impact --base HEAD~0 --head HEAD": ["rev-parse", "rev-parse", "rev-parse", "diff-tree"],
    "validate": ["rev-parse", "rev-list", "diff", "ls-files"],
}
"""What Git is asked where nothing has changed since it was asked the same."""
AGAIN = """\
import os, sys
asked, leave, here = [], os._exit, os.getpid()
def end(code):
    if os.getpid() == here:  # copies are not asked
        print([code, sorted(sys.modules), asked], file=sys.stderr)
    leave(code)
os._exit = end
def hear(event, words):
    if event == "import" and words[0] == "ringfence.impact.mend" and "READY" in os.environ:
        open(os.environ["READY"], "w").close()
    if event == "subprocess.Popen":
        so_far = [name for name in ("argparse", "ringfence.impact") if name in sys.modules]
        asked.append((words[1][1 + words[1].index("core.fsmonitor=")], so_far))
sys.addaudithook(hear)
from ringfence.__main__ import main
sys.exit(main())
"""


SLOW = """\
#!/bin/sh
turns=0
case " $* " in *" diff "*)
  while [ ! -e "$READY" ] && [ $turns -lt 300 ]; do sleep 0.1; turns=$((turns + 1)); done
  [ -e "$READY" ] || echo late > "$READY";;
esac
exec GIT "$@"
"""
"""A Git that says what differs once all is ready for it, if not for thirty seconds."""

Ran = tuple[str, set[str], list[tuple[str, list[str]]]]
"""What a run printed, the modules that it imported, and what Git was asked when which of two modules were there."""


@pytest.fixture
def ask(small: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Ran]:
    """Run a command on a repository whose folders are old enough to tell when they move."""
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    small.commit("Start")
    time.sleep(RECENT / 1e9)

    def run(command: str) -> Ran:
        words = [sys.executable, "-c", AGAIN, *command.split()]
        done = subprocess.run(words, cwd=small.path, capture_output=True, text=True, check=False)
        code, modules, asked = ast.literal_eval(done.stderr.splitlines()[-1])
        assert code == done.returncode
        return done.stdout, {*modules}, asked

    return run


@pytest.mark.parametrize("command", ASKED)
def test_git_is_at_work_before_the_command_line_is_read(command: str, ask: Callable[[str], Ran]):
    answers, modules, asked = zip(*(ask(command) for _ in range(3)), strict=True)
    assert len({*answers}) == 1
    assert asked[-1] == [(name, []) for name in ASKED[command]]
    stages = {name.split(".")[1] for name in modules[-1] if name.startswith("ringfence.")}
    others = {"connectivity", "documents", "manifests", "values"}
    assert stages == NEEDED - others | {"__main__", "ahead", "cli", "quick"}
    assert not ({*HEAVY} - {"subprocess"} | {"dataclasses", "inspect", "msgspec", "shutil"}) & modules[-1]


def test_a_new_question_is_made_ready_for_while_git_is_at_work(
    ask: Callable[[str], Ran], small: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ready = tmp_path / "ready"
    monkeypatch.setenv("READY", str(ready))
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(SLOW.replace("GIT", shutil.which("git") or ""))
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    question = "impact --base HEAD"
    small.write(FLOWS, (small.path / FLOWS).read_text() + "# one\n")
    first, _, asked = ask(question)
    assert [name for name, _ in asked] == [*ASKED[question], "ls-files", "ls-files", "cat-file"]
    assert ready.read_text() == ""
    ask(question)  # Git may have refreshed its index
    again, modules, asked = ask(question)
    assert again == first
    assert "ringfence.impact" not in modules
    assert [name for name, _ in asked] == ASKED[question]

    ready.unlink()
    small.write(FLOWS, (small.path / FLOWS).read_text() + "# two\n")
    _, _, asked = ask(question)
    assert [name for name, modules in asked if not modules] == ASKED[question]
    assert asked[-1][0] == "cat-file"
    assert ready.read_text() == ""


UNNEEDED = (
    *("checks.registry", "checks.waiver_unused", "compile.calico", "compile.cilium", "compile.guardrails"),
    *("commands.judged", "sources.settled"),
    *("connectivity.brief", "connectivity.explain", "connectivity.large", "connectivity.output"),
    *("connectivity.staged", "connectivity.tiers", "connectivity.walk", "gitops.argocd", "manifests.adminpolicy"),
    *("render.dialects", "render.disk", "render.whole", "verify.agreement", "verify.assertionpages"),
    "verify.comparing",
)


def test_a_new_question_imports_nothing_that_it_has_no_use_for(ask: Callable[[str], Ran], small: GitRepository):
    """Whoever writes files, runs templates or reads other dialects imports what that takes; no name is looked for."""
    small.write(FLOWS, (small.path / FLOWS).read_text() + "# one\n")
    small.commit("One")
    _, modules, _ = ask("impact --base HEAD~1 --head HEAD")
    assert "ringfence.impact" in modules
    unneeded = {"dataclasses", "difflib", "fractions", "hashlib", "jinja2", "secrets", "shutil", "tempfile"}
    unneeded |= {"traceback", *(f"ringfence.{name}" for name in UNNEEDED)}
    assert not (unneeded | {*OTHER_DIALECTS}) & modules


def hook(repository: GitRepository, cache: str) -> tuple[set[str], set[str], list[str]]:
    """Our modules and the others that a hook on one valid file imports, and the YAML files that it opens."""
    run = [sys.executable, "-c", HOOK, "check", FLOWS]
    environment = {**os.environ, "RINGFENCE_CACHE": cache}
    done = subprocess.run(run, cwd=repository.path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1 file; no findings\n"
    code, modules, opened = ast.literal_eval(done.stderr)
    assert code == 0
    ours = {name.removeprefix("ringfence.") for name in modules if name.startswith("ringfence.")}
    others = {name for name in modules if name.partition(".")[0] != "ringfence"}
    return ours, others, [Path(name).relative_to(repository.path).as_posix() for name in opened if ".yaml" in name]


def test_a_hook_on_one_file_reads_and_imports_what_that_file_needs(small: GitRepository, tmp_path: Path):
    ours, others, opened = hook(small, str(tmp_path / "cache"))
    assert ours == LEAN | OF_ONE_FILE
    assert not others & set(NOT_FOR_ONE_FILE)
    assert opened == [FLOWS]

    ours, others, opened = hook(small, str(tmp_path / "cache"))
    assert ours == LEAN
    assert others <= {"__future__", "_blake2", "gc"}
    assert opened == [FLOWS]
