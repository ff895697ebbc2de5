"""Breaks a copy of a repository in each way that a gate should catch, and sees which gates turn red.

Whoever runs it brings the gates, as functions on folders: this stage knows what to break, and no command.
"""

from ringfence.selftest.breaks import DECLARED, RENDERED
from ringfence.selftest.repository import Repository, copied
from ringfence.selftest.runner import Runner, plan
from ringfence.selftest.types import Break, Case, Expected, Gate, Planned, Seen, Skipped, Turned, Verdict

__all__ = [
    "DECLARED",
    "RENDERED",
    "Break",
    "Case",
    "Expected",
    "Gate",
    "Planned",
    "Repository",
    "Runner",
    "Seen",
    "Skipped",
    "Turned",
    "Verdict",
    "copied",
    "plan",
]
