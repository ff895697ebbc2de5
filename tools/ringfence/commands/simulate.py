"""Write flow logs of a cluster that does what the repository declares, to try things out and for tests.

examples:
  ringfence simulate --cluster prod-eu --into hubble.json
  ringfence simulate --cluster prod-eu --form calico --noise none --into flows.log.gz
  ringfence simulate --cluster prod-eu --score                    how well `learn` finds the flows again

The traffic is made up: no cluster is asked. The same repository, options and seed give the same bytes. With noise, the
log has retries, replies, probes of nodes, scans from outside, denied attempts, and each connection at both of its ends.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.commands import logs, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringfence.model.types import Cluster, Model
    from ringfence.observe.simulate import Graph

FORMS = ("hubble", "calico", "goldmane", "csv")
START = datetime.date(2026, 1, 1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `simulate`."""
    shared.add_common(parser)
    parser.add_argument("--cluster", metavar="NAME", help="the cluster that is simulated (default: the only one)")
    parser.add_argument("--form", choices=FORMS, default="hubble", help="whose log it is (default: hubble)")
    parser.add_argument(
        "--into", metavar="FILE", type=Path, help="the log; with .gz it is compressed (default: printed)"
    )
    parser.add_argument("--connections", metavar="N", type=_count, help="how many (default: 20 of each pair and port)")
    parser.add_argument("--days", metavar="N", type=_count, default=7, help="how long the log looks back (default: 7)")
    parser.add_argument(
        "--start", metavar="DATE", type=shared.date, default=START, help=f"the first day (default: {START})"
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="another seed gives other traffic (default: 0)"
    )
    parser.add_argument(
        "--noise", choices=("usual", "none"), default="usual", help="what else is in the log (default: usual)"
    )
    parser.add_argument("--score", action="store_true", help="write nothing; learn from the log and say how well")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the log; with `--score`, 1 where not every flow is found, or some that is none."""
    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    from ringfence.observe import simulate
    from ringfence.report.text import plural

    model = loaded[1]
    cluster = logs.one_cluster(model, args.cluster)
    graph = simulate.of(model, cluster)
    if not graph.edges:
        raise NothingToCheckError(f"nothing is declared for {cluster.name}, so nothing happens", "declare a flow")
    if args.connections is not None and args.connections < len(graph.edges):
        raise UsageError(
            f"{args.connections} connections cannot show each of {len(graph.edges)} pairs and ports",
            f"give at least --connections {len(graph.edges)}",
        )
    if args.score:
        return _score(args, graph, model, cluster, out)
    said = f"{plural(len(graph.edges), 'pair')} of ends and ports of {cluster.name}"
    lost = f"; not shown, as others have the same addresses: {', '.join(graph.lost)}" if graph.lost else ""
    if args.into is None:
        out.writelines(_lines(args, graph))
        print(f"a log of {said}{lost}", file=err)
        return EXIT_CLEAN
    _write(args.into, _lines(args, graph))
    if args.format == "json":
        from ringfence.report import json

        out.write(json.dump({"cluster": cluster.name, "file": str(args.into), "form": args.form, "lost": graph.lost}))
    else:
        print(f"{args.into}: a log of {said}{lost}", file=err)
    return EXIT_CLEAN


def _lines(args: argparse.Namespace, graph: Graph) -> Iterable[str]:
    from ringfence.observe import simulate

    records = simulate.records(
        graph,
        connections=args.connections or 20 * len(graph.edges),
        start=datetime.datetime.combine(args.start, datetime.time(), datetime.UTC),
        length=datetime.timedelta(days=args.days),
        noise=simulate.USUAL if args.noise == "usual" else simulate.QUIET,
        seed=args.seed,
    )
    return simulate.lines(records, args.form)


def _score(args: argparse.Namespace, graph: Graph, model: Model, cluster: Cluster, out: TextIO) -> int:
    import tempfile

    from ringfence import observe
    from ringfence.adopt.recovery import score
    from ringfence.report import json

    with tempfile.TemporaryDirectory(prefix="ringfence-") as folder:
        path = Path(folder) / f"simulated.{'csv' if args.form == 'csv' else 'json'}"
        _write(path, _lines(args, graph))
        found = score(observe.read([path]), graph, model, cluster, world=args.noise == "none")
    if args.format == "json":
        data: dict[str, Any] = {"cluster": cluster.name, "precision": found.precision, "recall": found.recall}
        sets = {"missed": found.wanted - found.found, "wrong": found.found - found.wanted}
        keys = ("source", "destination", "protocol", "port")
        data |= {name: [dict(zip(keys, edge, strict=True)) for edge in sorted(edges)] for name, edges in sets.items()}
        out.write(json.dump(data))
    else:
        out.write(f"{cluster.name}, {args.form}, noise {args.noise}: {found}\n")
        for word, edges in (("missed", found.wanted - found.found), ("wrong", found.found - found.wanted)):
            rows = (f"{one} → {other} {port}/{protocol}" for one, other, protocol, port in sorted(edges))
            out.writelines(f"  {word}: {row}\n" for row in rows)
    return EXIT_CLEAN if found.found == found.wanted else EXIT_FINDINGS


def _write(path: Path, lines: Iterable[str]) -> None:
    """The lines, compressed where the name says so. Raises `OutputError`."""
    import gzip

    try:
        if path.suffix == ".gz":
            # without a time, so that the same log gives the same bytes
            with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as stream:
                stream.writelines(line.encode() for line in lines)
        else:
            with path.open("w", encoding="utf-8", newline="") as text:
                text.writelines(lines)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", "name another file") from error


def _count(text: str) -> int:
    """A number from 1 on (`argparse` type)."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:10]) < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
