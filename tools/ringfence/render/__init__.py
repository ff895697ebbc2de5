"""Bundles to files: templates, the Kustomize tree, and writing or checking it on disk. Knows no Git.

`tree` is a pure function of the model and the templates; `compare` and `write` bring the disk into it.
"""

from ringfence.render.checks import CHECKS
from ringfence.render.disk import Written, compare, write
from ringfence.render.files import RENDERED, objects, scope, tree
from ringfence.render.templates import TemplateError, own_templates

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
