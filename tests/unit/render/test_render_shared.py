"""Rendering with copies of the process: the same bytes, each template run as often as without."""

from __future__ import annotations

from pathlib import Path

import model_kit as kit
import pytest

from ringfence import render
from ringfence.errors import RingfenceError
from ringfence.model.types import Model
from ringfence.render import files, ondisk
from ringfence.values import workers


def _many() -> Model:
    clusters = [kit.cluster("dev"), kit.cluster("prod")]
    places = [kit.namespace(f"n-{number}", "checkout", "dev", "prod") for number in range(12)]
    loads = [kit.workload(place, "web", {"app": "web"}) for place in places]
    flows = [
        kit.flow(place, "next", [load], [other], kit.ports("80"), ["dev"] if place.name == "n-3" else ["dev", "prod"])
        for place, load, other in zip(places, loads, loads[1:], strict=False)
    ]
    return kit.model(clusters, places, loads, flows)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three processes, for any number of namespaces."""
    monkeypatch.setattr(files, "MANY", 1)
    monkeypatch.setattr(files, "AT_ONCE", 2)
    monkeypatch.setattr(workers, "processors", lambda: 3)


def test_the_same_files(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    model = _many()
    alone = render.tree(model)
    part = render.tree(model, only=["n-3", "n-4"])
    request.getfixturevalue("shared")
    assert list(render.tree(model).items()) == list(alone.items())
    assert render.tree(model, only=["n-3", "n-4"]) == part
    assert {path: raw for path, raw in alone.items() if "/n-3/" in path or "/n-4/" in path} == part


@pytest.mark.usefixtures("shared")
def test_a_template_that_fails_is_told_as_ever() -> None:
    with pytest.raises(RingfenceError, match=r"policy\.yaml\.j2:1:1: the template fails"):
        render.tree(_many(), {"kubernetes/policy.yaml.j2": "{{ nmae }}"})


@pytest.mark.parametrize("processes", [1, 3])
def test_the_disk_is_compared_by_several_processes(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ondisk, "MANY", 1)
    monkeypatch.setattr(ondisk, "AT_ONCE", 3)
    monkeypatch.setattr(workers, "processors", lambda: processes)
    expected = render.tree(_many())
    assert set(render.write(tmp_path, expected).created) == expected.keys()
    assert render.compare(tmp_path, expected) == []
    changed, gone, *_ = expected
    (tmp_path / changed).write_text("other\n")
    (tmp_path / gone).unlink()
    findings = render.compare(tmp_path, expected)
    assert [(item.where.path, item.check.code) for item in findings] == [(changed, "RF402"), (gone, "RF400")]
    written = render.write(tmp_path, expected)
    assert (written.changed, written.created, written.removed) == ((changed,), (gone,), ())
    assert set(written.unchanged) == expected.keys() - {changed, gone}
