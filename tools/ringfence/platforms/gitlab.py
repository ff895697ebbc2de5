"""The one note of a merge request in GitLab: found by a hidden marker, created or updated.

Source: GitLab's "Notes API" and "REST API" (pagination, status codes, rate limits).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ringfence.platforms.api import Api, AwayError, PlatformError, RefusedError
from ringfence.platforms.settings import TOKEN, MergeRequest

LIMIT = 1_000_000
"""Characters that a note may have (GitLab's application limit of a note)."""

PAGE = 100
_MARKER = re.compile(r"<!-- ringfence:impact pipeline=([0-9]+) -->")


class Action(enum.StrEnum):
    """What was done to the note."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NONE = "none"
    SUPERSEDED = "superseded"


class Note(Struct, frozen=True):
    """A note of ours; `pipeline` is that which wrote it."""

    id: int
    pipeline: int
    text: str


def body(text: str, merge_request: MergeRequest) -> str:
    """The text of the note: the marker, and the report, cut where GitLab would refuse it."""
    marker = f"<!-- ringfence:impact pipeline={merge_request.pipeline} -->\n"
    text = text.strip("\n") + "\n"
    if len(marker) + len(text) <= LIMIT:
        return marker + text
    place = (
        f"[the artifacts of the job]({merge_request.job}/artifacts/browse)" if merge_request.job else "the artifacts"
    )
    end = f"\n\n**The report is longer than a note may be; the rest is in {place}.**\n"
    kept = text[: LIMIT - len(marker) - len(end)]
    return marker + kept[: kept.rfind("\n")] + end


def publish(merge_request: MergeRequest, text: str, *, changed: bool) -> Action:
    """Bring the note to a text. Nothing is created where nothing changed.

    Raises `RefusedError` where the token may not, and `PlatformError` where GitLab cannot be reached.
    """
    if not merge_request.token:
        raise RefusedError(f"{TOKEN} is not set here: protected variables are absent on unprotected branches and forks")
    notes = f"/projects/{merge_request.project}/merge_requests/{merge_request.iid}/notes"
    wanted = body(text, merge_request)
    with Api(merge_request.api, merge_request.token, merge_request.certificates) as api:
        ours = _ours(api, notes)
        if not ours:
            return _create(api, notes, wanted) if changed else Action.NONE
        if max(note.pipeline for note in ours) > merge_request.pipeline:
            return Action.SUPERSEDED
        for note in ours[1:]:  # two pipelines at once, or one that was not heard
            api.delete(f"{notes}/{note.id}")
        if _report(ours[0].text) == _report(wanted):
            return Action.UNCHANGED
        api.put(f"{notes}/{ours[0].id}", {"body": wanted})
        return Action.UPDATED


def _create(api: Api, notes: str, wanted: str) -> Action:
    """Create the note, once: after a failure that leaves it open whether it exists, look first."""
    try:
        api.post(notes, {"body": wanted})
        return Action.CREATED
    except AwayError as error:
        last = error
    for _ in api.pauses():
        try:
            if not _ours(api, notes):
                api.post(notes, {"body": wanted})
            return Action.CREATED
        except AwayError as error:
            last = error
    raise last


def _ours(api: Api, notes: str) -> list[Note]:
    """The notes that start with the marker and were written with this token, the oldest first."""
    result = []
    me: int | None = None
    asked = False
    # the oldest first, so that one that comes meanwhile shifts no page
    for item in pages(api, notes, {"sort": "asc", "order_by": "created_at"}):
        text = item.get("body")
        found = _MARKER.match(text) if isinstance(text, str) else None
        if not found or not isinstance(text, str) or not isinstance(item.get("id"), int):
            continue
        if not asked:
            me, asked = _me(api), True
        author = item.get("author")
        if me is None or (isinstance(author, dict) and author.get("id") == me):
            result.append(Note(item["id"], int(found[1]), text))
    return result


def pages(api: Api, path: str, query: Mapping[str, str | int]) -> Iterator[dict[str, Any]]:
    """The items of a list, page by page. Raises `PlatformError`."""
    page = 1
    while True:
        items, headers = api.get(path, {"per_page": PAGE, "page": page, **query})
        if not isinstance(items, list):
            what = path.rpartition("/")[2]
            raise PlatformError(f"GitLab's list of {what} is no list", "is CI_API_V4_URL the address of GitLab's API?")
        yield from (item for item in items if isinstance(item, dict))
        following = headers.get("X-Next-Page", "")
        if not following.isdecimal() or int(following) <= page:
            return
        page = int(following)


def _me(api: Api) -> int | None:
    """The user of the token; None for a token that may write notes and not ask who it is."""
    try:
        user, _ = api.get("/user")
    except RefusedError:
        return None
    return user.get("id") if isinstance(user, dict) else None


def _report(text: str) -> str:
    """A note without its marker, as GitLab keeps it."""
    return text.partition("\n")[2].replace("\r\n", "\n").strip()
