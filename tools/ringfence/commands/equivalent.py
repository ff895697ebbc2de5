"""Prove that two clusters, or two folders of manifests, allow the same, or list what differs and why.

examples:
  ringfence equivalent prod-eu prod-us
  ringfence equivalent --manifests calico/ cilium/ --with workloads/ --cni calico --other-cni cilium
  ringfence equivalent --manifests before/ after/ --format json

The dialects of both sides may differ. Compared are the ends that both have, with every address outside; ends that only
one side has are named, and prevent the proof. So does a verdict that either side leaves undefined.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.commands import plain, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, UsageError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.verify.equivalence import Difference, Equivalence, Side


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `equivalent`."""
    shared.add_common(parser)
    parser.add_argument("clusters", metavar="CLUSTER", nargs="*", help="two clusters of the repository")
    parser.add_argument(
        "--manifests", metavar=("A", "B"), nargs=2, type=Path, help="two folders or files of plain manifests instead"
    )
    parser.add_argument(
        "--with",
        dest="common",
        metavar="PATH",
        type=Path,
        action="append",
        default=[],
        help="with --manifests: what both sides have, such as workloads; may be given again",
    )
    plain.add_reading(parser)
    parser.add_argument("--other-cni", metavar="NAME", help="with --manifests: the plugin of B, if it is not A's")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare; 0 where equal connectivity is proven, 1 where it is not."""
    from ringfence.verify import equivalence

    found = _manifests(args) if args.manifests is not None else _clusters(args, out, err)
    if isinstance(found, int):
        return found
    sides, findings = found
    answer = equivalence.compare(*sides)
    if not answer.compared:
        raise NothingToCheckError("the sides have no workload in common", "--with gives manifests that both have")
    _print(answer, in_order(findings), args.format, out, err)
    return EXIT_CLEAN if answer.holds and not has_errors(findings) else EXIT_FINDINGS


def _manifests(args: argparse.Namespace) -> tuple[list[Side], list[Finding]]:
    from ringfence.connectivity import evaluate
    from ringfence.verify.equivalence import Side

    if args.clusters:
        raise UsageError("clusters are of a repository, and --manifests reads none", "leave one of them out")
    other = argparse.Namespace(**{**vars(args), "cni": args.other_cni or args.cni})
    sides: list[Side] = []
    findings: list[Finding] = []
    for options, path in zip((args, other), args.manifests, strict=True):
        state = plain.cluster(options, [path, *args.common])
        findings += state.findings
        sides.append(Side(str(path), evaluate(state), {}))
    return sides, list(dict.fromkeys(findings))


def _clusters(args: argparse.Namespace, out: TextIO, err: TextIO) -> tuple[list[Side], list[Finding]] | int:
    from ringfence.verify import equivalence

    plain.refuse(args, {"common": "--with", "other_cni": "--other-cni", **plain.READING})
    if len(args.clusters) != 2:
        raise UsageError("name two clusters, or give --manifests A B", "ringfence equivalent prod-eu prod-us")
    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    one, two = (shared.pick_clusters(model, name)[0] for name in args.clusters)
    if one is two:
        raise UsageError(f"{one.name} is both sides", "name another cluster")
    sides: list[Side] = []
    findings: list[Finding] = []
    for cluster in (one, two):
        side, state = equivalence.cluster_side(model, repository.tree, cluster)
        if not state.objects.count:
            raise NothingToCheckError(f"there is no rendered policy of {cluster.name}", "run: ringfence render")
        sides.append(side)
        findings += state.findings
    return sides, findings


def _print(answer: Equivalence, findings: list[Finding], form: str, out: TextIO, err: TextIO) -> None:
    from ringfence import report
    from ringfence.report import explanation_text, json, text

    called = [side.name for side in answer.sides]
    if form == "json":
        out.write(json.dump(_data(answer, findings)))
        return
    colour = report.wants_colour(out)
    for item in answer.differences:
        out.write(text.paint(_line(item, called), "33" if item.sides[0] == item.sides[1] else "31", colour) + "\n")
        for name, why in zip(called, item.why, strict=True):
            out.writelines(f"    {text.one_line(name)}: {line}\n" for line in explanation_text.because(why))
    for name, only in zip(called, answer.only, strict=True):
        out.writelines(f"only in {text.one_line(name)}: {explanation_text.plain(end)}\n" for end in only)
    verdict = "equivalent" if answer.holds else "not proven equivalent"
    compared = f"{text.plural(answer.compared, 'workload')} and every address outside"
    summary = (
        f"{called[0]} and {called[1]} are {verdict}: {compared}, {text.plural(len(answer.differences), 'difference')}"
    )
    err.write(text.findings(findings, summary, report.wants_colour(err)))


def _line(item: Difference, called: list[str]) -> str:
    from ringfence.connectivity.listing import end_name
    from ringfence.report import explanation_text
    from ringfence.report.text import one_line

    source, destination = (explanation_text.plain(end_name(end)) for end in (item.source, item.destination))
    ends = f"{source} → {destination}"
    if item.sides[0] == item.sides[1]:
        return f"? {ends}  undefined: {item.undefined[0]} / {item.undefined[1]}"
    return f"≠ {ends}  {one_line(called[0])}: {item.sides[0]} · {one_line(called[1])}: {item.sides[1]}"


def _data(answer: Equivalence, findings: list[Finding]) -> dict[str, Any]:
    from ringfence.connectivity import explanation_to_json
    from ringfence.connectivity.listing import end_name
    from ringfence.report import json

    return {
        "equivalent": answer.holds,
        "sides": [side.name for side in answer.sides],
        "compared": answer.compared,
        "only": [list(item) for item in answer.only],
        "differences": [
            {
                "source": end_name(item.source),
                "destination": end_name(item.destination),
                "allowed": [ports.to_json() for ports in item.sides],
                "undefined": [ports.to_json() for ports in item.undefined],
                "why": [explanation_to_json(why) for why in item.why],
            }
            for item in answer.differences
        ],
        "findings": [json.finding(item) for item in findings],
    }
