"""Print a completion script for a shell: it knows commands, options, and the names that the repository declares.

examples:
  ringfence completion bash > ~/.local/share/bash-completion/completions/ringfence
  ringfence completion zsh > ~/.zfunc/_ringfence
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from ringfence.commands import words
from ringfence.errors import EXIT_CLEAN, UsageError

SHELLS = ("bash", "zsh", "tcsh")
NAMED = {
    "connections": {"source": "patterns", "destination": "patterns"},
    "explain": {"source": "ends", "destination": "ends"},
    "flow add": {"sources": "ends", "destinations": "ends", "environments": "environments"},
    "flows": {"source": "patterns", "destination": "patterns", "owner": "teams", "environment": "environments"}
    | {"flows": "flows"},
    "promote-diff": {"source": "environments", "target": "environments"},
}
"""The arguments of commands that are names of the repository, with the kind of each; `--cluster` is one everywhere."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `completion`. The script itself asks with `--words`, which help does not show."""
    parser.add_argument("shell", choices=SHELLS, nargs="?", help="the shell to complete in")
    parser.add_argument("--words", choices=words.KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--prefix", default="", help=argparse.SUPPRESS)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Print the script, or the names that the script asks for."""
    if args.words is not None:
        out.write("".join(f"{word}\n" for word in _words(args.words, args.prefix)))
        return EXIT_CLEAN
    if args.shell is None:
        raise UsageError("which shell?", f"one of {', '.join(SHELLS)}, such as: ringfence completion bash")
    import shtab

    from ringfence import cli

    parser = cli.build_parser()
    _name(parser, "")
    print(shtab.complete(parser, shell=args.shell, preamble=_functions(args.shell)), file=out)
    return EXIT_CLEAN


def _name(parser: argparse.ArgumentParser, command: str) -> None:
    """Tell shtab which function gives the names of an argument, in a parser and all below it."""
    kinds = {"cluster": "clusters", **NAMED.get(command, {})}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                _name(inner, f"{command} {name}".strip())
        elif kind := kinds.get(action.dest):
            action.complete = dict.fromkeys(("bash", "zsh"), f"_ringfence_{kind}")  # type: ignore[attr-defined]


def _words(kind: str, prefix: str) -> list[str]:
    """The names, or none: whatever is wrong, whoever types must not see it between two keys."""
    from ringfence import sources

    try:
        return words.words(sources.find_root(Path()), kind, prefix)
    except Exception:  # noqa: BLE001 - see above
        return []


def _functions(shell: str) -> str:
    """A shell function for each kind of names."""
    return "".join(_FUNCTION.get(shell, "").replace("KIND", kind) for kind in words.KINDS)


_FUNCTION = {
    "bash": """\
_ringfence_KIND() { command ringfence completion --words KIND --prefix "$1" 2>/dev/null; }
""",
    "zsh": """\
_ringfence_KIND() {
  local -a found
  found=(${(f)"$(command ringfence completion --words KIND --prefix "$PREFIX" 2>/dev/null)"})
  compadd -a found
}
""",
}
