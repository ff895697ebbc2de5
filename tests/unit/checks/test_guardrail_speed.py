"""Guardrails on many namespaces: what is asked, and how often."""

from __future__ import annotations

import datetime

import pytest

from ringfence import checks
from ringfence.checks import denials, sides
from ringfence.model.types import Model, Side
from small_repository import HEADER, load

NAMESPACES = 30
DAY = datetime.date(2030, 1, 15)


def _many() -> Model:
    """A team of many namespaces with five workloads each."""
    names = [f"n-{number}" for number in range(NAMESPACES)]
    workloads = "".join(
        f"  w-{number}: {{labels: {{app: w-{number}}}, ports: {{http: 8080}}}}\n" for number in range(5)
    )
    files = {
        f"teams/many/{name}/namespace.yaml": f"{HEADER.format('Namespace')}workloads:\n{workloads}" for name in names
    }
    files["teams/many/team.yaml"] = (
        f'{HEADER.format("Team")}description: Many\ncontact: "#many"\nowners: ["@example/many"]\n'
        f"namespaces: [{', '.join(names)}]\n"
    )
    files["policies/guardrails/many.yaml"] = HEADER.format("Guardrails") + (
        "guardrails:\n"
        "  - {name: closed, never: {from: {except: [n-0/*]}, to: {namespaces: [n-0]}}, reason: R}\n"
        "  - {name: single, never: {from: {except: [n-1/w-1]}, to: {workloads: [n-1/w-2]}}, reason: R}\n"
    )
    model, findings = load(dict(files))
    assert model is not None, findings
    return model


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Side]:
    """The sides that were matched with an end, each time."""
    calls: list[Side] = []
    matches = sides.matches

    def counted(side: Side, end: sides.SideEnd) -> bool:
        calls.append(side)
        return matches(side, end)

    monkeypatch.setattr(sides, "matches", counted)
    return calls


def test_denials_ask_once_a_namespace_where_no_workload_is_named(asked: list[Side]) -> None:
    model = _many()
    closed = next(item for item in model.guardrails if item.name == "closed")
    cluster = next(iter(model.clusters.values()))
    assert denials.of(model, cluster)
    spaces, peers = len(model.namespaces), len(model.peers)
    # twice for each side: where it is the subject, and where it is the other end
    assert sum(side is closed.source for side in asked) <= 2 * (spaces + 4 * peers + 4)


def test_a_namespace_is_asked_for_once_and_a_named_workload_by_itself(asked: list[Side]) -> None:
    model = _many()
    cluster = next(iter(model.clusters.values()))
    for guardrail in model.guardrails:
        for side in (guardrail.source, guardrail.destination):
            speaks = sides.OfWorkloads(side, cluster)
            asked.clear()
            found = {workload.id for workload in model.workloads_in(cluster) if speaks(workload)}
            asked_for = len(asked)
            assert found == {
                workload.id
                for workload in model.workloads_in(cluster)
                if sides.matches(side, sides.of_workload(workload, cluster))
            }
            most = len(model.workloads) if sides.names_workloads(side) else len(model.namespaces)
            assert asked_for <= most


def test_nothing_is_found_in_the_many() -> None:
    assert [item for item in checks.run(_many(), DAY) if item.subject.startswith("n-")] == []
