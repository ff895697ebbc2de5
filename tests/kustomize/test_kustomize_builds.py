"""The real Kustomize on what is rendered: every overlay builds to the renderer's own list of objects."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_kit as kit
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kustomize_command import command
from ringfence import render
from ringfence.model.types import Model, Stage
from ringfence.render.quoting import comment, text

Build = Callable[[Path], list[Any]]


@pytest.fixture(scope="session")
def build() -> Build:
    start = command()
    if start is None:
        reason = "neither kustomize nor kubectl is on PATH, and there is no .tools/bin/kustomize"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; a pipeline must have one")
        pytest.skip(reason)

    def run(folder: Path) -> list[Any]:
        done = subprocess.run([*start, str(folder)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return list(yaml.safe_load_all(done.stdout))

    return run


def in_order(objects: list[Any]) -> list[Any]:
    return sorted(
        objects, key=lambda item: (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
    )


def check(model: Model, root: Path, build: Build) -> int:
    """Write a model's tree, build every overlay of every cluster, and compare; the number of overlays."""
    render.write(root, render.tree(model))
    overlays = 0
    for cluster in model.clusters.values():
        start = root / render.RENDERED / "overlays" / cluster.name
        folders = sorted(path.parent for path in start.rglob("kustomization.yaml"))
        found = [item for folder in folders for item in build(folder)]
        assert in_order(found) == in_order(render.objects(model, cluster))
        overlays += len(folders)
    return overlays


def test_every_overlay_of_the_small_repository_builds_to_the_objects(tmp_path: Path, build: Build) -> None:
    assert check(kit.small(), tmp_path, build) == 10


def test_every_overlay_of_the_other_dialects_builds_to_the_objects(tmp_path: Path, build: Build) -> None:
    model = kit.other_dialects()
    halfway = {"payments": Stage("audit", "enforce"), "shop": Stage("permissive", "audit")}
    clusters = {name: replace(item, stages=tuple(halfway.items())) for name, item in model.clusters.items()}
    assert check(model, tmp_path / "enforced", build) == 7
    assert check(replace(model, clusters=clusters), tmp_path / "halfway", build) == 7


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kit.models())
def test_overlays_of_random_models_build_to_the_objects(
    tmp_path_factory: pytest.TempPathFactory, build: Build, model: Model
) -> None:
    if any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        check(model, tmp_path_factory.mktemp("repository"), build)


printable = st.text(kit.PRINTABLE, max_size=20)
TRAPS = (
    "y",
    "N",
    "on",
    "null",
    "~",
    "",
    "1:30",
    "0x1F",
    "1e3",
    "2027-03-31",
    "- a",
    "a: b",
    " a ",
    "#",
    "'",
    '"\\',
    "é😀",
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(printable, max_size=50))
def test_quoted_values_and_comments_go_through_kustomize(
    tmp_path_factory: pytest.TempPathFactory, build: Build, values: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("values")
    values = [*TRAPS, *values]
    lines = [f"  k{index}: {text(value)}\n  {comment(value)}\n" for index, value in enumerate(values)]
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: values\ndata:\n"
    (folder / "values.yaml").write_text(head + "".join(lines), encoding="utf-8")
    (folder / "kustomization.yaml").write_text("resources: [values.yaml]\n")
    (found,) = build(folder)
    assert found["data"] == {f"k{index}": value for index, value in enumerate(values)}


def test_comments_with_anything_at_all_go_through_kustomize(tmp_path: Path, build: Build) -> None:
    nasty = "".join(map(chr, (*range(0x100), 0x2028, 0x2029, 0x202E, 0xFEFF, 0xFFFE, 0xFFFF, 0xD800, 0x1F600)))
    lines = [f"{comment(char)}\n{comment(f'a{char}b: c')}\n" for char in nasty]
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: values\n"
    (tmp_path / "values.yaml").write_text(f"{head}{''.join(lines)}data:\n  a: b\n", encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text("resources: [values.yaml]\n")
    (found,) = build(tmp_path)
    assert found == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "values"}, "data": {"a": "b"}}
