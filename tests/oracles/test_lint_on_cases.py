"""Lint on recorded clusters and on policies of public repositories: no bug, and what has no effect can really go."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from ringfence import lint
from ringfence.connectivity import Profile, evaluate, from_directory
from ringfence.lint.judge import Judge
from ringfence.lint.judgement import Effect
from ringfence.lint.views import Views
from without_rules import changed, dropped

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "oracles"

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no recorded cases at ../shared/{ORACLES.name}")


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rules_without_effect_can_go_in_every_sixth_case():
    index = json.loads((ORACLES / "cases" / "index.json").read_text())
    counted = 0
    for entry in index[::6]:
        folder = ORACLES / "cases" / entry["suite"] / entry["id"]
        for name in json.loads((folder / "case.json").read_text()).get("inputs", []):
            found = evaluate(from_directory(files_of(folder / name), Profile(ip_blocks_match_pods=True)), True)
            gone = [item for item in Judge(Views.of(found)).all() if item.effect in (Effect.SHADOWED, Effect.REDUNDANT)]
            ever = [item for item in gone if not item.today]
            assert not changed(found, dropped(found, ever)), entry["id"]
            assert not changed(found, dropped(found, gone), declared=True), entry["id"]
            counted += len(gone)
    assert counted > 50


def test_public_policies_file_by_file():
    counted: Counter[str] = Counter()
    for path in sorted((ORACLES / "corpus").rglob("*")):
        if path.is_file() and path.suffix in (".yaml", ".yml", ".json"):
            found = lint.findings(from_directory({path.name: path.read_bytes()}))
            counted.update(item.check.code for item in found)
    # a few in 1,700 policies: what is surely a mistake is rare in what people publish
    assert set(counted) >= {"RF750", "RF751", "RF753", "RF754", "RF755", "RF758", "RF759"}
    assert sum(counted.values()) < 150
