"""The real Kustomize on the folders that a person applies."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence import gitops

OWN = Path(__file__).parents[3] / ".tools" / "bin" / "kustomize"


def build(folder: Path) -> list[dict[str, Any]]:
    if found := shutil.which("kustomize"):
        command = [found, "build"]
    elif os.access(OWN, os.X_OK):
        command = [str(OWN), "build"]
    elif found := shutil.which("kubectl"):
        command = [found, "kustomize"]
    else:
        pytest.skip("neither kustomize nor kubectl is on PATH, and there is no .tools/bin/kustomize")
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("folder", ["argocd", "flux/dev", "flux/prod", "flux/staging"])
def test_a_folder_builds_to_exactly_the_objects_in_its_files(tmp_path: Path, model, bundles, folder: str):
    expected = []
    for path, raw in gitops.tree(model, bundles).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(raw)
        if path.startswith(f"policies/rendered/gitops/{folder}/") and not path.endswith("/kustomization.yaml"):
            expected.append(yaml.safe_load(raw))
    built = build(tmp_path / "policies" / "rendered" / "gitops" / folder)
    assert expected

    def by_identity(data: dict[str, Any]) -> tuple[str, str]:
        return data["kind"], data["metadata"]["name"]

    assert sorted(built, key=by_identity) == sorted(expected, key=by_identity)
