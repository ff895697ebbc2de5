"""Text as Markdown shows it, and the sizes that platforms take."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ringfence.findings import Finding
from ringfence.report.text import counts, one_line


class Limit(Struct, frozen=True):
    """How much a platform takes: characters, or bytes of UTF-8."""

    platform: str
    size: int
    in_bytes: bool = False

    def holds(self, text: str) -> bool:
        """Whether a text is small enough."""
        return (len(text.encode()) if self.in_bytes else len(text)) <= self.size

    def __str__(self) -> str:
        return f"{self.platform} takes {self.size:,} {'bytes' if self.in_bytes else 'characters'}"


GITLAB_NOTE = Limit("a note of GitLab", 1_000_000)
GITHUB_COMMENT = Limit("a comment of GitHub", 65_536)
GITHUB_SUMMARY = Limit("a step summary of GitHub", 1024 * 1024, in_bytes=True)


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no markup, mention, link or HTML of it takes effect."""
    text = re.sub(r"([\\`*_{}\[\]()#+!|~$%^&:])", r"\\\1", one_line(text)).replace("<", "&lt;").replace(">", "&gt;")
    text = text.replace("@", "@\u200b").replace("//", "/\u200b/")
    return re.sub(r"\b(www)\.", "\\1\u200b.", text, flags=re.IGNORECASE)


def code(text: str) -> str:
    """Text as inline code, whatever it holds; safe in a table cell."""
    text = one_line(text).replace("|", "\u2502")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def folded(title: str, lines: Sequence[str]) -> list[str]:
    """A part that is closed until a reader opens it. The title is plain text of ours."""
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def finding(item: Finding) -> str:
    """One finding as an item of a list."""
    hint = f" — {escape(item.hint)}" if item.hint else ""
    place = code(str(item.where))
    return f"- **{item.severity.value}** {code(item.check.code)} {place}: {escape(item.message)}{hint}"


def findings(items: Sequence[Finding], summary: str) -> str:
    """The findings of a run where there is nothing else to say."""
    lines = [f"### Ringfence: {counts(items)}", "", *map(finding, items), *([""] if items else [])]
    return "\n".join([*lines, escape(summary)] if summary else lines).rstrip("\n") + "\n"
