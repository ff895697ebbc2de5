"""Say what each cluster's network plugin enforces, which flows it refuses, and whether the tools are there.

examples:
  ringfence doctor
  ringfence doctor --sources
  ringfence doctor --format json

Exit code 1: a cluster cannot enforce something that flows need.
"""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.commands import shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS

if TYPE_CHECKING:
    from ringfence.model.types import Settings

PROGRAMS = (
    ("git", ("--version",), "reads revisions: impact, diff, hooks"),
    ("kustomize", ("version",), "no command needs it; clusters build overlays with it"),
)
"""Programs beside the tool: the name, how it is asked for its version, and what it is for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `doctor`."""
    shared.add_common(parser)
    parser.add_argument("-v", "--sources", action="store_true", help="add the source of each fact, and notes")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the matrix; 1 where a cluster refuses something, or there is no model."""
    from ringfence import report
    from ringfence.checks import refusals
    from ringfence.findings import has_errors
    from ringfence.report import doctor_text, json, text

    loaded = shared.load(args.directory)
    if loaded.model is None:
        return shared.print_findings(loaded.findings, out, args.format)
    model = loaded.model
    refused = {cluster.name: list(refusals.of(model, cluster)) for cluster in model.clusters.values()}
    programs = [(name, _version(name, options), purpose) for name, options, purpose in PROGRAMS]
    chosen = _settings(model.settings)
    if args.format == "json":
        out.write(json.dump(doctor_text.as_json(model, refused, programs, chosen, loaded.findings)))
    else:
        out.write(doctor_text.render(model, refused, programs, chosen, args.sources, report.wants_colour(out)))
        number = sum(map(len, refused.values()))
        kept = f", {text.plural(len(model.adopted), 'adopted policy')}" if model.adopted else ""
        wrong = " (run ringfence validate)" if has_errors(loaded.findings) else ""
        err.write(
            f"{text.plural(len(model.clusters), 'cluster')}, {text.plural(number, 'refusal')}{kept}; "
            f"{text.counts(loaded.findings)}{wrong}\n"
        )
    return EXIT_FINDINGS if any(refused.values()) or has_errors(loaded.findings) else EXIT_CLEAN


def _version(name: str, options: tuple[str, ...]) -> str:
    """The version that a program says it has; empty where it is not there or does not answer."""
    import subprocess

    try:
        done = subprocess.run([name, *options], check=False, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    found = re.search(r"v?[0-9]+(\.[0-9]+)+\S*", done.stdout)
    return found[0] if found and done.returncode == 0 else ""


def _settings(settings: Settings) -> dict[str, Any]:
    return {
        "organisation": settings.organisation,
        "defaultBranch": settings.default_branch,
        "repositoryUrl": settings.repository_url,
        "consent": settings.consent,
        "requireTicket": settings.require_ticket,
        "warnDays": settings.warn_days,
    }
