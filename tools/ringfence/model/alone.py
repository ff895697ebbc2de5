"""What is wrong with one file, whatever the others say: its place, its encoding, its YAML, its kind and its schema.

Whether names that it uses exist, who consented, what guardrails forbid and what its kind demands beyond the schema is
not asked: that takes the whole repository (`loading`). A hook starts with this, so it imports little.
"""

from __future__ import annotations

from ringfence import documents, schema
from ringfence.findings import Finding
from ringfence.model import layout


def is_valid(path: str, raw: bytes) -> bool:
    """Whether a file is read by the model, and `judge` finds nothing."""
    return layout.is_read(path) and not judge(path, raw)


def judge(path: str, raw: bytes) -> list[Finding]:
    """The findings on a file of `teams/` or `policies/` that `layout.is_read`; `loading` makes each of them too.

    The model may say what is wrong with a value better than the schema, and then only the place is the same.
    """
    place = layout.place(path)
    if isinstance(place, Finding):
        return [place]
    if path.startswith(layout.ADOPTED):
        return documents.read_many(path, raw)[1]
    document, findings = documents.read(path, raw)
    if document is None:
        return findings
    findings = schema.validate(document)
    kind = document.data.get("kind") if isinstance(document.data, dict) else None
    misplaced = layout.misplaced(kind, place, document) if isinstance(kind, str) else None
    return [*findings, misplaced] if misplaced else findings
