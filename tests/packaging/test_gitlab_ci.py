"""The pipeline that repositories of policies include: valid, with the gates that are asked for, and run for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from git_repository import GitRepository
from notes_server import serving
from ringfence.commands.init import init
from small_repository import SMALL

PROJECT = Path(__file__).parents[2]
TEMPLATE = PROJECT / "tools/ci/policy.gitlab-ci.yml"
CLUSTERS = PROJECT / "tools/ci/clusters.gitlab-ci.yml"
OWN = PROJECT / ".gitlab-ci.yml"
GATES = ["validate", "fmt", "render", "owners", "verify", "impact"]
LOCAL = PROJECT / ".tools/bin/gitlab-ci-local"


def spec() -> dict[str, Any]:
    head = TEMPLATE.read_text().split("\n---\n")[0]
    inputs = yaml.safe_load(head)["spec"]["inputs"]
    assert isinstance(inputs, dict)
    return inputs


needs_gitlab_ci_local = pytest.mark.skipif(
    not LOCAL.exists() or shutil.which("node") is None,
    reason="gitlab-ci-local is not installed: `make tools` does it where there is npm",
)


def pipeline(**inputs: object) -> dict[str, Any]:
    """The pipeline with inputs put in, as GitLab does it: on the text."""
    known = spec()
    assert inputs.keys() <= known.keys()
    values = {name: inputs.get(name, about.get("default")) for name, about in known.items()}
    assert None not in values.values(), "an input without a default is missing"
    body = TEMPLATE.read_text().split("\n---\n")[1]
    put = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: str(values[found[1]]), body)
    assert "$[[" not in put
    data = yaml.safe_load(put)
    assert isinstance(data, dict)
    return data


def script(job: dict[str, Any]) -> str:
    return job["script"] if isinstance(job["script"], str) else "\n".join(job["script"])


def accepted(path: Path, schema: str = "vendor.gitlab-ci") -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_gitlab_accepts_it(tmp_path: Path) -> None:
    put = tmp_path / "put.gitlab-ci.yml"
    put.write_text(yaml.safe_dump(pipeline(package="ringfence[gitlab]==1", stage_validate="test")))
    init(tmp_path / "new")
    for path in (put, OWN, tmp_path / "new/.gitlab-ci.yml"):
        accepted(path)


def test_this_repository_and_a_new_one_include_the_same_file(tmp_path: Path) -> None:
    init(tmp_path / "new")
    for root, file in ((PROJECT, OWN), (tmp_path / "new", tmp_path / "new/.gitlab-ci.yml")):
        (include,) = yaml.safe_load(file.read_text())["include"]
        assert (root / include["local"].removeprefix("/")).read_bytes() == TEMPLATE.read_bytes()
        assert [name for name, about in spec().items() if "default" not in about] == ["package"]
        assert include["inputs"].keys() <= spec().keys()
        assert "gitlab" in include["inputs"]["package"]


def test_every_input_is_described_and_used() -> None:
    body = TEMPLATE.read_text().split("\n---\n")[1]
    for name, about in spec().items():
        assert about["description"].endswith(".")
        assert f"$[[ inputs.{name} ]]" in body


def test_images_are_pinned_to_a_release() -> None:
    images = [pipeline(package="x")[".ringfence"]["image"], yaml.safe_load(OWN.read_text())["toolkit"]["image"]]
    assert all(image.partition(":")[2].partition("-")[0].count(".") == 2 for image in images)


def test_stages_are_those_that_are_named() -> None:
    made = pipeline(package="x", stage_validate="lint", stage_verify="test", stage_impact="report")
    assert made["stages"] == ["lint", "test", "report"]
    assert {made[gate]["stage"] for gate in GATES} == {"lint", "test", "report"}


@pytest.mark.parametrize("gate", [*GATES, "selftest"])
def test_each_gate_can_be_left_out_or_only_warn(gate: str) -> None:
    rules = pipeline(package="x")[gate]["rules"]
    for variable, rule, then in (
        ("RINGFENCE_GATES !~", rules[0], {"when": "never"}),
        ("RINGFENCE_ADVISORY =~", rules[2], {"allow_failure": True}),
    ):
        found = re.fullmatch(rf"\${variable} /(.+)/", rule["if"])
        assert found
        assert {key: value for key, value in rule.items() if key != "if"} == then
        assert [name for name in [*GATES, "selftest"] if re.search(found[1], f"a {name} b")] == [gate]
    assert rules[3] == {"when": "on_success"}


def test_impact_keeps_its_reports_when_it_fails() -> None:
    job = pipeline(package="x")["impact"]
    artifacts = job["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["expose_as"]
    files = {*artifacts["paths"], *artifacts["reports"].values()}
    assert files == {found.partition("=")[2] for found in re.findall(r"--output (\S+)", script(job))}


@pytest.mark.parametrize("merged_results", [False, True])
@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("fork", [False, True])
def test_the_script_of_impact_runs_on_a_shallow_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, merged_results: bool, status: int, fork: bool
) -> None:
    """The real script in a real shallow clone; a stand-in for `ringfence` notes its arguments, and finds the base."""
    origin, clone, programs = tmp_path / "origin.git", tmp_path / "clone", tmp_path / "bin"
    shell(
        tmp_path,
        "git init -q origin.git && cd origin.git && for n in 1 2 3; do git commit -q --allow-empty -m $n; done",
    )
    base = shell(origin, "git rev-parse HEAD~2").strip()
    shell(origin, "git config uploadpack.allowAnySHA1InWant true")
    shell(tmp_path, f"git clone -q --depth=1 file://{origin} {clone}")
    if fork:
        shell(clone, "git init -q --bare ../fork.git && git remote set-url origin file://$PWD/../fork.git")
    programs.mkdir()
    (programs / "ringfence").write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ "$1" = gitlab ] && exit 2\ngit cat-file -e "$3" || exit 9\n'
        f"echo {{}} > impact.json\nexit {status}\n"
    )
    (programs / "ringfence").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", base if merged_results else "")
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "0" * 40 if merged_results else base)
    monkeypatch.setenv("CI_MERGE_REQUEST_PROJECT_URL", f"file://{str(origin).removesuffix('.git')}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(pipeline(package="x")["impact"])],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    impact, comment = (tmp_path / "calls").read_text().splitlines()
    assert impact.startswith(f"impact --base {base} --output json=impact.json ")
    assert comment == "gitlab comment"
    assert done.stdout == "The report is in the artifacts of this job.\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder before all others on PATH: this `ringfence`, and a pip that only notes what it should install."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ringfence").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ringfence "$@"\n')
    (folder / "pip").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/pip.log\n')
    for program in folder.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return folder


@pytest.fixture
def policies(tmp_path: Path, programs: Path) -> GitRepository:
    """The small repository with a pipeline that includes the template, pushed to `origin.git` beside it."""
    root = tmp_path / "policies"
    shutil.copytree(SMALL, root)
    (root / ".gitlab").mkdir()
    shutil.copy(TEMPLATE, root / ".gitlab/policy.gitlab-ci.yml")
    (root / ".gitlab-ci.yml").write_text(
        "include:\n  - local: /.gitlab/policy.gitlab-ci.yml\n    inputs:\n      package: ringfence[gitlab]==1\n"
    )
    (root / ".gitignore").write_text("impact.*\n.gitlab-ci-local\n")
    made = GitRepository(root)
    shell(root, "git init -q && ringfence render 2>/dev/null && ringfence owners")
    made.commit()
    shell(
        tmp_path,
        "git clone -q --bare policies origin.git && git -C origin.git config receive.advertisePushOptions true",
    )
    made.git("remote", "add", "origin", "git@gitlab.example.com:group/policies.git")
    return made


def add_flow(repository: GitRepository, *more: str) -> None:
    words = " ".join(("--from shop/frontend --to stripe --port https --reason Test --name look", *more))
    shell(repository.path, f"ringfence flow add {words} 2>/dev/null && ringfence render 2>/dev/null")
    repository.commit()


def of_merge_request(repository: GitRepository, base: str, **variables: str) -> str:
    """What gitlab-ci-local says of the pipeline of a merge request, which must pass."""
    variables |= {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    options = [word for name, value in variables.items() for word in ("--variable", f"{name}={value}")]
    done = subprocess.run(
        [LOCAL, "--force-shell-executor", *options],
        cwd=repository.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_gitlab_ci_local
def test_the_pipeline_of_a_merge_request_runs(policies: GitRepository, tmp_path: Path) -> None:
    """With gitlab-ci-local, which reads the includes, inputs, rules and artifacts as GitLab does; and a server for the
    note. This takes some seconds."""
    base = policies.git("rev-parse", "HEAD")
    policies.git("switch", "--quiet", "--create", "change")
    add_flow(policies)
    with serving() as server:
        said = of_merge_request(policies, base, **server.environ)
        assert re.findall(r"^ *PASS +(\w+)", said, re.MULTILINE) == GATES, said
        assert not re.search("^expire ", said, re.MULTILINE)
        (note,) = server.notes
        assert "shop/look" in note["body"]
        assert server.environ["RINGFENCE_GITLAB_TOKEN"] not in said
    kept = policies.path / ".gitlab-ci-local/artifacts/impact"
    assert {path.name for path in kept.iterdir()} >= {"impact.md", "impact.json", "impact.html"}
    assert {*(tmp_path / "pip.log").read_text().splitlines()} == {
        "install --quiet --disable-pip-version-check --root-user-action ignore ringfence[gitlab]==1"
    }


@needs_gitlab_ci_local
def test_a_job_for_each_cluster_and_one_report(policies: GitRepository, tmp_path: Path) -> None:
    """With gitlab-ci-local: the jobs of the matrix hand their parts to the one that judges. This takes some seconds."""
    shutil.copy(CLUSTERS, policies.path / ".gitlab/clusters.gitlab-ci.yml")
    (policies.path / ".gitlab-ci.yml").write_text(
        (policies.path / ".gitlab-ci.yml").read_text()
        + "  - local: /.gitlab/clusters.gitlab-ci.yml\n    inputs:\n      clusters: [dev, prod]\n"
    )
    base = policies.commit()
    policies.git("switch", "--quiet", "--create", "change")
    add_flow(policies)
    said = of_merge_request(policies, base)
    jobs = re.findall(r"^ *PASS +(\S+(?: \[\w+\])?)", said, re.MULTILINE)
    of_clusters = [f"{job}: [{name}]" for job in ("impact-cluster", "verify") for name in ("dev", "prod")]
    assert sorted(jobs) == sorted(["validate", "fmt", "render", "owners", "impact", *of_clusters]), said
    report = policies.path / ".gitlab-ci-local/artifacts/impact/impact.json"
    today = json.loads(report.read_text())["command"].rpartition(" ")[2]
    shell(policies.path, f"ringfence impact --base {base} --at {today} --output json={tmp_path}/one.json")
    assert report.read_bytes() == (tmp_path / "one.json").read_bytes()


def test_gitlab_accepts_the_jobs_of_clusters(tmp_path: Path) -> None:
    body = CLUSTERS.read_text().split("\n---\n")[1].replace("$[[ inputs.clusters ]]", "[dev, prod]")
    more = yaml.safe_load(body.replace("$[[ inputs.stage_verify ]]", "verify"))
    whole = pipeline(package="x")
    for job, keys in more.items():
        whole[job] = {**whole.get(job, {}), **keys}
    put = tmp_path / "put.gitlab-ci.yml"
    put.write_text(yaml.safe_dump(whole))
    accepted(put)
    one, merged = (script(made["impact"]) for made in (pipeline(package="x"), whole))
    assert re.findall(r"--output \S+", one) == re.findall(r"--output \S+", merged)
    assert one.splitlines()[:4] == merged.splitlines()[:4] == script(whole["impact-cluster"]).splitlines()[:4]


def test_the_scheduled_job_proposes_the_clean_up(
    policies: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real script pushes to a real repository, which notes the options of the push as GitLab gets them."""
    job = script(pipeline(package="x")["expire"])
    origin = tmp_path / "origin.git"
    hook = origin / "hooks/post-receive"
    hook.write_text(
        '#!/bin/sh\ni=0\nwhile [ $i -lt "$GIT_PUSH_OPTION_COUNT" ]; do\n'
        f'  eval echo "\\$GIT_PUSH_OPTION_$i" >> {tmp_path}/options\n  i=$((i+1))\ndone\n'
    )
    hook.chmod(0o755)
    for name, value in {
        "CI_DEFAULT_BRANCH": "main",
        "CI_SERVER_HOST": "gitlab.example.com",
        "CI_PROJECT_PATH": "group/policies",
        "RINGFENCE_GITLAB_TOKEN": "glpat-secret",
        "GIT_CONFIG_COUNT": "4",
        "GIT_CONFIG_KEY_3": f"url.file://{origin}.insteadOf",
        "GIT_CONFIG_VALUE_3": "https://ringfence@gitlab.example.com:443/group/policies.git",
    }.items():
        monkeypatch.setenv(name, value)

    def run() -> subprocess.CompletedProcess[str]:
        command = ["bash", "-euo", "pipefail", "-c", job]
        return subprocess.run(command, cwd=policies.path, capture_output=True, text=True, check=False)

    done = run()
    assert (done.returncode, done.stdout) == (0, "Nothing has expired.\n"), done.stderr
    flows = policies.path / "teams/checkout/shop/flows.yaml"
    flows.write_text(flows.read_text().replace("ports: [grpc]\n", "ports: [grpc]\n    expires: 2020-01-01\n"))
    policies.commit()
    policies.git("push", "--quiet", str(origin), "main")
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "glpat-secret" not in done.stdout + done.stderr
    assert (tmp_path / "options").read_text().splitlines() == [
        "merge_request.create",
        "merge_request.target=main",
        "merge_request.title=Remove what has expired",
        "merge_request.remove_source_branch",
    ]
    pushed = shell(origin, "git diff --name-only main ringfence/expire").splitlines()
    assert "teams/checkout/shop/flows.yaml" in pushed
    assert any(path.startswith("policies/rendered/") for path in pushed)
    assert not [path for path in pushed if "askpass" in path]
    assert not (policies.path / ".ringfence-askpass").exists()
    policies.git("switch", "--quiet", "main")
    again = run()
    assert again.stdout.endswith("The branch ringfence/expire proposes this already.\n"), again.stderr
    policies.git("switch", "--quiet", "main")
    monkeypatch.delenv("RINGFENCE_GITLAB_TOKEN")
    without = run()
    assert (without.returncode, "RINGFENCE_GITLAB_TOKEN is not set" in without.stdout) == (1, True)


def shell(cwd: Path, script: str) -> str:
    return subprocess.run(["bash", "-euc", script], cwd=cwd, capture_output=True, text=True, check=True).stdout
