"""The command line: picks one command, runs it, and turns every way to end into an exit code.

Only the chosen command's module is imported, so that a hook starts fast. Knows no detail of any stage.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import keyword
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TextIO

import ringfence
from ringfence.commands.usage import Parser
from ringfence.errors import EXIT_BUG, EXIT_CLEAN, EXIT_INTERRUPTED, EXIT_UNREAD, EXIT_USAGE, RingfenceError

COMMANDS = (
    "init",
    "import",
    "validate",
    "check",
    "fmt",
    "flow",
    "flows",
    "expire",
    "learn",
    "observed",
    "promote",
    "promote-diff",
    "render",
    "verify",
    "connections",
    "explain",
    "diff",
    "equivalent",
    "exposure",
    "assert",
    "lint",
    "impact",
    "rollout",
    "selftest",
    "simulate",
    "gitlab",
    "owners",
    "doctor",
    "checks",
    "schema",
    "cache",
    "completion",
)

EPILOG = """\
examples:
  ringfence validate                       check every declaration
  ringfence render                         write policies/rendered from the declarations
  ringfence verify                         prove that the rendered policies do what was declared
  ringfence impact                         what this branch opens and closes, and who must approve
  ringfence explain shop/frontend pay/api  which rule allows or denies a connection

exit codes: 0 clean, 1 findings or drift, 2 usage, configuration or nothing to check, 3 a bug, 130 interrupted,
141 nobody reads the results to their end (`| head`)
"""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What writing to a stream fails with where it leads to a full or broken disk. Files of ours raise `OutputError`."""


def main(argv: Sequence[str], leave: Callable[[int], object] | None = None) -> int:
    """Run one command; the exit code (`errors`). Raises `SystemExit` for help and for options that do not exist.

    `leave` ends the process when the run is interrupted, before what it holds is freed, which takes long.
    """
    _open_streams()
    try:
        code = _run(argv)
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit as end:  # help, and bad usage
        if sys.stdout in _unread() and end.code in (None, EXIT_CLEAN):
            raise SystemExit(EXIT_UNREAD) from None
        if (why := _unprinted()) and end.code in (None, EXIT_CLEAN):
            raise SystemExit(_end(EXIT_USAGE, f"ringfence: cannot print the results: {why}")) from None
        raise
    except RingfenceError as error:
        return _end(error.exit_code, *_told(error))
    except KeyboardInterrupt:
        code = _end(EXIT_INTERRUPTED, "ringfence: interrupted; nothing is half-written")
        if leave is not None:
            leave(code)
    except Exception as error:  # noqa: BLE001 - the one boundary where a bug becomes a report
        if isinstance(error, BrokenPipeError) and _unread():
            return EXIT_UNREAD
        if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
            _unprinted()
            return _end(EXIT_USAGE, f"ringfence: cannot print the results: {error.strerror}")
        return _end(EXIT_BUG, *_bug(argv))
    return code


def _told(error: RingfenceError) -> list[str]:
    """The lines of a failure; what names of files and objects hold moves no terminal."""
    from ringfence.report.text import one_line

    text = f"ringfence: {error.message}" + (f"\n  {error.hint}" if error.hint else "")
    return [one_line(line) for line in text.split("\n")]


def _end(code: int, *lines: str) -> int:
    """Say why a run ends. The exit code comes back, and is the same where nobody reads that."""
    try:
        print(*lines, sep="\n", file=sys.stderr, flush=True)
    except OSError:
        _drop(sys.stderr)
    _unread()
    return code


def _unprinted() -> str:
    """Why a stream takes no more, such as a full disk, or nothing. What is still to be printed there goes nowhere."""
    why = ""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            why = error.strerror or str(error)
            _drop(stream)
    return why


def _unread() -> list[TextIO]:
    """The streams whose reader went away (`| head`). What is still to be printed there goes nowhere from then on."""
    import select

    gone = []
    for stream in (sys.stdout, sys.stderr):
        poll = select.poll()
        with contextlib.suppress(OSError, ValueError):  # no file behind it
            poll.register(stream, select.POLLOUT)
            if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)):
                gone.append(stream)
                _drop(stream)
    return gone


def _open_streams() -> None:
    """Give a closed stream (`>&-`) somewhere to go; else the next file to be opened would get its descriptor."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - open until the process ends


def _drop(stream: TextIO) -> None:
    """What is still to be printed goes nowhere, so that the flush at exit does not complain again."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def _run(argv: Sequence[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    chosen = argv[0] if argv and argv[0] in COMMANDS else None
    parser = build_parser(only=chosen)
    if argv and argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version"):
        parser.error(f"the command comes before its options: ringfence COMMAND {argv[0]}")
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.refuse(arguments, unknown)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    if getattr(arguments, "no_cache", False):
        os.environ["RINGFENCE_CACHE"] = "off"
    module = _module(arguments.command)
    with _progress() as (out, err):
        result = module.run(arguments, out, err)
    assert isinstance(result, int)  # noqa: S101 - the contract of a command module
    return result


def _progress() -> AbstractContextManager[tuple[TextIO, TextIO]]:
    """The streams of a run, with its progress shown where somebody looks on."""
    if not sys.stderr.isatty() or not hasattr(signal, "setitimer") or os.environ.get("TERM") == "dumb":
        return nullcontext((sys.stdout, sys.stderr))
    from ringfence.commands import progress

    return progress.shown(sys.stdout, sys.stderr)


def build_parser(only: str | None = None) -> Parser:
    """The parser of all commands, or of one command alone."""
    parser = Parser(
        prog="ringfence",
        description=ringfence.__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ringfence {ringfence.__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", prog=parser.prog)
    for name in COMMANDS if only is None else (only,):
        module = _module(name)
        summary, _, rest = (module.__doc__ or "").strip().partition("\n")
        command = subparsers.add_parser(
            name,
            help=summary.rstrip("."),
            description=summary,
            epilog=rest.strip() or None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
    return parser


def _module(name: str) -> ModuleType:
    module = name.replace("-", "_")
    return importlib.import_module(f"ringfence.commands.{module}{'_' if keyword.iskeyword(module) else ''}")


def _bug(argv: Sequence[str]) -> list[str]:
    """What to report."""
    import platform
    import traceback

    return [
        "ringfence: this is a bug in Ringfence, not in your files. Please report what follows.",
        f"  ringfence {ringfence.__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"  arguments: {list(argv)!r}",
        traceback.format_exc().rstrip(),
    ]
