"""How fast Ringfence answers on plain manifests: beside bare Python, beside its own start-up and beside a peer.

    python benchmarks/engine.py           a minute or two
    python benchmarks/engine.py --peer    the same with network-config-analyzer, installed into a folder of its own
    python benchmarks/engine.py --full    up to 20,000 deployments; with --peer, many minutes

All in one run on one machine, in processor seconds, so that ratios can be carried to another machine. Prints one table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import clusters
import measure
from measure import Taken, run

HERE = Path(__file__).resolve().parent
PEER = HERE / ".peer"
NAMES = {"A": "ingress only", "B": "zero trust"}

RECORDED = {
    "netpol-analyzer (Go)": {("list", "A"): 16, ("diff", "A"): 23, ("list", "B"): 5.9, ("diff", "B"): 16},
    "network-config-analyzer": {("list", "A"): 38, ("diff", "A"): 48, ("list", "B"): 121, ("diff", "B"): 217},
}
"""Wall seconds of np-guard's analysers for 500 deployments, recorded on a shared machine with two cores."""
RECORDED_DEPLOYMENTS = 500

HEADER = ("operation", "seconds", "beyond start-up", "× bare Python", "MB", "compared")


class Table:
    """The rows of the result, each beside bare Python."""

    def __init__(self, bare: Taken) -> None:
        self._bare = bare
        self._rows: list[tuple[str, ...]] = [HEADER]
        self.add("python -c pass", bare)

    def add(self, name: str, taken: Taken, start: Taken | None = None, compared: str = "") -> None:
        """Add what an operation took; `start` is the same operation on next to nothing."""
        beyond = "" if start is None else f"{taken.seconds - start.seconds:.3f}"
        times = taken.seconds / self._bare.seconds
        ratio = measure.ratio(times)
        self._rows.append((name, f"{taken.seconds:.3f}", beyond, ratio, f"{taken.memory:,.0f}", compared))

    def __str__(self) -> str:
        return measure.table(self._rows)


class Bench:
    """The benchmark: clusters in a folder, and a table that grows."""

    def __init__(self, folder: Path, runs: int) -> None:
        self._folder = folder
        self._runs = runs
        self._made: dict[tuple[str, int, bool], tuple[Path, Path]] = {}
        self.table = Table(run([sys.executable, "-c", "pass"], 2 * runs + 1))
        self._start = {way: run(self._command(way, "B", 1), runs) for way in ("list", "diff")}
        for way, taken in self._start.items():
            self.table.add(f"{way}, 1 deployment (start-up)", taken)

    def whole(
        self, way: str, shape: str, deployments: int, times: int | None = None, *, one_file: bool = False
    ) -> Taken:
        """One command as a whole process, beside what the peers were recorded to take, from files of that form."""
        taken = run(self._command(way, shape, deployments, one_file), times or self._runs)
        known = [
            f"{peer}, recorded: {seconds[way, shape] / taken.seconds:,.0f} ×"
            for peer, seconds in RECORDED.items()
            if deployments == RECORDED_DEPLOYMENTS
        ]
        name = f"{way}, {deployments:,} deployments, {NAMES[shape]}{', all in one file' if one_file else ''}"
        self.table.add(name, taken, self._start[way], "; ".join(known))
        return taken

    def peer(self, nca: Path, way: str, shape: str, deployments: int) -> None:
        """The same with network-config-analyzer, and what Ringfence takes."""
        own = self.whole(way, shape, deployments)
        before, after = self._cluster(shape, deployments)
        options: list[str | Path] = ["--connectivity", "-r", before, "-o", "txt_no_fw_rules"]
        if way == "diff":
            options = ["--semantic_diff", "-r", after, "--base_resource_list", before]
        taken = run([nca, *options, "--return_0"])
        name = f"network-config-analyzer {way}, {deployments:,} deployments, {NAMES[shape]}"
        self.table.add(name, taken, compared=f"{taken.seconds / own.seconds:,.0f} × ringfence")

    def inside(self, shape: str, deployments: int, first: tuple[int, float] | None = None) -> tuple[int, float]:
        """The steps of the engine by themselves; seconds of the evaluation, to compare larger clusters with."""
        command = [sys.executable, str(HERE / "inside.py"), shape, str(deployments)]
        taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        what = f"{deployments:,} deployments, {NAMES[shape]}"
        seconds = taken["evaluate"] + taken["rows"]
        growth = ""
        if first is not None:
            growth = f"{seconds / first[1] / (deployments / first[0]):.2f} × linear from {first[0]:,}"
        self.table.add(f"evaluated and listed, {what}", Taken(seconds, taken["memory"]), compared=growth)
        name = f"one policy changed, and what differs, {what}"
        again = f"{taken['whole'] / taken['change']:,.0f} × faster than anew"
        self.table.add(name, Taken(taken["change"], taken["memory"]), compared=again)
        return first or (deployments, seconds)

    def _command(self, way: str, shape: str, deployments: int, one_file: bool = False) -> list[str | Path]:
        before, after = self._cluster(shape, deployments, one_file)
        own: list[str | Path] = [sys.executable, "-m", "ringfence"]
        if way == "diff":
            return [*own, "diff", "--manifests", before, after]
        return [*own, "connections", "--manifests", before]

    def _cluster(self, shape: str, deployments: int, one_file: bool = False) -> tuple[Path, Path]:
        key = shape, deployments, one_file
        if key not in self._made:
            folder = self._folder / f"{shape}{deployments}{'-one' if one_file else ''}"
            self._made[key] = clusters.write(folder, shape, deployments, one_file=one_file)
        return self._made[key]


def installed_peer() -> Path:
    """The program of network-config-analyzer, installed on first use."""
    program = PEER / "bin" / "nca"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", PEER], check=True)
        install = [PEER / "bin" / "python", "-m", "pip", "install", "--quiet", "network-config-analyzer"]
        subprocess.run(install, check=True)
    return program


def main(argv: Sequence[str]) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="larger clusters")
    parser.add_argument("--runs", type=int, default=5, help="of each process; the median counts")
    parser.add_argument("--peer", action="store_true", help="measure network-config-analyzer, installed on first use")
    parser.add_argument("--deployments", type=int, default=500, help="of the clusters that are listed and compared")
    parser.add_argument("--large", type=int, default=10_000, help="deployments of the large cluster")
    parser.add_argument("--growth", help="deployments of the clusters that show growth, such as 1000,2000,4000")
    args = parser.parse_args(argv)
    growth = args.growth or ("1000,2000,4000,8000,16000,20000" if args.full else "1000,2000,4000,8000")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), args.runs)
        for shape in clusters.SHAPES:
            for way in ("list", "diff"):
                for one_file in (False, True):  # peers were recorded on one file a side
                    bench.whole(way, shape, args.deployments, one_file=one_file)
        bench.whole("list", "B", args.large, times=1)
        bench.inside("B", args.large)
        first = None
        for deployments in map(int, growth.split(",")):
            first = bench.inside("B", deployments, first)
        if args.peer:
            program = installed_peer()
            for way in ("list", "diff"):
                bench.peer(program, way, "B", args.deployments if args.full else min(args.deployments, 100))
    print(f"{measure.machine()}\n\n{bench.table}")


if __name__ == "__main__":
    main(sys.argv[1:])
