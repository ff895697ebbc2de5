"""Post the impact to the merge request: one note, created or updated.

examples:
  ringfence impact --output markdown=impact.md --output json=impact.json
  ringfence gitlab comment                     posts impact.md; reads in impact.json whether anything changed
  ringfence gitlab comment --dry-run           prints the note and sends nothing

For a job of a merge request pipeline. Where to post comes from GitLab's predefined variables; RINGFENCE_GITLAB_TOKEN
holds a project access token with scope api. A token that may not post is no failure: the report stays an artifact of
the job. The note's table of who must approve says who has, as GitLab knows it when the job runs.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from msgspec.structs import replace

from ringfence.commands.usage import quoted
from ringfence.errors import EXIT_CLEAN, UsageError

if TYPE_CHECKING:
    from ringfence.platforms import MergeRequest

SAID = {
    "created": "1 note created",
    "updated": "1 note updated",
    "unchanged": "1 note says this already; 0 notes written",
    "none": "nothing changes, and there is no note to update; 0 notes written",
    "superseded": "a later pipeline has written the note; 0 notes written",
    "refused": "0 notes written",
    "dry run": "0 notes written",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `gitlab`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    comment = actions.add_parser(
        "comment",
        help="create or update the note of the merge request",
        description="Create or update the note of the merge request that this job is for.",
        allow_abbrev=False,
    )
    comment.add_argument(
        "--markdown", metavar="FILE", type=Path, default=Path("impact.md"), help="the report (default: impact.md)"
    )
    comment.add_argument(
        "--json", metavar="FILE", type=Path, default=Path("impact.json"), help="the same as JSON (default: impact.json)"
    )
    comment.add_argument("--dry-run", action="store_true", help="print the note; send nothing")
    comment.add_argument(
        "--format", choices=("text", "json"), default="text", help="how results are printed (default: text)"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Post the note. Raises `PlatformError` (exit 2) where GitLab cannot be reached."""
    from ringfence.platforms import RefusedError, gitlab, merge_request

    text = _read(args.markdown).decode("utf-8", "replace")
    data = _report(args.json)
    changed = _changes(data)
    why = ""
    unknown: dict[str, str] = {}
    if args.dry_run:
        target = _target()
        action = "dry run"
        if args.format == "text":
            out.write(gitlab.body(text, target))
    else:
        target = merge_request(os.environ)
        try:
            text, unknown = _approved(target, text, data)
            action = gitlab.publish(target, text, changed=changed).value
        except RefusedError as error:
            action, why = "refused", error.message
    _print(args.format, action, why, unknown if action != "refused" else {}, target, out, err)
    return EXIT_CLEAN


def _print(
    format_: str, action: str, why: str, unknown: dict[str, str], target: MergeRequest, out: TextIO, err: TextIO
) -> None:
    from ringfence.report import json

    if format_ == "json":
        open_ = "; ".join(f"{owner}: {reason}" if owner else reason for owner, reason in unknown.items())
        data = {"action": action, "mergeRequest": target.iid, "why": why, "approvalsUnknown": open_}
        out.write(json.dump(data))
        return
    for owner, reason in unknown.items():
        print(f"who has approved{f' for {owner}' if owner else ''} is not in the note: {reason}", file=err)
    if why:
        print(f"the note is not posted: {why}", file=err)
        print(
            "  the report is in the artifacts of this job; to have it in the merge request, set the variable "
            "RINGFENCE_GITLAB_TOKEN to a project access token with scope api and role Reporter or above",
            file=err,
        )
    print(f"merge request !{target.iid}: {SAID[action]}" if target.iid else SAID[action], file=err)


def _target() -> MergeRequest:
    """The merge request of this job, or none of any project."""
    from ringfence.platforms import MergeRequest, merge_request

    try:
        return merge_request(os.environ)
    except UsageError:
        return MergeRequest("", "", "", "")


def _approved(target: MergeRequest, text: str, data: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The report with those who have approved in its table, and why that is not known of an owner ("": of nobody)."""
    from ringfence.impact.types import Approval
    from ringfence.platforms import PlatformError, approvals
    from ringfence.report import impact_markdown

    try:
        asked = [
            Approval(tuple(map(str, item["owners"])), str(item["for"]), tuple(item["paths"]), str(item["given"]))
            for item in data.get("approvals") or []
        ]
    except (LookupError, TypeError):
        return text, {"": "the report lists approvals in another form"}
    table = "\n".join(impact_markdown.approvals(asked))
    if not asked or table not in text:
        return text, {}
    try:
        found, unknown = approvals.given(target, (owner for item in asked for owner in item.owners))
    except PlatformError as error:
        return text, {"": error.message}
    now = []
    for item in asked:
        owner = next((owner for owner in item.owners if owner in found), "")
        said = found.get(owner, "")
        now.append(replace(item, given=said if said == owner else f"{said} for {owner}") if said else item)
    return text.replace(table, "\n".join(impact_markdown.approvals(now, unknown)), 1), unknown


def _changes(data: dict[str, Any]) -> bool:
    """Whether a report says anything that a reviewer needs to see."""
    findings = [item for item in data.get("findings", []) if isinstance(item, dict) and item.get("severity") != "info"]
    return bool(data["changes"] or data.get("objects") or findings)


def _report(path: Path) -> dict[str, Any]:
    import json

    try:
        data: Any = json.loads(_read(path))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("changes"), list):
        raise UsageError(
            f"{path} is no impact report", f"write one: ringfence impact --output {quoted(f'json={path}')}"
        )
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}",
            "write the reports first: ringfence impact --output markdown=impact.md --output json=impact.json",
        ) from error
