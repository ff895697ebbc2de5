"""Changes as Mermaid graphs, small enough for GitLab, which draws at most 2,000 characters of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.impact import Effect, Row
from ringfence.report import impact_words as words
from ringfence.report.text import one_line

LIMIT = 2000
"""Characters of one graph."""

LABEL = 80
"""Characters of one label, before it is escaped; `…` stands for the rest."""

ARROWS = {Effect.OPENED: "-->", Effect.CLOSED: "-.->", Effect.CHANGED: "==>"}
SIGNS = {Effect.OPENED: "+", Effect.CLOSED: "-", Effect.CHANGED: "~"}
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 /._*,+-~→…")

HEADER = "graph LR\n"


def graphs(rows: Iterable[Row]) -> Iterator[str]:
    """One edge a row, in as many graphs as it takes, none longer than `LIMIT`."""
    graph = _Graph()
    for row in rows:
        if not graph.add(row):
            yield graph.text
            graph = _Graph()
            graph.add(row)
    if graph.edges:
        yield graph.text


def label(text: str, most: int = LABEL) -> str:
    """A text as it may stand in the quotes of a label: every sign that Mermaid reads is an entity."""
    plain = one_line(text)
    short = plain if len(plain) <= most else plain[: most - 1] + "…"
    return "".join(char if char in PLAIN or ord(char) > 127 else f"#{ord(char)};" for char in short)


class _Graph:
    """Nodes and edges of one graph."""

    def __init__(self) -> None:
        self.nodes: dict[str, str] = {}
        self.edges: list[str] = []
        self._size = len(HEADER)

    def add(self, row: Row) -> bool:
        """Add a row; false where it no longer fits, and nothing is added."""
        change = row.change
        nodes = dict(self.nodes)
        lines = []
        for ends in (row.sources, row.destinations):
            shown = words.names(ends, 2)
            if shown not in nodes:
                nodes[shown] = f"n{len(nodes)}"
                lines.append(f'  {nodes[shown]}["{label(shown)}"]\n')
        ends = nodes[words.names(row.sources, 2)], nodes[words.names(row.destinations, 2)]
        text = label(f"{SIGNS[change.effect]} {words.ports(change)}", LABEL // 2)
        lines.append(f'  {ends[0]} {ARROWS[change.effect]}|"{text}"| {ends[1]}\n')
        size = sum(map(len, lines))
        if self._size + size > LIMIT:
            return False
        self._size += size
        self.nodes = nodes
        self.edges += lines
        return True

    @property
    def text(self) -> str:
        """The graph."""
        return HEADER + "".join(self.edges)
