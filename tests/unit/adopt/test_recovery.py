"""learn(simulate(graph)) recovers the graph: exactly without noise, and with it nothing is proposed that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observed_kit import model_of
from recovery_kit import START, WEEK, read
from ringfence import model as models
from ringfence import sources
from ringfence.adopt.recovery import Score, score
from ringfence.findings import has_errors
from ringfence.model.types import Model
from ringfence.observe import simulate
from ringfence.observe.compare import compare
from ringfence.observe.simulate import QUIET, USUAL, Noise
from small_repository import HEADER, load

ROOT = Path(__file__).parents[3]
GRANTS = """\
grants:
  - {name: dns, to: kube-dns, ports: [53/UDP], reason: Every pod resolves names}
  - {name: scrape, from: prometheus, ports: [9090], reason: Metrics of every pod}
"""
PORTS = {"http": 8080, "grpc": 5050, "metrics": 9090}


def learnt(model: Model, cluster: str, noise: Noise, *, world: bool, seed: int = 0) -> Score:
    """How well the flows of a cluster are recovered from what it does."""
    chosen = model.clusters[cluster]
    graph = simulate.of(model, chosen)
    connections = len(graph.edges) * 4
    records = simulate.records(graph, connections=connections, start=START, length=WEEK, noise=noise, seed=seed)
    return score(read(records), graph, model, chosen, world=world)


def reference() -> Model:
    found, findings = models.load(sources.working_tree(ROOT))
    assert found is not None
    assert not has_errors(findings)
    return found


@pytest.mark.parametrize("own", [True, False], ids=["this repository", "the small repository"])
def test_the_graph_of_every_cluster_is_recovered(own: bool) -> None:
    model = reference() if own else model_of()
    for name in model.clusters:
        for noise, world in ((QUIET, True), (USUAL, False)):
            found = learnt(model, name, noise, world=world)
            assert found.wanted
            assert (found.precision, found.recall) == (1.0, 1.0), (name, str(found))


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, str | None]:
    """Flows between a few workloads and peers, drawn at random."""
    names = ["alpha", "beta", "gamma"][: draw(st.integers(2, 3))]
    files: dict[str, str | None] = {
        "policies/baseline/platform.yaml": HEADER.format("Baseline") + GRANTS,
        "policies/guardrails/platform.yaml": None,
        "teams/checkout/shop/flows.yaml": None,
        "teams/payments/payments/flows.yaml": None,
    }
    ends = []
    for team, namespace in (("checkout", "shop"), ("payments", "payments")):
        rows = []
        for name in names:
            ports = draw(st.lists(st.sampled_from(sorted(PORTS)), min_size=1, unique=True))
            listed = ", ".join(f"{port}: {PORTS[port]}" for port in ports)
            rows.append(f"  {name}: {{labels: {{app: {name}}}, ports: {{{listed}}}}}\n")
            ends.append((f"{namespace}/{name}", namespace, ports))
        files[f"teams/{team}/{namespace}/namespace.yaml"] = HEADER.format("Namespace") + "workloads:\n" + "".join(rows)
    outside = [("stripe", "", ["https"]), ("internet", "", ["https"]), ("kube-dns", "", ["dns"])]
    written: dict[str, list[str]] = {}
    pairs = draw(
        st.lists(st.tuples(st.sampled_from(ends), st.sampled_from([*ends, *outside])), max_size=8, unique_by=str)
    )
    for number, (source, destination) in enumerate(pairs):
        if source[0] != destination[0]:
            ports = draw(st.lists(st.sampled_from([*destination[2], "7000", "9999/UDP"]), min_size=1, unique=True))
            row = (
                f"name: f{number}, from: {source[0]}, to: {destination[0]}, ports: [{', '.join(ports)}], reason: A test"
            )
            written.setdefault(source[1], []).append(f"  - {{{row}}}\n")
    for namespace, rows in written.items():
        team = "checkout" if namespace == "shop" else namespace
        files[f"teams/{team}/{namespace}/flows.yaml"] = HEADER.format("Flows") + "flows:\n" + "".join(rows)
    return files


@settings(max_examples=40, deadline=None)
@given(repositories(), st.integers(0, 2**32))
def test_any_graph_is_recovered(files: dict[str, str | None], seed: int) -> None:
    model, findings = load(files)
    assert model is not None
    assert not has_errors(findings), findings
    for noise, world in ((QUIET, True), (USUAL, False)):
        found = learnt(model, "dev", noise, world=world, seed=seed)
        assert found.found == found.wanted


def test_a_score_says_what_is_missing_and_what_is_none() -> None:
    one, two, three = (("a", "b", "TCP", port) for port in (1, 2, 3))
    found = Score(frozenset({one, two}), frozenset({one, three}))
    assert str(found) == "precision 0.500, recall 0.500: 1 of 2 edges found, 1 proposed that are none"
    assert (Score(frozenset(), frozenset()).precision, Score(frozenset(), frozenset()).recall) == (1.0, 1.0)


def test_a_seed_gives_the_same_records_and_another_one_others() -> None:
    graph = simulate.of(model_of(), model_of().clusters["dev"])

    def lines(seed: int) -> list[str]:
        records = simulate.records(graph, connections=50, start=START, length=WEEK, seed=seed)
        return list(simulate.lines(records, "hubble"))

    assert lines(1) == lines(1)
    assert lines(1) != lines(2)


def test_noise_is_made() -> None:
    model = model_of()
    graph = simulate.of(model, model.clusters["dev"])
    quiet = list(simulate.records(graph, connections=400, start=START, length=WEEK, noise=QUIET))
    noisy = list(simulate.records(graph, connections=400, start=START, length=WEEK, noise=USUAL))
    assert len(quiet) == 400
    assert not any(record.denied or record.reply for record in quiet)
    assert any(record.denied for record in noisy)
    assert any(record.reply for record in noisy)
    assert {record.source.entity for record in noisy} >= {"host", "world"}
    assert {record.point for record in noisy} == {"source", "destination"}
    comparison = compare(read(noisy), model, model.clusters["dev"])
    assert comparison.breaking == ()
    assert comparison.nodes
    assert comparison.refused
    assert comparison.probes
