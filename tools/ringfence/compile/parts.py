"""What a dialect makes of one policy before it is written: an object without its rules, and the rules beside it.

The dialects share this form, so that rendering needs to know none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from ringfence.compile.bundle import Bundle, Rule

DIRECTIONS = ("ingress", "egress")
POLICY = "policy"
PERMISSIVE = "permissive"
PERMISSIVE_NAME = "0-permissive-{}"
"""The name of what keeps a direction of a namespace open: an object for each, so that it comes first and goes last.

It sorts before the others, so that Flux, which applies by name, applies it first.
"""
FIRST_WAVE = (("argocd.argoproj.io/sync-wave", "-10"),)
"""The annotation by which Argo CD applies an object before the policies of a namespace, and prunes it after them."""


class Part(Struct, frozen=True):
    """One object of a bundle.

    `template` is the template that writes it, `file` the name of its file without `.yaml`. `head` is the object without
    rules, `spec` its last key. `sections` are the rules of each direction that it speaks of; a direction without rules
    has the `closed` value, or is left out where there is none.
    """

    template: str
    file: str
    head: dict[str, Any]
    sections: tuple[tuple[str, tuple[Rule, ...]], ...] = ()
    closed: tuple[Any, ...] | None = None


def whole(part: Part, as_rules: Callable[[Rule, str], Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """The object with its rules, as `as_rules` writes one rule of a direction."""
    spec = dict(part.head["spec"])
    for direction, rules in part.sections:
        if rules:
            spec[direction] = [item for rule in rules for item in as_rules(rule, direction)]
        elif part.closed is not None:
            spec[direction] = list(part.closed)
    return {**part.head, "spec": spec}


def at_stage(bundle: Bundle, stage: str) -> tuple[str, ...]:
    """The directions of a bundle that are at a stage."""
    return tuple(direction for direction in DIRECTIONS if getattr(bundle.stage, direction) == stage)
