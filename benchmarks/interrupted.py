"""How long Ctrl-C takes, at any moment of a command, and what it leaves behind.

    python benchmarks/interrupted.py --runs 40 DIR validate

Runs a command on a terminal of its own in a repository, presses Ctrl-C at moments spread over its time, and notes how
long the process still takes. Each must end with exit code 130, one line and no traceback, and leave no temporary file
and no other process. Prints the median and the longest time, in milliseconds.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("ringfence")
LINE = "ringfence: interrupted; "


def on_terminal(words: Sequence[str], folder: Path, press: float | None = None) -> tuple[int, str, float, float]:
    """Run a command on a terminal; `press` is when Ctrl-C comes.

    Returns the exit code, what the terminal shows, the seconds in all, and those since Ctrl-C.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execv(PROGRAM, [str(PROGRAM), *words])  # noqa: S606
    begun, pressed, shown = time.perf_counter(), 0.0, b""
    while True:
        now = time.perf_counter()
        if press is not None and not pressed and now - begun >= press:
            os.write(terminal, b"\x03")
            pressed = time.perf_counter()
        wait = 0.5 if press is None or pressed else max(0.0, press - (now - begun))
        if select.select([terminal], [], [], wait)[0]:
            try:
                got = os.read(terminal, 65536)
            except OSError:  # Linux says so when the other side has gone
                break
            if not got:
                break
            shown += got
    _, status = os.waitpid(process, 0)
    ended = time.perf_counter()
    os.close(terminal)
    time.sleep(0.05)  # for what is about to end
    listing = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], check=True, capture_output=True, text=True).stdout
    found = [line.split(maxsplit=2) for line in listing.splitlines()]
    if alive := [args for group, state, *args in found if group == str(process) and state[0] != "Z"]:
        raise SystemExit(f"other processes of {' '.join(words)} live on: {alive}")
    return os.waitstatus_to_exitcode(status), shown.decode(errors="replace"), ended - begun, ended - pressed


def main(argv: Sequence[str]) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--before", default=":", help="a shell command for before each run, such as one that undoes it")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    args = parser.parse_args(argv)
    words = args.words or ["validate"]
    subprocess.run(args.before, shell=True, cwd=args.folder, check=True)  # noqa: S602 - the user's own
    code, shown, whole, _ = on_terminal(words, args.folder)
    if code not in (0, 1):
        raise SystemExit(shown)
    taken, missed = [], 0
    for run in range(args.runs):
        subprocess.run(args.before, shell=True, cwd=args.folder, check=True)  # noqa: S602
        code, shown, _, since = on_terminal(words, args.folder, whole * (run + 0.5) / args.runs)
        if LINE not in shown and code != 130:
            missed += 1  # it had ended by then
            continue
        if code != 130 or "Traceback" in shown or shown.count(LINE) != 1:
            raise SystemExit(f"exit code {code} after {whole * (run + 0.5) / args.runs:.3f} s:\n{shown}")
        taken.append(since * 1000)
        left = subprocess.run(
            ["find", ".", "-name", ".ringfence-*"], cwd=args.folder, check=True, capture_output=True, text=True
        ).stdout
        if left:
            raise SystemExit(f"temporary files are left:\n{left}")
    print(f"{' '.join(words)}, {whole:.1f} s: interrupted {len(taken)} times ({missed} too late)")
    print(f"median {statistics.median(taken):.0f} ms, longest {max(taken):.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
