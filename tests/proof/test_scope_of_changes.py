"""Looking at the scope of a change only, `impact` says what it says when it looks at everything."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generated_repository import generated
from git_repository import GitRepository
from ringfence import cli
from ringfence.impact import assemble, rendered
from ringfence.values import workers

OTHER_DIALECTS = {"calico": "3.32", "cilium": "1.19"}
CLUSTER = """\
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod
server: https://{0}.example.com:6443
dialect: {0}
cni:
  name: {0}
  version: "{1}"
networks:
  pods: [10.{2}.0.0/16]
  services: [10.{3}.0.0/20]
  nodes: [10.{3}.128.0/20]
"""
NEW_FLOW = """\
  - name: {name}
    from: {source}
    to: {to}
    ports: [{port}]
    reason: Nobody had this before
"""

Edit = Callable[[GitRepository, random.Random], None]


@pytest.fixture(scope="module")
def mono(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """Six teams in three dialects, rendered and committed."""
    return made(tmp_path_factory.mktemp("mono"), flows=240, teams=6, clusters=3, guarded=True)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """The same of three teams, without guardrails as policies, whose proof takes long."""
    return made(tmp_path_factory.mktemp("few"), flows=90, teams=3, clusters=2, guarded=False)


def made(folder: Path, *, flows: int, teams: int, clusters: int, guarded: bool) -> GitRepository:
    repository = generated(folder, f"--flows {flows} --teams {teams} --clusters {clusters}")
    for number, (name, version) in enumerate(OTHER_DIALECTS.items()):
        cluster = CLUSTER.format(name, version, 210 + number, 220 + number)
        cluster += f"guardrails: {name}\n" if guarded and name == "cilium" else ""
        (repository.path / "policies" / "clusters" / f"{name}.yaml").write_text(cluster)
    render(repository)
    repository.commit("Start")
    return repository


def flow_files(repository: GitRepository) -> list[Path]:
    return [
        path for path in sorted(repository.path.glob("teams/*/*/flows-*.yaml")) if "call-out" not in path.read_text()
    ]  # a waiver speaks of the other


def workloads(repository: GitRepository) -> list[str]:
    found = []
    for path in sorted(repository.path.glob("teams/*/*/namespace.yaml")):
        names = re.findall(r"^  ([a-z0-9-]+):$", path.read_text(), re.MULTILINE)
        found += [f"{path.parent.name}/{name}" for name in names]
    return found


def render(repository: GitRepository) -> None:
    assert cli.main(["render", "-C", str(repository.path)]) == 0


def add_flow(repository: GitRepository, chance: random.Random) -> None:
    path = chance.choice(flow_files(repository))
    own = [name for name in workloads(repository) if name.startswith(f"{path.parent.name}/")]
    others = [name for name in workloads(repository) if name not in own]
    flow = NEW_FLOW.format(
        name=f"new-{chance.randrange(10**6)}",
        source=chance.choice(own).partition("/")[2],
        to=chance.choice(others),
        port=chance.randrange(1, 9000),
    )
    path.write_text(path.read_text() + flow)


def split(path: Path) -> tuple[str, list[str]]:
    head, *flows = re.split(r"^(?=  - name: )", path.read_text(), flags=re.MULTILINE)
    return head, flows


def remove_flow(repository: GitRepository, chance: random.Random) -> None:
    path = chance.choice([path for path in flow_files(repository) if len(split(path)[1]) > 1])
    head, flows = split(path)
    flows.pop(chance.randrange(len(flows)))
    path.write_text(head + "".join(flows))


def move_port(repository: GitRepository, chance: random.Random) -> None:
    path = chance.choice(flow_files(repository))
    head, flows = split(path)
    index = chance.randrange(len(flows))
    flows[index] = re.sub(r"ports: .*", f"ports: [{chance.randrange(9000, 9999)}/UDP]", flows[index])
    path.write_text(head + "".join(flows))


def other_reason(repository: GitRepository, chance: random.Random) -> None:
    path = chance.choice(flow_files(repository))
    path.write_text(re.sub(r"reason: .*", "reason: Another sentence", path.read_text(), count=1))


def delete_file(repository: GitRepository, chance: random.Random) -> None:
    chance.choice(flow_files(repository)).unlink()


def rename_file(repository: GitRepository, chance: random.Random) -> None:
    path = chance.choice(flow_files(repository))
    path.rename(path.with_name("renamed.yaml"))


def other_labels(repository: GitRepository, chance: random.Random) -> None:
    path = chance.choice(sorted(repository.path.glob("teams/*/*/namespace.yaml")))
    text = path.read_text()
    label = chance.choice(re.findall(r"app: [a-z0-9-]+", text))
    path.write_text(text.replace(label, f"{label}-x", 1))


def forget_to_render(repository: GitRepository, chance: random.Random) -> None:
    rendered = sorted(repository.path.glob("policies/rendered/base/*/*/*.yaml"))
    chosen = chance.choice([path for path in rendered if "port: " in path.read_text()])
    chosen.write_text(re.sub(r"port: \d+", "port: 4711", chosen.read_text(), count=1))


EDITS: tuple[Edit, ...] = (
    add_flow,
    remove_flow,
    move_port,
    other_reason,
    delete_file,
    rename_file,
    other_labels,
)


def reported(repository: GitRepository, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    words = ["impact", "-C", str(repository.path), "--format", "json", "--at", "2026-11-21", *options]
    assert cli.main(words) in (0, 1)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def in_common(report: dict[str, Any]) -> dict[str, Any]:
    """All but what is counted over the namespaces that were looked at."""
    kept = {name: value for name, value in report.items() if name not in ("scope", "shares", "gates", "command")}
    gates = [(item["name"], item["verdict"]) for item in report["gates"]]
    shares = ("isolation-falls", "justification-falls")
    findings = [
        {**item, "message": "", "fingerprint": ""} if item["check"] in shares else item for item in report["findings"]
    ]
    return {**kept, "gates": gates, "findings": findings}


def forgotten(repository: GitRepository, chance: random.Random) -> list[str]:
    """Nothing is rendered."""
    return ["--base", "HEAD"]


def in_part(repository: GitRepository, chance: random.Random) -> list[str]:
    """Some of what rendering alters is as it was."""
    render(repository)
    repository.git("add", "policies/rendered")
    names = repository.git("diff", "--cached", "--name-only", "--no-renames", "--", "policies/rendered").split()
    for name in chance.sample(names, len(names) // 2):
        if repository.git("ls-tree", "HEAD", name):
            repository.git("checkout", "--quiet", "HEAD", "--", name)
        else:
            (repository.path / name).unlink()
    return ["--base", "HEAD"]


def late(repository: GitRepository, chance: random.Random) -> list[str]:
    """What the base declares is rendered with the head."""
    repository.commit("Edit")
    add_flow(repository, chance)
    render(repository)
    return ["--base", "HEAD"]


def never(repository: GitRepository, chance: random.Random) -> list[str]:
    """Neither what the base declares nor what the head declares is rendered."""
    repository.commit("Edit")
    add_flow(repository, chance)
    return ["--base", "HEAD"]


BY_HAND = (
    (r"port: \d+", "port: 4711"),
    (r"kubernetes.io/metadata.name: .*", "kubernetes.io/metadata.name: platform-shared-b"),
    (r"namespaceSelector:\n +matchLabels:\n.*", "namespaceSelector: {}"),
    (r"matchLabels: *\n.*app: .*", "matchLabels: {}"),
    (r"^( *)- (from|to):\n(\1 .*\n)+", ""),
    (r"\A(.|\n)*\Z", ""),
)


def by_hand(repository: GitRepository, chance: random.Random) -> list[str]:
    """Files of the namespaces that the edits concern are edited too."""
    render(repository)
    folders = {name.split("/")[2] for name in repository.git("diff", "--name-only", "HEAD", "--", "teams").split()}
    files = [path for name in sorted(folders) for path in repository.path.glob(f"policies/rendered/**/{name}/*.yaml")]
    for path in chance.sample(sorted(files), min(3, len(files))):
        pattern, text = chance.choice(BY_HAND)
        path.write_text(re.sub(pattern, text, path.read_text(), count=1, flags=re.MULTILINE))
    return ["--base", "HEAD"]


STALE = (forgotten, in_part, late, never, by_hand)


@pytest.mark.parametrize("seed", range(2 * len(STALE) + 2))
def test_the_scope_tells_what_the_whole_does_of_what_is_not_rendered(
    few: GitRepository, capsys: pytest.CaptureFixture[str], seed: int
):
    chance = random.Random(seed)  # noqa: S311 - no secret
    start = few.git("rev-parse", "HEAD")
    stale = STALE[min(seed // 2, len(STALE) - 1)]
    edits: tuple[Edit, ...] = (add_flow, remove_flow, move_port, delete_file)
    try:
        chosen = chance.sample(edits, 2)
        for edit in chosen:
            edit(few, chance)
        options = stale(few, chance)
        part, whole = reported(few, capsys, *options), reported(few, capsys, *options, "--whole")
        assert in_common(part) == in_common(whole)
        codes = {item["code"] for item in whole["findings"]}
        if stale in (forgotten, in_part, never):
            assert "RF602" in codes
        if stale in (forgotten, in_part) and "platform-shared-a" not in few.git("diff", "HEAD", "--", "teams"):
            assert part["scope"] is not None
    finally:
        few.git("reset", "--quiet", "--hard", start)
        few.git("clean", "--quiet", "-d", "--force")


@pytest.mark.parametrize("seed", range(len(EDITS) + 2))
def test_the_scope_tells_what_the_whole_does(mono: GitRepository, capsys: pytest.CaptureFixture[str], seed: int):
    chance = random.Random(seed)  # noqa: S311 - no secret
    chosen = [EDITS[seed % len(EDITS)], *chance.sample(EDITS[:4], seed // len(EDITS))]
    try:
        for edit in chosen:
            edit(mono, chance)
        render(mono)
        base = ["--base", "HEAD"]
        if seed % 2:  # a revision as the head, not the working tree
            mono.commit("Edit")
            base = ["--base", "HEAD~1", "--head", "HEAD"]
        part, whole = reported(mono, capsys, *base), reported(mono, capsys, *base, "--whole")
        assert in_common(part) == in_common(whole)
        assert whole["scope"] is None
        edited = mono.git("diff", base[1], "--", "teams")
        if part["scope"] is None:  # guardrails as policies select by labels, and except what a waiver says
            assert other_labels in chosen or "platform-shared-a" in edited
            return
        assert other_labels not in chosen
        assert len(part["scope"]) < 12
        own = {name.partition("/")[0] for name in workloads(mono)}
        for change in whole["changes"]:
            ends = {change[end].partition("/")[0] for end in ("source", "destination")}
            assert ends & own <= set(part["scope"])
    finally:
        if seed % 2 and mono.git("log", "-1", "--format=%s") == "Edit":
            mono.git("reset", "--quiet", "--hard", "HEAD~1")
        mono.git("reset", "--quiet", "--hard")
        mono.git("clean", "--quiet", "-d", "--force")


def test_clusters_are_compared_side_by_side(
    few: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Whoever compares a cluster, the report is the same."""
    spread: list[object] = []
    original = workers.spread
    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr(workers, "spread", lambda *words: spread.append(words[2]) or original(*words))
    try:
        for edit in (add_flow, remove_flow):
            edit(few, random.Random(3))  # noqa: S311 - no secret
        render(few)
        expected = reported(few, capsys, "--base", "HEAD", "--no-cache")
        assert expected["changes"]
        assert assemble._packed not in spread
        monkeypatch.setattr(rendered, "MANY", 1)
        assert reported(few, capsys, "--base", "HEAD", "--no-cache") == expected
        assert assemble._packed in spread
    finally:
        few.git("reset", "--quiet", "--hard")


def test_a_namespace_that_a_stage_leaves_open_is_looked_at_whole(
    mono: GitRepository, capsys: pytest.CaptureFixture[str]
):
    path = flow_files(mono)[0]
    cluster = mono.path / "policies" / "clusters" / "prod.yaml"
    try:
        cluster.write_text(cluster.read_text() + f"stages:\n  {path.parent.name}: permissive\n")
        render(mono)
        mono.commit("Stage")
        own = path.read_text()
        path.write_text(
            own
            + NEW_FLOW.format(name="new", source=re.search(r"from: (.*)", own)[1], to="platform-shared-b/api-1", port=1)
        )  # type: ignore[index]
        render(mono)
        assert reported(mono, capsys, "--base", "HEAD")["scope"] is None
    finally:
        mono.git("reset", "--quiet", "--hard")
        if mono.git("log", "-1", "--format=%s") == "Stage":
            mono.git("reset", "--quiet", "--hard", "HEAD~1")


def test_what_is_rendered_by_hand_is_looked_at_whole(mono: GitRepository, capsys: pytest.CaptureFixture[str]):
    forget_to_render(mono, random.Random(1))  # noqa: S311 - no secret
    try:
        part, whole = reported(mono, capsys, "--base", "HEAD"), reported(mono, capsys, "--base", "HEAD", "--whole")
    finally:
        mono.git("reset", "--quiet", "--hard")
    assert part["scope"] is None
    assert {**part, "command": ""} == {**whole, "command": ""}
    assert {item["code"] for item in part["findings"]} >= {"RF602"}


@pytest.mark.parametrize(
    "path",
    [
        "policies/catalog/services.yaml",
        "policies/clusters/prod.yaml",
        "teams/{team}/team.yaml",
        "policies/guardrails/x.yaml",
    ],
)
def test_what_the_platform_says_concerns_everything(mono: GitRepository, capsys: pytest.CaptureFixture[str], path: str):
    team = min(mono.path.glob("teams/*")).name
    full = mono.path / path.format(team=team)
    if full.exists():
        full.write_text(full.read_text() + "# a comment\n")
    else:
        full.write_text("apiVersion: ringfence.dev/v1alpha1\nkind: Guardrails\nguardrails: []\n")
    try:
        assert reported(mono, capsys, "--base", "HEAD").get("scope") is None
    finally:
        mono.git("reset", "--quiet", "--hard")
        mono.git("clean", "--quiet", "-d", "--force")
