"""What commands on flow logs share: naming the logs, reading them, and the cluster that they are of."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.commands import shared
from ringfence.errors import NothingToCheckError, UsageError

if TYPE_CHECKING:
    from ringfence.model.types import Cluster, Model
    from ringfence.observe import Observations

ENGINES = ("duckdb", "spark")


def add_logs(parser: argparse.ArgumentParser) -> None:
    """The logs as positional arguments, with what reading them takes."""
    parser.add_argument(
        "logs",
        metavar="LOG",
        nargs="+",
        help="a flow log of Hubble, Calico, Goldmane, CSV or Parquet, compressed or not; - is standard input",
    )
    parser.add_argument("--cluster", metavar="NAME", help="the cluster that the logs are of (default: the only one)")
    add_reading(parser)


def add_observed(parser: argparse.ArgumentParser, what: str) -> None:
    """The logs as an option that may be given several times; `what` says what for."""
    parser.add_argument("--observed", metavar="LOG", action="append", default=[], help=what)
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """What reading logs takes."""
    parser.add_argument(
        "--column",
        metavar="NAME=COLUMN",
        action="append",
        default=[],
        type=_column,
        help="which column of a table is what, such as source_pod=client or verdict==allowed; once for each",
    )
    parser.add_argument(
        "--engine", choices=ENGINES, default="duckdb", help="what reads the logs (default: duckdb, in this process)"
    )


def _column(text: str) -> tuple[str, str]:
    name, sign, column = text.partition("=")
    if not sign or not name or not column:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=COLUMN; write one such as source_pod=client")
    return name, column


def read(args: argparse.Namespace, names: Sequence[str]) -> Observations:
    """What the logs say. Raises `NothingToCheckError` where that is nothing, `UsageError` where they cannot be read."""
    from ringfence import observe

    observed = observe.read(names, columns=dict(args.column), engine=args.engine)
    if not observed.records:
        kinds = ", ".join(dict.fromkeys(item.kind for item in observed.troubles))
        raise NothingToCheckError(
            f"no record of {' '.join(names)} can be read{f' ({kinds})' if kinds else ''}",
            "logs of Hubble, Calico and Goldmane, CSV and Parquet are read, compressed or not; no folders",
        )
    return observed


def by_cluster(args: argparse.Namespace, model: Model) -> dict[str, Observations]:
    """What the logs of `--observed` say, by cluster: `CLUSTER=FILE`, or a file of the one that `--cluster` names."""
    files: dict[str, list[str]] = {}
    for text in args.observed:
        name, sign, file = text.partition("=")
        if not sign or name not in model.clusters:
            # a file name may hold the sign
            if sign and not Path(text).exists():
                shared.pick_clusters(model, name)
            name, file = one_cluster(model, args.cluster).name, text
        files.setdefault(name, []).append(file)
    return {name: read(args, found) for name, found in files.items()}


def count(text: str) -> int:
    """A number from 0 on (`argparse` type)."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 999999999")
    return int(text)


def one_cluster(model: Model, name: str | None) -> Cluster:
    """The cluster of that name, or the only one. Raises `UsageError`."""
    if name is None and len(model.clusters) > 1:
        raise UsageError(
            "a log is of one cluster, and it does not say of which",
            f"name it: --cluster, one of {', '.join(model.clusters)}",
        )
    return shared.pick_clusters(model, name)[0]
