"""The tool's own failures, each with its exit code.

A failure ends the run; what is wrong with the user's *documents* is a finding instead (`findings`).
This module knows no stage.
"""

from __future__ import annotations

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
"""The reader of the results went away (`| head`): 128 and SIGPIPE, as a shell says it of tools that the signal ends."""


class RingfenceError(Exception):
    """A failure that a person can act on: what happened, and the likely fix.

    `message` is one sentence without a final period; `hint` is the next thing to try, or empty.
    """

    exit_code = EXIT_USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RingfenceError):
    """The command line, the configuration or the place that the command runs in is wrong (exit 2)."""


class NothingToCheckError(RingfenceError):
    """The command found nothing to work on, which must never look like success (exit 2)."""


class OutputError(RingfenceError):
    """A file could not be written (permission, full disk); the old content is whole (exit 2)."""
