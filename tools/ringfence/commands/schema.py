"""Print the JSON Schema of a kind of document.

examples:
  ringfence schema Flows
  ringfence schema            lists the kinds
"""

from __future__ import annotations

import argparse
from typing import TextIO

from ringfence.errors import EXIT_CLEAN, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `schema`."""
    parser.add_argument("kind", metavar="KIND", nargs="?", help="such as Flows, Namespace or Cluster; any case")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Print one schema, or the kinds."""
    from ringfence import schema
    from ringfence.values.nearest import nearest

    if args.kind is None:
        out.write("".join(f"{kind}\n" for kind in schema.KINDS))
        return EXIT_CLEAN
    kinds = {kind.lower(): kind for kind in schema.KINDS}
    kind = kinds.get(args.kind.lower())
    if kind is None:
        guess = nearest(args.kind.lower(), kinds)
        raise UsageError(
            f"there is no kind {args.kind!r}",
            f"did you mean {kinds[guess]}?" if guess else f"the kinds are {', '.join(schema.KINDS)}",
        )
    out.write(schema.text(kind))
    return EXIT_CLEAN
