"""What commands share: the common options, loading a repository, and printing findings with counts."""

from __future__ import annotations

import argparse
import datetime
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from ringfence.commands import progress, usage
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, UsageError
from ringfence.findings import Finding, Severity, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.model.remembered import Remembered
    from ringfence.model.types import Cluster, Model
    from ringfence.sources import Tree
    from ringfence.verify import State


def add_common(parser: argparse.ArgumentParser, formats: Sequence[str] = ("text", "json")) -> None:
    """The options that every command on a repository takes."""
    parser.add_argument(
        "-C",
        dest="directory",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="run as if started in DIR; any folder of the repository will do",
    )
    parser.add_argument("--format", choices=formats, default="text", help="how results are printed (default: text)")
    parser.add_argument("--no-cache", action="store_true", help="neither use what earlier runs kept nor keep anything")


def add_fail_on(parser: argparse.ArgumentParser) -> None:
    """The option that says from which severity on findings make the run fail."""
    parser.add_argument(
        "--fail-on",
        choices=[item.value for item in Severity],
        default=Severity.ERROR.value,
        help="the least severity of a finding that makes the exit code 1 (default: error)",
    )


def exit_code(findings: Sequence[Finding], fail_on: str) -> int:
    """The exit code that findings mean, where a severity or a worse one fails the run."""
    order = list(Severity)
    worst = order[: order.index(Severity(fail_on)) + 1]
    return EXIT_FINDINGS if any(item.severity in worst for item in findings) else EXIT_CLEAN


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """The option that limits a command to one cluster."""
    parser.add_argument("--cluster", metavar="NAME", help="only this cluster (default: all)")


def date(text: str) -> datetime.date:
    """The date of an option's text (`argparse` type)."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write one such as 2027-03-31") from None


class Loaded(NamedTuple):
    """A repository as read: its root, the tree it was read from, and the model with the findings of loading."""

    root: Path
    tree: Tree
    model: Model | None
    findings: tuple[Finding, ...]


def today() -> datetime.date:
    """The local date, against which expiry is judged."""
    return datetime.datetime.now().astimezone().date()


def find_root(directory: Path) -> Path:
    """The root of the repository around a folder. Raises `UsageError` where it is none, or in no repository."""
    from ringfence import sources

    root = sources.find_root(directory)
    if directory.is_file():
        raise UsageError(f"{directory} is not a folder", f"name its folder: -C {usage.quoted(directory.parent)}")
    return root


def relative(root: Path, directory: Path, file: Path) -> str:
    """A file or folder that the command line names, relative to the root ("" for the root); a last link is kept.

    Raises `UsageError` for one that does not exist, or is not in the repository.
    """
    path = directory / file
    try:
        if not os.path.lexists(path):
            raise UsageError(f"there is no file {str(file)!r}", "name a file or folder of the repository")
        real = Path(os.path.realpath(path.parent)) / path.name if path.name not in ("", "..") else path.resolve()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot look at {str(file)!r}: {why}", "name a file of the repository") from error
    if not real.is_relative_to(root):
        raise UsageError(f"{str(file)!r} is not in the repository {root}", "name a file of the repository")
    inside = real.relative_to(root).as_posix()
    return "" if inside == "." else inside


def load(
    directory: Path, tree: Tree | None = None, like: Model | None = None, documents: Remembered | None = None
) -> Loaded:
    """The repository around a directory: from its working tree, unless another tree is given.

    What is equal in `like`, the model of another revision, is held once; `documents` that both have are read once.
    """
    from ringfence import model, sources

    root = find_root(directory)
    chosen = tree or sources.working_tree(root)
    progress.stage(f"reading the declarations ({chosen.label})")
    loaded, findings = model.load(chosen, shared=documents, like=like)
    return Loaded(root, chosen, loaded, tuple(findings))


def load_valid(
    directory: Path, out: TextIO, err: TextIO, format_: str, also: Callable[[Sequence[Finding]], None] | None = None
) -> tuple[Loaded, Model] | int:
    """The repository if nothing declared is in error; else its findings are printed and the exit code comes back.

    `also` is given those findings too. Warnings stay silent here: they are the business of `validate`.
    """
    from ringfence import checks

    loaded = load(directory)
    findings = list(loaded.findings)
    if loaded.model is not None:
        progress.stage("checking the declarations")
        findings += checks.run(loaded.model, today())
    if has_errors(findings) or loaded.model is None:
        if also is not None:
            also(findings)
        print_findings(findings, out, format_)
        if format_ == "text":
            print("The declarations are in error, so nothing was computed from them.", file=err)
        return EXIT_FINDINGS
    return loaded, loaded.model


def pick_clusters(model: Model, name: str | None) -> list[Cluster]:
    """All clusters, or the one of that name. Raises `UsageError` with the nearest name."""
    if name is None:
        return list(model.clusters.values())
    if name not in model.clusters:
        from ringfence.values.nearest import nearest

        guess = nearest(name, model.clusters)
        all_of_them = f"the clusters are {', '.join(model.clusters)}"
        raise UsageError(
            f"there is no cluster {name!r}", f"did you mean {guess}? {all_of_them}" if guess else all_of_them
        )
    return [model.clusters[name]]


def states(loaded: Loaded, model: Model, name: str | None) -> tuple[list[State], list[Cluster]]:
    """The states of all Kubernetes clusters, or of that of one cluster by name, and the clusters that were asked for.

    Raises `UsageError` for a name that no cluster has, `NothingToCheckError` where nothing is rendered.
    """
    from ringfence import verify

    chosen = pick_clusters(model, name)
    found = verify.states(model, loaded.tree, chosen[0] if name is not None else None)
    if not any(state.objects.count for state in found):
        raise NothingToCheckError("there is no rendered policy", "run: ringfence render")
    return found, chosen


_WORTH_SAYING = 100
"""So many things must be known from the cache before a run says so."""


def say_known(known: int, number: int, noun: str, err: TextIO) -> None:
    """Say how much of a run's work the cache saved, where it is worth a line."""
    from ringfence.report.text import plural

    if known >= _WORTH_SAYING:
        print(f"From the cache: what is known of {known:,} of {plural(number, noun)}.", file=err)


def print_findings(findings: Sequence[Finding], out: TextIO, format_: str, summary: str = "") -> int:
    """Print findings and counts in a format; the exit code that they mean."""
    from ringfence import report

    ordered = in_order(findings)
    out.write(report.findings(ordered, format_, summary=summary, colour=report.wants_colour(out)))
    return EXIT_FINDINGS if has_errors(ordered) else EXIT_CLEAN
