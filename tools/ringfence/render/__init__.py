"""Bundles to files: templates, the Kustomize tree, and writing or checking it on disk. Knows no Git.

`tree` is a pure function of the model and the templates; `compare` and `write` bring the disk into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.render.checks import CHECKS
from ringfence.render.files import RENDERED, objects, scope, tree
from ringfence.render.templates import TemplateError, own_templates

if TYPE_CHECKING:
    from ringfence.render.disk import Written, compare, write

__all__ = [
    "CHECKS",
    "RENDERED",
    "TemplateError",
    "Written",
    "compare",
    "objects",
    "own_templates",
    "scope",
    "tree",
    "write",
]


def __getattr__(name: str) -> object:
    # whoever only wants to know what is rendered must not pay for what writes it
    if name in ("Written", "compare", "write"):
        from ringfence.render import disk

        return getattr(disk, name)
    raise AttributeError(name)
