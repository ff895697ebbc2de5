from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from api_server import ApiServer

ROOT = Path(__file__).parents[2]
BINARY = ROOT / ".tools/bin/apiserver"
CRDS = ROOT / "../shared/crds"
DEFINITIONS = (
    "argo-cd/v3.5.1",
    "calico/v3.32.1-v3",
    "cilium/v1.19.0-dev-2025-10-30",
    "flux",
    "network-policy-api/v0.1.8-standard",
    "network-policy-api/v0.2.0-standard",
)
"""The custom resources that the recorded verdicts rest on, and those of Argo CD and Flux."""

TOKENS = (
    "team,team,2,developers",
    "syncer,system:serviceaccount:argocd:controller,3,system:serviceaccounts",
    "oncall,eve,4,on-call",
    "cleaner,system:serviceaccount:kube-system:namespace-controller,5,system:masters",
)
"""Who talks to the server: a token, the user, its number, a group."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server that knows every policy kind."""
    if not os.access(BINARY, os.X_OK):
        pytest.skip("there is no .tools/bin/apiserver; `make tools-e2e` builds it")
    if not CRDS.is_dir():
        pytest.skip("the definitions of custom resources are not beside the project, in ../shared/crds")
    running = ApiServer(BINARY, tmp_path_factory.mktemp("apiserver"), TOKENS)
    try:
        files = [path for folder in DEFINITIONS for path in sorted((CRDS / folder).rglob("*.yaml"))]
        running.define(yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in files)
        yield running
    finally:
        running.close()
