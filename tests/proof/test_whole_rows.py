"""Compared as whole rows, what is rendered and what is declared differ where a look at every pair says so."""

from __future__ import annotations

import random
import re
import sys

import pytest

from rendered_repository import TODAY, Files, rendered
from ringfence import verify
from ringfence.connectivity import Direction, evaluate, scattered
from ringfence.findings import Finding
from ringfence.model.types import Model
from ringfence.verify import expected, rows
from ringfence.verify.direction import half, one_direction
from ringfence.verify.state import State
from small_repository import HEADER, MemoryTree, flows

NETWORKS = "networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}\n"
STAGES = ("", "", "stage: permissive\n", "stage: {ingress: permissive, egress: enforce}\n", "stage: audit\n")
CATALOG = (
    HEADER.format("Catalog") + "peers:\n"
    "  mail:\n    description: Mail\n    owner: platform\n    cidrs: [198.51.100.0/24]\n"
    "    except: [198.51.100.128/25]\n    names: [smtp.example.com, '*.example.net']\n    ports: {smtp: 587}\n"
    "  partner:\n    description: Partner\n    owner: platform\n    cidrs: [203.0.113.0/24, 2001:db8::/48]\n"
    "    ports: {https: 443}\n"
)
EDITS = (
    (r"port: (\d+)", r"port: 1\1"),
    (r"(?m)^( +)port: \d+$", r"\g<0>\n\1endPort: 60000"),
    ("TCP", "UDP"),
    (r"(?m)^    - Egress\n", ""),
    (r"(?m)^    - Ingress\n", ""),
    (r"(?m)^( +)app: .*$", r"\1app: other"),
    (r"(?m)^( +)(metadata.name|kubernetes.io/metadata.name): .*$", r"\1\2: shop"),
    (r"(\d+\.\d+\.\d+)\.0/24", r"\1.0/23"),
    (r"(\d+\.\d+\.\d+)\.0/24", r"\1.0/25"),
    (r"(?m)^( +)ports:\n( +- protocol: .*\n +port: .*\n)+", ""),
    ("Allow", "Pass"),
)
REFUSED = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: extra, namespace: {0}}}
spec: {{podSelector: {{}}, ingress: [{{ports: [{{port: 0}}]}}]}}
"""
"""What no API server takes: what else it would allow is not settled."""


def repository(chance: random.Random) -> tuple[Files, Model]:
    dialect = chance.choice(("kubernetes", "kubernetes", "kubernetes", "calico", "cilium"))
    plugin = dialect if dialect != "kubernetes" else chance.choice(("calico", "cilium", "kubernetes-generic"))
    head = f"{HEADER.format('Cluster')}environment: dev\nserver: https://dev.example.com:6443\ndialect: {dialect}\n"
    extra = flows(
        "name: send, from: checkout, to: mail, ports: [smtp]",
        "name: sell, from: checkout, to: partner, ports: [https, 8000-8010/TCP]",
        "name: buy, from: partner, to: frontend, ports: [http]",
    )
    return rendered(
        {
            "policies/clusters/dev.yaml": f"{head}cni: {{name: {plugin}}}\n{chance.choice(STAGES)}{NETWORKS}",
            "policies/clusters/prod.yaml": None,
            "policies/catalog/outside.yaml": CATALOG,
            "policies/guardrails/platform.yaml": None,
            "teams/checkout/shop/outside.yaml": extra,
        }
    )


def by_hand(files: Files, chance: random.Random) -> Files:
    """The files with some rendered ones edited, or without one."""
    paths = [path for path in files if path.startswith(("policies/rendered/base", "policies/rendered/overlays"))]
    result = dict(files)
    for path in chance.sample(paths, chance.choice((0, 1, 1, 2, len(paths)))):
        text = result[path]
        old, new = chance.choice(EDITS)
        result[path] = re.sub(old, new, text if isinstance(text, str) else text.decode(), count=chance.choice((0, 1)))
    if chance.random() < 0.2:
        path = chance.choice([path for path in paths if not path.endswith("kustomization.yaml")])
        text = result[path]
        result[path] = (text if isinstance(text, str) else text.decode()) + REFUSED.format(path.split("/")[-2])
    if chance.random() < 0.2:
        del result[chance.choice(paths)]
    return result


def row_by_row(state: State, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The comparison with a look at each row, each direction computed by itself."""
    with monkeypatch.context() as patched:
        module = sys.modules[verify.compare.__module__]
        patched.setattr(module, "differing", lambda _, result, *__: result.space.everything)
        patched.setattr(module, "one_direction", lambda whole, direction: half(whole.cluster, direction))
        return verify.compare(state)


FORMS = ((0, 0, 4_000, 256), (256, 16, 0, 256), (5, 1, 0, 3))
"""How rows are kept and looked at, a matter of size: as sets, as single ends, as both. These clusters are small."""


def as_if_large(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One form or the other."""
    names = ((rows, "FEW"), (expected, "WIDE"), (scattered, "FROM"), (scattered, "PAIRS"))
    for (module, name), value in zip(names, FORMS[seed % len(FORMS)], strict=True):
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize("seed", range(150))
def test_whole_rows_find_what_a_look_at_each_row_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    files, model = repository(chance)
    as_if_large(seed, monkeypatch)
    for state in verify.states(model, MemoryTree(by_hand(files, chance))):
        assert verify.compare(state) == row_by_row(state, monkeypatch)


@pytest.mark.parametrize("seed", range(24))
def test_one_direction_is_what_it_is_computed_by_itself(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    files, model = repository(chance)
    as_if_large(seed, monkeypatch)
    for state in verify.states(model, MemoryTree(by_hand(files, chance))):
        for direction in Direction:
            found, alone = one_direction(state.connectivity, direction), half(state.connectivity.cluster, direction)
            assert list(found.rows()) == list(alone.rows())
            assert found.isolated == alone.isolated
        again = evaluate(state.connectivity.cluster, representatives=True)
        assert list(again.rows()) == list(state.connectivity.rows())


GUARDRAILS = HEADER.format("Guardrails") + (
    "guardrails:\n"
    "  - {name: back, never: {from: {namespaces: [payments]}, to: {namespaces: [shop]}}, reason: A test}\n"
    "  - {name: in, never: {from: {namespaces: [shop]}, to: {namespaces: [payments]}}, reason: A test}\n"
    "  - {name: out, never: {from: {namespaces: [shop]}, to: {world: true}}, reason: A test}\n"
)
"""None of these names a workload, so what they speak of is found out a namespace at a time."""


@pytest.mark.parametrize("seed", range(40))
def test_guardrails_find_what_a_look_at_each_row_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    files, model = rendered({"policies/guardrails/platform.yaml": GUARDRAILS} if chance.random() < 0.5 else {})
    as_if_large(seed, monkeypatch)
    never = sys.modules[verify.violations.__module__]._Never
    for state in verify.states(model, MemoryTree(by_hand(files, chance))):
        found = verify.violations(state, model, TODAY)
        with monkeypatch.context() as patched:
            everyone = frozenset(item.name for item in model.guardrails)
            patched.setattr(never, "_spoken_of", lambda self: self._state.connectivity.rows())
            patched.setattr(never, "_speaking", lambda *_, everyone=everyone: (everyone, everyone))
            assert verify.violations(state, model, TODAY) == found
