"""The benchmark runs, and holds what it measures against the whole answer. What it measures is no matter of tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "engine.py"


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
