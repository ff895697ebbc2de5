"""Which merge request a job belongs to, and the token: GitLab's predefined CI variables, and one of our own.

Source of the names: GitLab's "Predefined CI/CD variables reference".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ringfence.errors import UsageError

TOKEN = "RINGFENCE_GITLAB_TOKEN"  # noqa: S105 - the name of the variable
"""The variable with a project access token of scope `api`. `CI_JOB_TOKEN` will not do: it may not post notes."""


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """A merge request, and how to reach it. `token` never shows in a representation; `pipeline` is 0 where unknown.

    `certificates` is a file with further certificate authorities, `job` the address of the CI job; both may be empty.
    """

    api: str
    project: str
    iid: str
    token: str = field(repr=False)
    pipeline: int = 0
    certificates: str = ""
    job: str = ""


def merge_request(environ: Mapping[str, str]) -> MergeRequest:
    """The merge request of a CI job; its token is empty where the job has none.

    Raises `UsageError` outside a merge request pipeline, and for variables that cannot be right.
    """
    iid = environ.get("CI_MERGE_REQUEST_IID", "")
    if not iid:
        raise UsageError(
            "this is no merge request pipeline: CI_MERGE_REQUEST_IID is not set",
            'run it in a job with the rule `$CI_PIPELINE_SOURCE == "merge_request_event"`, or use --dry-run',
        )
    api = environ.get("CI_API_V4_URL", "").rstrip("/")
    # in the pipeline of a fork, the notes are those of the project that it merges into
    project = environ.get("CI_MERGE_REQUEST_PROJECT_ID") or environ.get("CI_PROJECT_ID", "")
    for name, value, form in (
        ("CI_MERGE_REQUEST_IID", iid, r"[0-9]+"),
        ("CI_API_V4_URL", api, r"https?://[^\s/?#@]+(/[^\s?#]*)?"),
        ("CI_MERGE_REQUEST_PROJECT_ID or CI_PROJECT_ID", project, r"[0-9]+"),
    ):
        if not re.fullmatch(form, value):
            why = f"{value!r} is not one" if value and "@" not in value else "it is missing or cannot be right"
            raise UsageError(f"{name} is needed: {why}", "GitLab sets it in every job; do not set it yourself")
    return MergeRequest(
        api=api,
        project=project,
        iid=iid,
        token=_token(environ.get(TOKEN, "")),
        pipeline=int(number) if (number := environ.get("CI_PIPELINE_ID", "")).isdecimal() else 0,
        certificates=environ.get("CI_SERVER_TLS_CA_FILE", ""),
        job=_address(environ.get("CI_JOB_URL", "")),
    )


def _token(text: str) -> str:
    """The token, which must fit into a header. The error never holds it."""
    text = text.strip()
    if re.fullmatch(r"[!-~]*", text) is None:
        raise UsageError(f"{TOKEN} holds blanks or characters that no token has", "set the variable again")
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    return text if parts.scheme in ("http", "https") and re.fullmatch(r"[!-~]+", text) and ")" not in text else ""
