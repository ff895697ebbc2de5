"""Staged policies of Calico on the command line: without effect, and as if they were promoted."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_kit import Cli

MANIFESTS = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: []}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  selector: app == 'api'
  ingress:
    - {action: Deny, protocol: TCP, destination: {ports: [9]}}
    - {action: Allow, source: {selector: app == 'web'}}
---
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: {name: api, namespace: shop}
spec: {selector: app == 'api', types: [Ingress]}
"""
PAIR = ("shop/web", "shop/api:8080/TCP")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "all.yaml").write_text(MANIFESTS)
    return tmp_path


def test_they_are_said_and_have_no_effect(ringfence: Cli, folder: Path):
    done = ringfence("connections", "--manifests", folder)
    assert done.code == 0
    assert "shop/web[Pod]    shop/api[Pod]    1-8/TCP, 10-65535/TCP, all UDP, all SCTP\n" in done.out
    assert "all.yaml:21:1: info RF736 calico-policy-staged: the policy is staged (Set)" in done.err
    told = ringfence("explain", "--manifests", folder, *PAIR)
    assert "[tier default] allowed by (shop/api rule 2, all.yaml:18:7) on 8080/TCP" in told.out


def test_as_if_they_were_promoted(ringfence: Cli, folder: Path):
    done = ringfence("connections", "--manifests", folder, "--staged", "--format", "json")
    assert not [row for row in done.json["connections"] if row[1] == "shop/api[Pod]"]
    told = ringfence("explain", "--manifests", folder, "--staged", *PAIR)
    assert "[tier default] denied by (shop/api, all.yaml:20:1) on 8080/TCP" in told.out


def test_what_promoting_them_changes(ringfence: Cli, folder: Path):
    assert ringfence("diff", "--manifests", folder, folder).out == ""
    changed = ringfence("diff", "--manifests", folder, folder, "--staged")
    assert changed.out == "- shop/web[Pod] → shop/api[Pod]  1-8/TCP, 10-65535/TCP, all UDP, all SCTP\n"


def test_the_option_is_for_manifests(ringfence: Cli):
    done = ringfence("connections", "--staged")
    assert (done.code, done.out) == (2, "")
    assert "--staged goes with --manifests" in done.err
