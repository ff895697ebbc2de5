"""Bad usage of the command line: what is wrong, the nearest right word, and names as a shell takes them."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

_CHOICE = r"(?s)argument (COMMAND|ACTION): invalid choice: '(.*)' \(choose from"
_MISSING = ("the following arguments are required: ", "one of the arguments ")
"""How `argparse` begins to say that something is missing, before it looks at what it does not know."""


def quoted(name: str | os.PathLike[str]) -> str:
    """A name as a shell takes it, in one printable line."""
    import shlex

    from ringfence.report.text import one_line

    return shlex.quote(one_line(str(name)))


class _Unseen(argparse.HelpFormatter):
    """What an argument is tried with when it is added; nobody sees it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest command or option, and does not keep to itself that help cannot be printed."""

    _given: Sequence[str] = ()

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument, without asking how wide the terminal is: that takes more modules than all arguments."""
        shown, self.formatter_class = self.formatter_class, _Unseen
        try:
            return super().add_argument(*names, **options)
        finally:
            self.formatter_class = shown

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and remember what was given."""
        self._given = tuple(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End the run with the usage and the message, in which no name moves a terminal."""
        from ringfence.report.text import one_line

        if found := re.match(_CHOICE, message):
            super().error(one_line(self._no_choice(found[1].lower(), found[2])))
        if message.startswith(_MISSING):
            for word in self._unknown(self._given):
                if guess := self._nearest(word):
                    message += f"; there is no {word}, did you mean {guess}?"
        super().error(one_line(message))

    def refuse(self, arguments: argparse.Namespace, unknown: Sequence[str]) -> NoReturn:
        """End the run with the usage of the command, what it does not know, and the nearest option."""
        parser: argparse.ArgumentParser = self
        while actions := _subparsers(parser):
            if (chosen := getattr(arguments, actions.dest)) is None:
                break
            parser = actions.choices[chosen]
        assert isinstance(parser, Parser)  # noqa: S101 - the parsers of commands are of the same class
        word = next((item for item in unknown if item.startswith("-")), unknown[0]).partition("=")[0]
        guess = parser._nearest(word)
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{f'; did you mean {guess}?' if guess else ''}")

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:
            file.write(message)
        else:
            with contextlib.suppress(OSError):  # Python 3.11.2 raises where nobody reads errors
                super()._print_message(message, file)

    def _no_choice(self, what: str, word: str) -> str:
        from ringfence.values.nearest import nearest

        actions = _subparsers(self)
        names = list(actions.choices) if actions else []
        guess = nearest(word, names)
        return f"there is no {what} {word!r}; " + (
            f"did you mean {guess}?" if guess else f"the {what}s are {', '.join(names)}"
        )

    def _options(self) -> list[str]:
        return [name for item in self._actions for name in item.option_strings if name.startswith("--")]

    def _unknown(self, given: Iterable[str]) -> list[str]:
        """The long options among the words that are none of this parser."""
        words = []
        for item in given:
            if item == "--":
                break
            if item.startswith("--"):
                words.append(item.partition("=")[0])
        return [word for word in dict.fromkeys(words) if word not in self._options()]

    def _nearest(self, word: str) -> str:
        """The option that a word is the nearest to, or nothing."""
        from ringfence.values.nearest import nearest

        options = self._options()
        near = [name for name in options if name.startswith(word) or word.startswith(name)] if word[:2] == "--" else []
        return near[0] if near else nearest(word, options)


def _subparsers(parser: argparse.ArgumentParser) -> argparse._SubParsersAction[Any] | None:
    return next((item for item in parser._actions if isinstance(item, argparse._SubParsersAction)), None)
