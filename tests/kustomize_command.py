"""Which real Kustomize this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def command() -> list[str] | None:
    """The command that builds a folder, from PATH or from the tools that the repository keeps for itself."""
    own = ROOT / ".tools" / "bin" / "kustomize"
    if found := shutil.which("kustomize"):
        return [found, "build"]
    if (found := shutil.which("kubectl")) and not subprocess.run(
        [found, "kustomize", "--help"], capture_output=True, check=False
    ).returncode:
        return [found, "kustomize"]
    return [str(own), "build"] if os.access(own, os.X_OK) else None
