"""Hold flow logs against the declarations: used, never seen, would break, denied though declared.

examples:
  ringfence observed hubble.json.gz --cluster prod-eu
  ringfence observed flows-*.log --cluster prod-eu --format json > observed.json
  ringfence observed flows.csv --cluster dev --column source_pod=client --column verdict==allowed

exit codes: 1 where something was seen that no declaration allows, so that it breaks once policies are enforced or is
denied today where they are, or where something was denied though it is declared; 0 where nothing was. What was declared
and never seen fails nothing: it may be removed, or it has not happened yet.
"""

from __future__ import annotations

import argparse
from typing import TextIO

from ringfence.commands import logs, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `observed`."""
    shared.add_common(parser)
    logs.add_logs(parser)
    parser.add_argument("--all", action="store_true", help="print every row, however many there are")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare and print; 1 when something would break, is denied today, or was denied though declared."""
    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    from ringfence import report
    from ringfence.observe.compare import compare
    from ringfence.report import json, observed

    model = loaded[1]
    cluster = logs.one_cluster(model, args.cluster)
    comparison = compare(logs.read(args, args.logs), model, cluster)
    if args.format == "json":
        out.write(json.dump(observed.data(comparison)))
    else:
        out.write(observed.text(comparison, report.wants_colour(out), all_rows=args.all))
        print(observed.summary(comparison), file=err)
    wrong = comparison.breaking or comparison.denied_today or comparison.denied
    return EXIT_FINDINGS if wrong else EXIT_CLEAN
