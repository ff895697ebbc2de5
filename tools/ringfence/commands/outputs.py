"""Several outputs of one run: `--output FORMAT=PATH` writes files beside what `--format` prints."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TextIO

from ringfence.commands import shared, usage
from ringfence.errors import OutputError
from ringfence.findings import Finding, in_order

Output = tuple[str, Path]
"""A format and the file that it goes to."""

APPENDED = "github-summary"
"""The format whose file other steps of a job write to as well, so that it is appended."""


def add_output(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """The option, with its formats."""
    parser.add_argument(
        "--output",
        metavar="FORMAT=PATH",
        action="append",
        default=[],
        type=partial(_output, formats),
        help=f"write a file too, as often as you like; formats: {', '.join(formats)}",
    )


def _output(formats: Sequence[str], text: str) -> Output:
    """One format and path (`argparse` type)."""
    format_, sign, path = text.partition("=")
    if format_ not in formats:
        from ringfence.values.nearest import nearest

        guess = nearest(format_, formats)
        more = f"did you mean {guess}?" if guess else f"the formats are {', '.join(formats)}"
        raise argparse.ArgumentTypeError(f"there is no format {format_!r}; {more}")
    if not sign or path in ("", "-"):
        raise argparse.ArgumentTypeError(f"{text!r} names no file; write one such as {format_}=report")
    return format_, file(path)


def file(text: str) -> Path:
    """A file to be written, in a folder that is there (`argparse` type): said before the work is done."""
    path = Path(text)
    if not os.path.isdir(path.parent):  # noqa: PTH112 - also where a name is none, or may not be looked at
        raise argparse.ArgumentTypeError(
            f"there is no folder {str(path.parent)!r}; make it: mkdir -p {usage.quoted(path.parent)}"
        )
    if os.path.isdir(path):  # noqa: PTH112
        raise argparse.ArgumentTypeError(f"{text!r} is a folder; name a file in it")
    return path


def write(outputs: Sequence[Output], make: Callable[[str], str]) -> None:
    """Write each file; `make` gives the text of a format. Raises `OutputError`."""
    for format_, path in outputs:
        _write(path, make(format_).encode(errors="backslashreplace"), append=format_ == APPENDED)


def _write(path: Path, content: bytes, *, append: bool) -> None:
    """A file is replaced as a whole; what is none, such as `/dev/stderr`, is written to."""
    from ringfence.values import files

    if not append and not path.is_symlink() and (path.is_file() or not os.path.lexists(path)):
        files.replace(path, content)
        return
    try:
        with path.open("ab" if append else "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", "name another file") from error


def print_findings(args: argparse.Namespace, findings: Sequence[Finding], out: TextIO, summary: str = "") -> int:
    """Findings to standard output and to the files that `--output` names; the exit code that they mean."""
    also(args, findings, summary)
    return shared.print_findings(findings, out, args.format, summary)


def also(args: argparse.Namespace, findings: Sequence[Finding], summary: str = "") -> None:
    """Findings to the files that `--output` names."""
    from ringfence import report

    ordered = in_order(findings)
    write(args.output, lambda format_: report.findings(ordered, format_, summary=summary))
