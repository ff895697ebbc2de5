"""The benchmarks run, and hold what they measure against the whole answer. What they measure is no matter of tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPT = BENCHMARKS / "engine.py"


def test_engine_prints_its_table():
    sizes = ["--deployments", "10", "--large", "20", "--growth", "10,20", "--runs", "1"]
    done = subprocess.run([sys.executable, SCRIPT, *sizes], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    machine, _, table = done.stdout.partition("\n\n")
    assert f"Python {sys.version_info.major}" in machine
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert rows[0] == ["operation", "seconds", "beyond start-up", "× bare Python", "MB", "compared"]
    assert {len(row) for row in rows} == {6}
    named = [row[0] for row in rows[2:]]
    assert named[0] == "python -c pass"
    assert {"list, 10 deployments, zero trust", "diff, 10 deployments, ingress only"} <= set(named)
    assert "one policy changed, and what differs, 20 deployments, zero trust" in named


def test_repositories_are_valid_and_the_same_again(tmp_path: Path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        words = [tmp_path / name, "--flows", "300", "--teams", "4", "--clusters", "4", "--seed", str(seed), "--git"]
        subprocess.run([sys.executable, BENCHMARKS / "monorepo.py", *words], check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-m", "ringfence", "validate"],
        cwd=tmp_path / "one",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 teams, 8 namespaces, 80 workloads, 300 flows," in done.stdout
    assert done.stdout.endswith("2 waivers, 4 clusters; no findings\n")
    trees = [
        subprocess.run(
            ["git", "rev-parse", "HEAD^{tree}"], cwd=tmp_path / name, check=True, capture_output=True, text=True
        ).stdout
        for name in ("one", "again", "other")
    ]
    assert trees[0] == trees[1] != trees[2]


def test_operations_on_a_repository_print_their_table():
    words = ["--flows", "200", "--runs", "1", "--only", "known,validate,render,impact,matrices"]
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "repository.py", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    table = done.stdout.partition("\n\n")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert {len(row) for row in rows} == {10}
    measured = {(row[0], row[2]) for row in rows[2:]}
    assert measured >= {
        ("validate", "cold"),
        ("render", "off"),
        ("render", "warm"),
        ("impact", "again"),
        ("matrices", "off"),
    }
