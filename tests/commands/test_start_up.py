"""What a question about plain manifests imports: nothing that it has no use for, as start-up is most of its time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
NEEDED = {"commands", "connectivity", "documents", "errors", "findings", "manifests", "report", "sources", "values"}
OTHER_DIALECTS = [
    f"ringfence.{stage}.{name}" for stage in ("connectivity", "manifests") for name in ("calico", "cilium")
]
HEAVY = ["difflib", "git", "hashlib", "jinja2", "jsonschema", "jsonschema_rs", "platform", "ruamel", "subprocess"]


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
