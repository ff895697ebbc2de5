"""Say where the cache lies and what it holds, or empty it.

examples:
  ringfence cache
  ringfence cache --clear
  ringfence cache --format json

A run without it (`--no-cache`, or RINGFENCE_CACHE=off) gives the same result, only later. RINGFENCE_CACHE may also name
the folder, as an absolute path.
"""

from __future__ import annotations

import argparse
from typing import TextIO

from ringfence.errors import EXIT_CLEAN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `cache`."""
    parser.add_argument("--clear", action="store_true", help="remove what it holds")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how results are printed (default: text)"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Print what it holds, or held."""
    from ringfence.cache import contents
    from ringfence.report import json, text

    before = contents.contents()
    cleared = contents.clear() if args.clear else 0
    if args.format == "json":
        keys = {"folder": before.folder, "why": before.why, "bytes": before.size, "kinds": before.kinds}
        out.write(json.dump({**keys, "cleared": cleared}))
        return EXIT_CLEAN
    if before.folder:
        out.write(f"{before.folder}\n")
    if before.why:
        out.write(f"not used: {before.why}\n")
    if before.kinds:
        out.write("\n" + text.table(("KIND", "ENTRIES"), [(kind, f"{n:,}") for kind, n in before.kinds.items()]) + "\n")
    number = sum(before.kinds.values())
    entries = f"{number:,} {'entry' if number == 1 else 'entries'}, {_size(before.size)}"
    out.write(f"{entries}; {_size(cleared)} removed\n" if args.clear else f"{entries}\n")
    return EXIT_CLEAN


def _size(number: int) -> str:
    """Bytes for people: `4 kB`, `1.2 MB`."""
    return f"{number / 1e6:,.1f} MB" if number >= 1e6 else f"{number / 1e3:.0f} kB"
