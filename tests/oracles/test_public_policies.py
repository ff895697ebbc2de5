"""Every question about policies of public repositories has an answer, and the answers agree."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from msgspec.structs import replace

from ringfence import cli
from ringfence.connectivity import ClusterState, Direction, Endpoint, evaluate, from_directory, to_json
from ringfence.connectivity.exposure import exposure
from ringfence.verify.asserted import judge
from ringfence.verify.assertions import read

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "oracles" / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no policies of public repositories at ../shared/oracles")


def clusters() -> Iterator[tuple[Path, ClusterState]]:
    """One cluster a file, with two pods more in up to three of its namespaces, so that policies have whom to select."""
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and path.suffix in (".yaml", ".yml", ".json"):
            state = from_directory({path.name: path.read_bytes()})
            spaces = [name for name in (sorted(state.all_namespaces()) or ["default"]) if name][:3]
            more = (
                Endpoint(name, f"pod-{number}", labels=(("app", str(number)),)) for name in spaces for number in "ab"
            )
            yield path, replace(state, endpoints=(*state.endpoints, *more))


def test_connections_exposure_and_assertions_agree_file_by_file():
    head = {"apiVersion": "ringfence.dev/v1alpha1", "kind": "Assertions"}
    body = {"mustNot": [{"name": "in", "from": "world", "to": "*"}, {"name": "out", "from": "*", "to": "world"}]}
    statements, findings = read("a.yaml", json.dumps({**head, **body}).encode())
    assert findings == []
    seen: Counter[str] = Counter()
    for path, state in clusters():
        result = evaluate(state)
        rows = to_json(result)
        found = exposure(state)
        for outcome, direction in zip(judge(statements, result), Direction, strict=True):
            way = [row for row in found.rows if row.is_world and row.direction is direction]
            certain = any(row.ports for row in way)
            expected = "fail" if certain else "undefined" if way else "pass"
            assert outcome.result.value == expected, path
            side = 0 if direction is Direction.INGRESS else 1
            outside = [
                row for row in rows["connections"] if row[side][-1] != "]" and not row[side].startswith("entity:")
            ]
            assert certain == bool(outside), path
            seen[expected] += 1
    assert sum(seen.values()) > 2500
    assert min(seen[name] for name in ("pass", "fail", "undefined")) > 100


@pytest.mark.parametrize("command", ["connections", "exposure", "assert"])
def test_no_repository_is_a_bug(command: str, tmp_path: Path):
    (tmp_path / "a.yaml").write_text(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Assertions\nmustNot: [{name: x, from: world, to: '*'}]\n"
    )
    codes: Counter[int] = Counter()
    for folder in sorted(path for path in CORPUS.iterdir() if path.is_dir()):
        words = [command, *([str(tmp_path / "a.yaml")] if command == "assert" else []), "--manifests", str(folder)]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.main(words)
        assert code in (0, 1, 2), (folder, err.getvalue())
        codes[code] += 1
    assert codes[1]
