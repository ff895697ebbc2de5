"""The impact of a change in parts: each job looks at one cluster, and one job judges what all of them found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ringfence
from ringfence.commands import outputs
from ringfence.errors import UsageError

if TYPE_CHECKING:
    from ringfence.impact import ClusterFacts, Report

KIND = "a part of ringfence impact"
_HINT = "let every job compare the same revisions with the same release of Ringfence, on the same day"


class Parts(NamedTuple):
    """What jobs found, the change that it was in, and whether all namespaces were looked at."""

    facts: tuple[ClusterFacts, ...]
    identity: str
    whole: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `impact` for its parts."""
    parser.add_argument(
        "--part",
        metavar="FILE",
        type=outputs.file,
        help="write what was found here too, for `--merge` (with `--cluster`)",
    )
    parser.add_argument(
        "--merge",
        metavar="FILE",
        type=Path,
        nargs="+",
        default=[],
        help="judge what the runs with `--part` found, one for each cluster, as one run would have found it",
    )


def write(path: Path, result: Report) -> None:
    """Write the part of a report. Raises `OutputError`."""
    from ringfence.values import files, plain

    data = [KIND, ringfence.__version__, result.identity, result.scope is None, plain.pack(result.facts)]
    files.replace(path, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def read(paths: Sequence[Path]) -> Parts | None:
    """What several parts hold; None without any. Raises `UsageError` where they do not belong together."""
    if not paths:
        return None
    found: dict[str, tuple[ClusterFacts, Path]] = {}
    heads: list[tuple[str, bool]] = []
    for path in paths:
        head, facts = _part(path)
        if heads and head != heads[0]:
            raise UsageError(f"{path} is a part of another change than {paths[0]}", _HINT)
        heads.append(head)
        for item in facts:
            other, where = found.setdefault(item.name, (item, path))
            if other != item:
                raise UsageError(f"{path} and {where} differ about {item.name}", _HINT)
    return Parts(tuple(found[name][0] for name in sorted(found)), *heads[0])


def same(parts: Parts | None, result: Report) -> Report:
    """The report, if it is of the change that the parts are of. Raises `UsageError`."""
    if parts is not None and parts.identity != result.identity:
        raise UsageError("the parts are of another change than this one", _HINT)
    return result


def _part(path: Path) -> tuple[tuple[str, bool], tuple[ClusterFacts, ...]]:
    from ringfence.impact import ClusterFacts
    from ringfence.values import plain

    try:
        kind, version, identity, whole, packed = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}", "name the files of --part") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _no_part(path) from error
    if kind != KIND:
        raise _no_part(path)
    if version != ringfence.__version__:
        message = f"{path} was written by Ringfence {version}, and this is {ringfence.__version__}"
        raise UsageError(message, _HINT)
    try:
        facts: Any = plain.unpack(tuple[ClusterFacts, ...], packed)
    except (ValueError, TypeError, RecursionError) as error:
        raise _no_part(path) from error
    return (str(identity), bool(whole)), facts


def _no_part(path: Path) -> UsageError:
    return UsageError(f"{path} is no part of an impact", "name the files that `ringfence impact --part` wrote")
