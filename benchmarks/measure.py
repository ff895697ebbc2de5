"""What the benchmarks share: processes with what they took, tables, and the machine in one line."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

UNITS_PER_MB = 1 << 20 if sys.platform == "darwin" else 1 << 10
"""What the system counts peak memory in."""


@dataclass(frozen=True)
class Taken:
    """What processes took: processor seconds, the greatest peak of memory in MB, and seconds on the clock."""

    seconds: float
    memory: float
    wall: float = 0.0


@dataclass(frozen=True)
class Done:
    """One process that has ended: what it printed, its exit code, and what it took."""

    out: str
    errors: str
    code: int
    taken: Taken


def once(command: Sequence[str | Path], cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> Done:
    """Run a command. Processor seconds are those of its children too, and on Linux memory is.

    Python keeps what it compiles, as pip does for an installed tool.
    """
    words = list(map(str, command))
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(words, stdout=out, stderr=errors, cwd=cwd, env=env)
        peak = _Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        memory = max(usage.ru_maxrss / UNITS_PER_MB, peak.end())
        taken = Taken(usage.ru_utime + usage.ru_stime, memory, wall)
        return Done(out.read().decode(), errors.read().decode(), process.returncode, taken)


class _Peak:
    """The most memory that a process and its children have at a time, looked at four times a second.

    Pages that they share count once.
    """

    def __init__(self, pid: int) -> None:
        self._pid, self._peak = pid, 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """The peak in MB; 0 where nothing could be seen."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._ended.wait(0.25):
            pids, total = [self._pid], 0.0
            for pid in pids:
                try:
                    folder = Path(f"/proc/{pid}")
                    pids += map(int, (folder / f"task/{pid}/children").read_text().split())
                    pss = (folder / "smaps_rollup").read_text().partition("\nPss:")[2].split()
                    total += int(pss[0]) / 1024
                except (OSError, IndexError, ValueError):  # it has ended, or this is no Linux
                    continue
            self._peak = max(self._peak, total)


def run(command: Sequence[str | Path], times: int = 1) -> Taken:
    """Run a command some times: medians of the times. Ends the benchmark where it fails."""
    done = []
    for _ in range(times):
        last = once(command)
        if last.code:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{last.errors}")
        done.append(last.taken)
    return combined(done, statistics.median)


def combined(items: Sequence[Taken], how: Callable[[Sequence[float]], float]) -> Taken:
    """Several runs as one: the times as `how` says, such as `min`, and the greatest memory."""
    return Taken(how([item.seconds for item in items]), max(i.memory for i in items), how([i.wall for i in items]))


def ratio(times: float) -> str:
    """`1.4`, `17`, `1,200`."""
    return f"{times:,.0f}" if times >= 10 else f"{times:.1f}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table; the first is the header."""
    head, *rest = rows
    lines = []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in (head, ["---"] * len(head), *rest):
        cells = zip(row, widths, strict=True)
        lines.append(" | ".join(cell.ljust(width, "-" if cell == "---" else " ") for cell, width in cells))
    return "\n".join(f"| {line} |" for line in lines)


def machine() -> str:
    """The machine in one line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores of {cpu}, {platform.system()}, Python {platform.python_version()}{load}"
