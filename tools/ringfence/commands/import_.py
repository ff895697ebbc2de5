"""Turn the policies and workloads of a cluster that runs into declarations, and prove that nothing changes.

examples:
  ringfence import --manifests cluster/ --into network-policies
  kubectl get deploy,sts,ds,pods,ns,svc,netpol -A -o yaml | ringfence import --manifests - --into network-policies
  ringfence import --manifests shop/ --namespace shop --cni calico --into . --cluster prod-eu --dry-run

Rules between workloads and named peers become flows; what no flow says stays as an adopted policy, below
policies/adopted/. What both allow together is compared with what was allowed before. A new repository is rendered too.
Exit code 1: something differs, or was left out, as is said.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from ringfence.commands import plain, usage
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringfence.adopt.existing import Options, Result, Source
    from ringfence.findings import Finding
    from ringfence.model.types import Model
    from ringfence.sources import Tree

MARK = "policies/ringfence.yaml"
GENERIC = "kubernetes-generic"
SHOWN = 5
"""How much of what is wrong is named where nothing else is there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `import`."""
    parser.add_argument(
        "-C", dest="directory", metavar="DIR", type=Path, default=Path(), help="run as if started in DIR"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how results are printed")
    parser.add_argument(
        "--manifests",
        metavar="PATH",
        type=Path,
        action="append",
        required=True,
        help="what the cluster holds: a folder, a file, or - for standard input; may be given again",
    )
    parser.add_argument(
        "--into", metavar="DIR", type=Path, required=True, help="a new or empty folder, or a repository to be added to"
    )
    parser.add_argument("--cluster", metavar="NAME", default="prod", help="what the cluster is called (default: prod)")
    parser.add_argument("--environment", metavar="NAME", help="its environment (default: the name of the cluster)")
    parser.add_argument(
        "--cni", metavar="NAME[@VERSION]", help="its network plugin (default: what the policies need, or any)"
    )
    parser.add_argument(
        "--namespace", metavar="NAME", default="default", help="for objects that name none (default: default)"
    )
    parser.add_argument(
        "--team-label", metavar="LABEL", default="", help="the label of namespaces that holds their team"
    )
    for name in ("pods", "services", "nodes"):
        parser.add_argument(
            f"--{name}", metavar="CIDR", action="append", default=[], help=f"the addresses of its {name}"
        )
    parser.add_argument(
        "--owners", metavar="OWNER", action="append", default=[], help="who owns the repository, such as @org/platform"
    )
    parser.add_argument(
        "--tighten",
        action="store_true",
        help="narrow selectors to the workloads that they match, all ports to those that are declared; and list it",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be written; write nothing")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Import, prove and write; 1 where something differs or was left out."""
    from ringfence.adopt import existing
    from ringfence.report import importing_json, importing_text

    files, problems = plain.files(args, args.manifests)
    tree, known = _present(args.directory / args.into, args.into)
    source, options = _source(args, files, known)
    if not source.state.endpoints and not source.policies:
        wrong = [f"{item.where}: {item.message}" for item in problems]
        wrong += [f"{item.where}: {item.what} is left out: {item.why}" for item in source.left_out]
        wrong += [f"{item.places[0]}: {len(item.places)} {item.kind}: {item.why}" for item in source.passed]
        hint = "\n  ".join(wrong[:SHOWN]) or "kubectl get … -A -o yaml gives them"
        raise NothingToCheckError("the manifests hold no workload and no policy", hint)
    result = existing.result(source, options, _judge, tree, known)
    if not result.findings:
        _guard(args.directory / args.into, result)
    if not result.findings and not args.dry_run:
        _write(args.directory / args.into, result)
    result = replace(result, findings=(*problems, *result.findings))
    if args.format == "json":
        out.write(importing_json.as_json(result, dry_run=args.dry_run))
    else:
        importing_text.print_text(result, str(args.into), args.dry_run, out, err)
    proven = result.proof is not None and (result.proof.holds or args.tighten)
    return EXIT_CLEAN if proven and not result.findings and not result.plan.source.left_out else EXIT_FINDINGS


def _source(args: argparse.Namespace, files: Mapping[str, bytes], known: Model | None) -> tuple[Source, Options]:
    from ringfence.adopt import existing
    from ringfence.connectivity import Profile
    from ringfence.model import cni
    from ringfence.model.layout import is_label
    from ringfence.values.addresses import AddressSet

    for option, value in (("cluster", args.cluster), ("environment", args.environment), ("namespace", args.namespace)):
        if value is not None and not is_label(value):
            raise UsageError(f"--{option} {value!r} is no DNS label", "lower-case letters, digits and -, at most 63")
    sets = {}
    for name in ("pods", "services", "nodes"):
        try:
            sets[name] = AddressSet.of(getattr(args, name))
        except ValueError as error:
            raise UsageError(f"--{name}: {error}", "write a CIDR such as 10.8.0.0/14") from None
    there = known.clusters.get(args.cluster) if known else None
    if there is not None:
        given = [name for name in ("cni", "environment", "pods", "services", "nodes") if getattr(args, name)]
        if given:
            hint = "leave it out, or name another cluster"
            raise UsageError(f"{there.where.path} says already what --{given[0]} would", hint)
        if not there.keeps_names:
            raise UsageError(
                f"cluster {there.name} calls namespaces {there.namespace_pattern}, and manifests have whole names",
                "name a cluster that keeps names: --cluster NAME",
            )
        plugin, sets = there.cni, {"pods": there.pods, "services": there.services, "nodes": there.nodes}
        environment = there.environment
    else:
        plugin = cni.named(args.cni or _plugin(files))
        environment = args.environment or args.cluster
    profile = Profile(
        name=plugin.id,
        ip_blocks_match_pods=plugin.ip_blocks_match_pods,
        pods=sets["pods"],
        services=sets["services"],
        nodes=sets["nodes"],
        enforces=plugin.enforces,
        dialects=frozenset(plugin.dialects) or None,
    )
    options = existing.Options(
        args.cluster,
        environment,
        plugin.id,
        tuple(args.pods),
        tuple(args.services),
        tuple(args.nodes),
        args.team_label,
        args.tighten,
        tuple(args.owners or (known.settings.platform_owners if known else ("@example/platform",))),
        stages=there is None,
    )
    return existing.read(files, args.namespace, profile), options


def _plugin(files: Mapping[str, bytes]) -> str:
    """The plugin whose own policies the manifests hold; any plugin where they hold none, or both."""
    found = {name for name in ("calico", "cilium") for raw in files.values() if _MARKS[name] in raw}
    return found.pop() if len(found) == 1 else GENERIC


_MARKS = {"calico": b"projectcalico.org/v", "cilium": b"cilium.io/v"}


def _judge(model: Model) -> list[Finding]:
    from ringfence import checks
    from ringfence.commands.shared import today
    from ringfence.verify import adopted

    return [*checks.run(model, today()), *adopted.findings(model)]


def _present(target: Path, name: Path) -> tuple[Tree | None, Model | None]:
    """The repository that is added to, and its model; nothing for a folder that is new or empty."""
    from ringfence import model, sources
    from ringfence.findings import has_errors

    try:
        if not os.path.lexists(target):
            if not target.parent.is_dir():
                raise UsageError(
                    f"{name} cannot be made: its parent is no folder", f"mkdir -p {usage.quoted(name.parent)}"
                )
            return None, None
        if not target.is_dir():
            raise UsageError(f"{name} is not a folder", "name a new or empty folder, or a repository")
        if not (target / MARK).is_file():
            if held := sorted(item.name for item in target.iterdir() if not _is_harmless(item)):
                message = f"{name} holds {held[0]} and is no repository of Ringfence"
                raise UsageError(message, "name a new or empty folder, or the root of a repository")
            return None, None
    except OSError as error:
        raise OutputError(f"cannot look into {name}: {error.strerror or error}", "name another folder") from error
    tree = sources.working_tree(target)
    loaded, findings = model.load(tree)
    if loaded is None or has_errors(findings) or has_errors(_judge(loaded)):
        raise UsageError(
            f"{name} is a repository that is not valid", f"run: ringfence validate -C {usage.quoted(name)}"
        )
    return tree, loaded


def _is_harmless(item: Path) -> bool:
    """Whether a repository may begin beside it: what a forge puts into a new project."""
    return item.name.startswith(".") or item.stem.upper() in ("README", "LICENSE", "LICENCE")


def _guard(target: Path, result: Result) -> None:
    """Raise `UsageError` where a file exists that the import does not edit on purpose."""
    for path in sorted(result.files.keys() - result.edited):
        if os.path.lexists(target / path):
            message = f"{target / path} exists already and says something else, and nothing that exists is overwritten"
            hint = "rename it, or move it away, and import again: then compare both"
            raise UsageError(message, hint)


def _write(target: Path, result: Result) -> None:
    """All of the files, or none."""
    from ringfence.values import files

    contents = {target / path: raw for path, raw in result.files.items()}
    made = [folder for folder in _folders(target, contents) if not folder.exists()]
    try:
        files.replace_all(contents)
    except BaseException:
        for folder in reversed(made):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _folders(target: Path, contents: Mapping[Path, bytes]) -> list[Path]:
    """The folders of some files, outer ones first, the target included."""
    found = {target}
    for path in contents:
        found |= {folder for folder in path.parents if folder.is_relative_to(target)}
    return sorted(found)
