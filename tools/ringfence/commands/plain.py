"""Plain manifests as an input of commands: folders, files and standard input, for a network plugin."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringfence.errors import NothingToCheckError, UsageError

if TYPE_CHECKING:
    from ringfence.connectivity import ClusterState, Profile
    from ringfence.findings import Finding
    from ringfence.manifests import Known

STDIN = Path("-")
STDIN_NAME = "stdin"
"""What findings call standard input."""

SUFFIXES = (".yaml", ".yml", ".json")
MAX_BYTES = (64 << 20) + 1
"""How much of one file is read: one byte more than the reader of manifests takes, so that it says what is wrong."""

READING = {
    "cni": "--cni",
    "host_network_as_pods": "--host-network-as-pods",
    "pods": "--pods",
    "staged": "--staged",
}
"""The options of `add_reading`, by their names in the parsed arguments."""


def add_manifests(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """The option for plain manifests, and those that go with it."""
    parser.add_argument(
        "--manifests",
        metavar="PATH",
        type=Path,
        action="append",
        required=required,
        help="read Kubernetes manifests: a folder, a file, or - for standard input; may be given again",
    )
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """The options that say how plain manifests are taken."""
    parser.add_argument(
        "--cni",
        metavar="NAME",
        help="with --manifests: the network plugin, which settles whether an ipBlock matches pods (default: not known)",
    )
    parser.add_argument(
        "--host-network-as-pods",
        action="store_true",
        help="with --manifests: take pods on the host's network for ordinary pods (default: undefined, as in the API)",
    )
    parser.add_argument(
        "--pods", action="store_true", help="with --manifests: a row for each pod, not for the workload that owns it"
    )
    parser.add_argument(
        "--staged",
        action="store_true",
        help="with --manifests: as if Calico's staged policies were promoted (default: they have no effect)",
    )


def reads_manifests(args: argparse.Namespace) -> bool:
    """Whether the command is about plain manifests. Raises `UsageError` for an option that would have no effect."""
    if args.manifests is not None:
        if args.cluster is not None:
            raise UsageError("--cluster is for a repository, and --manifests reads none", "leave one of them out")
        return True
    refuse(args, READING)
    return False


def refuse(args: argparse.Namespace, options: Mapping[str, str]) -> None:
    """Raise `UsageError` for one of some options, as in `READING`, that is given though no manifest is."""
    for name, option in options.items():
        if getattr(args, name):
            hint = "the plugin of a cluster is said in policies/clusters/" if name == "cni" else "leave it out"
            raise UsageError(f"{option} goes with --manifests", hint)


Files = tuple[dict[str, bytes], "list[Finding]"]
"""Manifests by name, and what could not be read."""


def cluster(args: argparse.Namespace, paths: Sequence[Path]) -> ClusterState:
    """The cluster that some manifests declare together, read as the options of `add_reading` say.

    Raises `UsageError` for a bad path or plugin, `NothingToCheckError` where there is no manifest.
    """
    return declared_by(args, files(args, paths), args.staged)


def files(args: argparse.Namespace, paths: Sequence[Path]) -> Files:
    """The manifests at some paths.

    Raises `UsageError` for a bad path, `NothingToCheckError` where there is no manifest.
    """
    result: dict[str, bytes] = {}
    findings: list[Finding] = []
    for path in dict.fromkeys(paths):
        found, problems = _read(args.directory, path)
        prefix = path.as_posix() if len(paths) > 1 and os.path.isdir(args.directory / path) else ""  # noqa: PTH112
        findings += [_below(prefix, finding) for finding in problems]
        result |= {_join(prefix, name): raw for name, raw in found.items()}
    if not result and not findings:
        named = ", ".join(map(str, paths))
        raise NothingToCheckError(f"{named} holds no manifest", f"manifests are *{', *'.join(SUFFIXES)}")
    return result, findings


def declared_by(args: argparse.Namespace, found: Files, staged: bool, known: Known | None = None) -> ClusterState:
    """The cluster that manifests declare; `staged` as in the option, `known` as in `manifests.parse_files`.

    Raises `UsageError` for a bad plugin.
    """
    from ringfence import manifests
    from ringfence.connectivity import from_manifests, promoted

    profile = _profile(args)
    state = from_manifests(manifests.parse_files(found[0], known), profile, pods=args.pods)
    if staged:
        state = promoted(state)
    return replace(state, findings=(*found[1], *state.findings))


def _read(directory: Path, path: Path) -> Files:
    """The files of one path by name, relative to a folder, and what could not be read."""
    if path == STDIN:
        return {STDIN_NAME: _standard_input()}, []
    whole = directory / path
    try:
        mode = whole.stat().st_mode
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        hint = "--manifests takes a folder of Kubernetes manifests, a file, or - for standard input"
        raise UsageError(f"{path} is not a folder, and no file: {why}", hint) from error
    if stat.S_ISDIR(mode):
        return _folder(whole)
    if stat.S_ISREG(mode) and path.suffix not in SUFFIXES:
        raise UsageError(
            f"{path} is not a folder, and by its name no manifest",
            f"manifests are *{', *'.join(SUFFIXES)}; give any other file to standard input: --manifests - < {path}",
        )
    try:
        with whole.open("rb") as file:
            return {path.as_posix(): file.read(MAX_BYTES)}, []
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "name a file that you may read") from error


def _folder(folder: Path) -> tuple[dict[str, bytes], list[Finding]]:
    from ringfence import sources
    from ringfence.connectivity import is_manifest

    tree = sources.folder(folder)
    # what is passed over could hold a policy; a link to something else could not
    findings = [item for item in tree.problems() if is_manifest(item.where.path) or (folder / item.where.path).is_dir()]
    files = {}
    for path in filter(is_manifest, tree.files()):
        try:
            files[path] = tree.read(path)
        except sources.Unreadable as error:
            findings.append(error.finding)
    return files, findings


def _standard_input() -> bytes:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise UsageError("standard input is closed", "give manifests to it: kustomize build overlay | ringfence …")
    raw: bytes = stream.read(MAX_BYTES)
    if not raw.strip():
        raise NothingToCheckError(
            "standard input is empty", "the command before the pipe may have failed: set -o pipefail"
        )
    return raw


def _join(prefix: str, name: str) -> str:
    return f"{prefix.rstrip('/')}/{name}" if prefix else name


def _below(prefix: str, finding: Finding) -> Finding:
    where = finding.where._replace(path=_join(prefix, finding.where.path))
    return finding._replace(where=where)


def _profile(args: argparse.Namespace) -> Profile:
    from ringfence.connectivity import Profile

    profile = Profile(host_network_as_pods=args.host_network_as_pods)
    if args.cni is None:
        return profile
    from ringfence.model import cni

    plugin = cni.named(args.cni)
    return replace(
        profile,
        name=plugin.id,
        ip_blocks_match_pods=plugin.ip_blocks_match_pods,
        enforces=plugin.enforces,
        dialects=frozenset(plugin.dialects) or None,
    )
