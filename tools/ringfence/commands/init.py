"""Lay out a new repository: settings, one cluster, one team, hooks and CI.

examples:
  ringfence init network-policies
  cd empty-repository && ringfence init .

The folder must be new or empty (a `.git` may be in it). Nothing is left behind when it fails.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TextIO

from ringfence.commands.usage import quoted
from ringfence.errors import EXIT_CLEAN, OutputError, UsageError

NEXT = """\
next:
  {enter}git init --initial-branch main
  ringfence render && ringfence owners    writes policies/rendered and CODEOWNERS
  pre-commit install                      checks every commit
"""

SCHEMAS = (
    "assertions",
    "baseline",
    "catalog",
    "cluster",
    "cniprofile",
    "flows",
    "guardrails",
    "namespace",
    "ringfence",
    "settings",
    "team",
    "waivers",
)
"""What an editor needs to complete and check declarations; `ringfence` tells the kinds of the others apart."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `init`."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="a folder that is new or empty")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Lay out the repository, and say what to do next."""
    from ringfence.report.text import one_line

    created = init(args.directory)
    out.writelines(f"created {one_line(str(args.directory / path))}\n" for path in created)
    out.write(f"{len(created)} files created\n\n")
    here = args.directory.resolve() == Path.cwd()
    out.write(NEXT.format(enter="" if here else f"cd {quoted(args.directory)} && "))
    return EXIT_CLEAN


def init(directory: Path) -> list[str]:
    """Write the files of a new repository into a folder; their paths relative to it, sorted.

    Either all of them are there at the end or none. Raises `UsageError` where the folder is not new or empty, and
    `OutputError` where it cannot be written.
    """
    import shutil
    import tempfile

    try:
        target = Path(os.path.realpath(directory))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot look into {directory}: {why}", "name another folder") from error
    _refuse(directory, target)
    is_new = not target.exists()
    files = _files()
    staging = None
    placed: list[Path] = []
    try:
        staging = Path(tempfile.mkdtemp(prefix=".ringfence-init-", dir=target.parent if is_new else target))
        for path, content in files.items():
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            (staging / path).write_bytes(content)
        if is_new:
            staging.chmod(0o777 & ~_umask())
            staging.rename(target)
        else:
            for entry in sorted(staging.iterdir()):
                placed.append(target / entry.name)
                entry.rename(target / entry.name)
            staging.rmdir()
    except BaseException as error:
        for made in (*placed, *([staging] if staging else [])):
            if made.is_dir():
                shutil.rmtree(made, ignore_errors=True)
            else:
                made.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(
                f"cannot write {directory}: {error.strerror or error}", "nothing was left behind"
            ) from error
        raise
    return list(files)


def _refuse(directory: Path, target: Path) -> None:
    """Raise `UsageError` unless the target is an empty folder, or new in a folder that exists."""
    try:
        if target.is_dir():
            if held := sorted(entry.name for entry in target.iterdir() if entry.name != ".git"):
                more = f" and {len(held) - 1} more" if len(held) > 1 else ""
                raise UsageError(f"{directory} is not empty: it holds {held[0]}{more}", "name a new or empty folder")
        elif os.path.lexists(target):
            raise UsageError(f"{directory} is not a folder", "name a new or empty folder")
        elif not target.parent.is_dir():
            raise UsageError(
                f"{directory} cannot be made: {target.parent} is not a folder",
                f"make it first: mkdir -p {quoted(target.parent)}",
            )
    except OSError as error:
        raise OutputError(f"cannot look into {directory}: {error.strerror or error}", "name another folder") from error


def _files() -> dict[str, bytes]:
    """The content of each file of a new repository, by its path."""
    import ringfence
    from ringfence import resources

    scaffold = Path(ringfence.__file__).parent / "scaffold"
    found = {}
    for path in sorted(scaffold.rglob("*")):
        if path.is_file():
            name = path.relative_to(scaffold).as_posix().replace("dot-", ".")
            found[name] = path.read_bytes().replace(b"@VERSION@", ringfence.__version__.encode())
    found[".gitlab/ringfence.gitlab-ci.yml"] = resources.pipeline().encode()
    for kind in SCHEMAS:
        found[f".vscode/schemas/{kind}.schema.json"] = resources.schema_text(kind).encode()
    return dict(sorted(found.items()))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
