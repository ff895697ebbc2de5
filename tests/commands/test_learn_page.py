"""docs/learn.md is what really happens: every command of it runs, on the small repository, with exactly that output."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_kit import FLOWS, Cli

from git_repository import GitRepository

pytest.importorskip("duckdb", reason="reading flow logs needs the extra ringfence[learn]")

PAGE = Path(__file__).parents[2] / "docs/learn.md"
DEV = "policies/clusters/dev.yaml"


def test_the_page_is_true(small: GitRepository, ringfence: Cli) -> None:
    page = PAGE.read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```console\n\$ ringfence (.*)\n((?:.*\n)*?)```", page))
    (small.path / "policies/guardrails/platform.yaml").unlink()
    small.write(DEV, (small.path / DEV).read_text().replace("cni:", "stage: permissive\ncni:"))

    def run(start: str) -> None:
        [command] = [item for item in blocks if item.startswith(start)]
        done = ringfence(*command.split())
        assert done.out + done.err == blocks.pop(command)

    run("simulate --cluster dev --score")
    run("simulate --cluster dev --into")
    flows = (small.path / FLOWS).read_text()
    small.write(FLOWS, flows[: flows.index("  - name: authorise-card")])
    run("observed")
    run("promote")
    run("learn")
    assert blocks == {}
    [written] = re.findall(r"```yaml\n# (teams/.*)\n((?:.*\n)*?)```", page)
    assert (small.path / written[0]).read_text() == written[1]
