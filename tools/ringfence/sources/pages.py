"""The checks of this stage and their pages."""

from __future__ import annotations

from ringfence.findings import Check, Severity

SYMLINK = Check(
    "RF040",
    "symbolic-link",
    Severity.ERROR,
    """A symbolic link stands where a file is read.

## What it finds

A symbolic link below `teams/` or `policies/`, wherever it points: to a file of the repository, out of it, to itself
or to nothing.

## Why it matters

A link out of the repository reads bytes that no reviewer sees, and a link inside it lets one team's file change what
another team declares. Git stores the link and not what it points at, so the working tree and a commit would read
differently. No link is followed.

## Fails

    teams/shop/shop/flows.yaml -> ../../../elsewhere/flows.yaml

## Passes

    teams/shop/shop/flows.yaml      (a regular file)
""",
)

UNREADABLE = Check(
    "RF041",
    "unreadable-file",
    Severity.ERROR,
    """A file or folder cannot be read.

## What it finds

A file or folder that exists and cannot be read: no permission, an error of the disk, an object that the clone does not
hold, or a size above 16 MiB.

## Why it matters

What it declares would be left out, and policies rendered without it would cut or open traffic.

## Fails

    ---------- teams/shop/shop/flows.yaml

## Passes

    -rw-r--r-- teams/shop/shop/flows.yaml
""",
)

SPECIAL = Check(
    "RF042",
    "special-file",
    Severity.ERROR,
    """A pipe, socket or device stands where a file is read.

## What it finds

Anything below `teams/` or `policies/` that is neither a regular file, a folder nor a symbolic link.

## Why it matters

Git does not store it, so nobody else has it; reading it could wait for ever.

## Fails

    prw-r--r-- teams/shop/shop/flows.yaml

## Passes

    -rw-r--r-- teams/shop/shop/flows.yaml
""",
)

FOLDER = Check(
    "RF043",
    "folder-named-like-a-file",
    Severity.ERROR,
    """A folder has the name of a YAML file.

## What it finds

A folder whose name ends in `.yaml` or `.yml`.

## Why it matters

Its author meant a file. Read as a folder, it declares nothing, or its files are taken for something else.

## Fails

    teams/shop/team.yaml/

## Passes

    teams/shop/team.yaml
""",
)

NAME = Check(
    "RF044",
    "unprintable-file-name",
    Severity.ERROR,
    """A file name cannot be printed.

## What it finds

A name with a control character (a newline, an escape), a line separator, or bytes that are not UTF-8.

## Why it matters

Such a name can forge a line of a report, and cannot be written in YAML or in CODEOWNERS.

## Fails

    teams/shop/shop/flows\\n.yaml

## Passes

    teams/shop/shop/flows.yaml
""",
)

NESTED = Check(
    "RF045",
    "nested-repository",
    Severity.ERROR,
    """Another Git repository lies inside the tree.

## What it finds

A submodule, or a folder with a Git repository of its own, below `teams/` or `policies/`.

## Why it matters

A commit of this repository holds only a pointer to it. Its files are reviewed elsewhere, and a clone may not have them.

## Fails

    teams/shop/.git

## Passes

    teams/shop/team.yaml
""",
)

UNMERGED = Check(
    "RF046",
    "unmerged-file",
    Severity.ERROR,
    """A file has an unfinished merge.

## What it finds

A file that the index holds in two or three versions, because a merge, rebase or cherry-pick stopped there.

## Why it matters

Nobody has said yet which version holds, so none can be rendered.

## Fails

    both modified: teams/shop/shop/flows.yaml

## Passes

    modified: teams/shop/shop/flows.yaml      (after `git add`)
""",
)

CHECKS: tuple[Check, ...] = (SYMLINK, UNREADABLE, SPECIAL, FOLDER, NAME, NESTED, UNMERGED)
