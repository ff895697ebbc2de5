"""Who has approved a merge request in GitLab, as the owners that code review asks: users, and groups by their members.

Source: GitLab's "Merge request approvals API" (approval state of a merge request), "Group members API" (direct
members), and "Code Owners": of a group, those count who are members of it directly, and not of a group above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from ringfence.platforms.api import Api, PlatformError, RefusedError
from ringfence.platforms.gitlab import pages
from ringfence.platforms.settings import TOKEN, MergeRequest

_PATH = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*")
"""The path of a user or group."""


def given(merge_request: MergeRequest, owners: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The owners (`@user`, `@group/sub`) for whom somebody has approved, with who that is: `@ada`.

    Then the groups of which that is not known since GitLab did not tell the members, with the reason. An owner that is
    an address of mail is never among either: GitLab does not tell whose it is. Nor is a group whose members the token
    may not see, which GitLab does not tell from a user who has not approved. Raises `RefusedError` where the token may
    not ask, `PlatformError` where GitLab cannot be reached.
    """
    if not merge_request.token:
        raise RefusedError(f"{TOKEN} is not set here")
    with Api(merge_request.api, merge_request.token, merge_request.certificates) as api:
        answer, _ = api.get(f"/projects/{merge_request.project}/merge_requests/{merge_request.iid}/approvals")
        listed = answer.get("approved_by") if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise PlatformError("GitLab's answer names nobody who may have approved", "is it the API of GitLab?")
        names = {name.casefold(): name for item in listed if (name := _username(item))}
        found, unknown = {}, {}
        for owner in sorted(set(owners)) if names else ():
            try:
                if name := _approver(api, owner, names):
                    found[owner] = f"@{name}"
            except PlatformError as error:  # such as a group that was renamed
                unknown[owner] = error.message
        return found, unknown


def _approver(api: Api, owner: str, names: dict[str, str]) -> str:
    """The first of those who approved, by username, that an owner is or has as a direct member."""
    path = owner.removeprefix("@")
    if path == owner or not _PATH.fullmatch(path):
        return ""
    if name := names.get(path.casefold()):
        return name
    try:
        members = list(pages(api, f"/groups/{quote(path, safe='')}/members", {}))
    except RefusedError:  # no group, or one that the token may not see
        return ""
    own = {str(item.get("username", "")).casefold() for item in members if item.get("state") == "active"}
    return next((name for key, name in sorted(names.items()) if key in own), "")


def _username(item: Any) -> str:
    user = item.get("user") if isinstance(item, dict) else None
    name = user.get("username") if isinstance(user, dict) else None
    return name if isinstance(name, str) else ""
