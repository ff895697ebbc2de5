"""The ids that Git has for the contents of files, where they are known without reading."""

from __future__ import annotations

import os

from ringfence.errors import UsageError
from ringfence.sources.blobs import BlobTree
from ringfence.sources.repository import Repository, open_repository
from ringfence.sources.tree import Tree
from ringfence.sources.working import WorkingTree

_AS_STORED = (
    ":(top,exclude,attr:!filter !ident !working-tree-encoding !crlf !text !eol)",
    ":(top,exclude,attr:!filter !ident !working-tree-encoding !crlf text=auto)",
    ":(top,exclude,attr:!filter !ident !working-tree-encoding !crlf -text)",
)
"""Files that are on disk as they are stored, but for the ends of their lines, which mean the same."""


def names(tree: Tree, under: str, *, ask: bool = True) -> dict[str, str]:
    """The ids of contents by path: of all files in a tree of Git's, and of those on disk that Git says are as staged.

    Git takes files for the same that differ in the ends of lines only (CRLF, LF). Unless it is to be asked, nothing is
    known of those on disk.
    """
    if isinstance(tree, BlobTree):
        return tree.blobs
    if not ask or not isinstance(tree, WorkingTree):
        return {}
    try:
        repository = open_repository(tree.root)
        return _staged(repository, f":(top,literal){repository.prefix}{under}")
    except UsageError:
        return {}


def name_of(raw: bytes) -> str:
    """The id of a content, in a repository with ids by SHA-1."""
    import hashlib

    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def _staged(repository: Repository, where: str) -> dict[str, str]:
    """The ids of staged files that are on disk as they are staged."""
    listed = repository.ask("ls-files", "-v", "-s", "-z", "--", where)
    differing = repository.ask("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--", where)
    # of a part of the repository, some versions of Git look for attributes in the wrong folders
    otherwise = repository.ask("ls-files", "-z", "--", *_AS_STORED)
    for asked in (listed, differing, otherwise):
        asked.hear()
    prefix = os.fsencode(repository.prefix)
    without = {*differing.output().split(b"\0"), *otherwise.output().split(b"\0")}
    found: dict[str, str] = {}
    for record in listed.output().split(b"\0"):
        fields, _, path = record.partition(b"\t")
        # `H`: Git looks at it, and trusts nobody's word that it is as staged
        if fields.startswith(b"H 100") and fields.endswith(b" 0") and path not in without and path.startswith(prefix):
            found[os.fsdecode(path[len(prefix) :])] = fields.split(b" ")[2].decode("ascii")
    return found
