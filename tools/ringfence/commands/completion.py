"""Print a completion script for a shell.

examples:
  ringfence completion bash > ~/.local/share/bash-completion/completions/ringfence
  ringfence completion zsh > ~/.zfunc/_ringfence
"""

from __future__ import annotations

import argparse
from typing import TextIO

from ringfence.errors import EXIT_CLEAN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell to complete in")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Print the script."""
    import shtab

    from ringfence import cli

    print(shtab.complete(cli.build_parser(), shell=args.shell), file=out)
    return EXIT_CLEAN
