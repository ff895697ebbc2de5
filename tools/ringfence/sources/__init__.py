"""Read-only trees of a Ringfence repository: the working tree, the index, a revision. The only importer of `git`.

It hands out paths and bytes. It knows no YAML and no schema, and it never writes, checks out or fetches.
"""

from __future__ import annotations

from ringfence.sources.blobs import Beside, BlobTree, index, revision
from ringfence.sources.changes import Difference, beside, changed, has, ignored
from ringfence.sources.names import name_of, names
from ringfence.sources.overlay import Overlay
from ringfence.sources.pages import CHECKS
from ringfence.sources.revisions import commit_id, default_base, merge_base, recent
from ringfence.sources.root import find_root
from ringfence.sources.tree import MARK, Tree, Unreadable, problem_of_names
from ringfence.sources.working import WorkingTree, folder, working_tree

__all__ = [
    "CHECKS",
    "MARK",
    "Beside",
    "BlobTree",
    "Difference",
    "Overlay",
    "Tree",
    "Unreadable",
    "WorkingTree",
    "beside",
    "changed",
    "commit_id",
    "default_base",
    "find_root",
    "folder",
    "has",
    "ignored",
    "index",
    "merge_base",
    "name_of",
    "names",
    "problem_of_names",
    "recent",
    "revision",
    "working_tree",
]
