"""Dates of expiry as written."""

from __future__ import annotations

import datetime
import re

from ringfence.model.node import Node
from ringfence.model.ports import Report, shorten
from ringfence.model.problems import flows as problems

_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read(node: Node, report: Report) -> datetime.date | None:
    """The day of `2027-03-31`, or nothing where it is absent or (reported) no day."""
    text = node.text()
    if not text:
        return None
    why = "is not a date"
    if _FORM.fullmatch(text):
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            why = "is not a day of the calendar"
    message = f"`{shorten(text)}` {why}, so this would never expire"
    report(problems.BAD_DATE.at(node.where, message, hint="write a day such as `2027-03-31`"))
    return None
