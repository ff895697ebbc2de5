"""The pieces of a page that stands alone: no script, no font, no image, nothing from a network.

All text is escaped here.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from ringfence.findings import Finding, Severity
from ringfence.report.text import counts, one_line

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser lets the page do: show its own style, and nothing else."""

STYLE = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --head: #f6f8fa;
  --good: #116329; --bad: #b3261e; --warn: #7a4d00; --link: #0550ae; --code: #eff1f3; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9da7b1; --line: #3d444d;
  --head: #161b22; --good: #57c46d; --bad: #ff8980; --warn: #e3b341; --link: #79b8ff; --code: #262c36; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 84rem; padding: 1rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; }
p, ul { margin: .25rem 0 .75rem; }
.soft { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
code { font: .875em/1.4 ui-monospace, monospace; background: var(--code); border-radius: 4px; padding: .1em .3em;
  overflow-wrap: break-word; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
th { background: var(--head); white-space: nowrap; }
th:last-child { width: 45%; }
td { max-width: 32rem; overflow-wrap: break-word; }
tr:last-child td { border-bottom: 0; }
td p, td ul { margin: 0 0 .25rem; padding-left: 0; list-style: none; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.word { font-weight: 600; white-space: nowrap; }
@media (max-width: 44rem) {
  .scroll { border: 0; overflow-x: visible; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; left: -99rem; }
  tr { border: 1px solid var(--line); border-radius: 6px; margin-bottom: .75rem; padding: .25rem 0; }
  td { border: 0; padding: .2rem .6rem; max-width: none; overflow-wrap: anywhere; }
  td code { overflow-wrap: anywhere; }
  td[data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: .8rem; }
  td:empty { display: none; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #999; --head: #eee; --code: #f4f4f4; --good: #060;
    --bad: #900; --warn: #640; --link: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip { display: none; }
  .scroll { overflow: visible; }
  tr { break-inside: avoid; } h2, section > p { break-after: avoid; } thead { display: table-header-group; }
}
"""

CLASSES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "soft"}


def escape(text: str) -> str:
    """Text as a browser shows it, in an element or in a quoted attribute."""
    return html.escape(one_line(text), quote=True)


def code(text: str) -> str:
    """A name, a place or a port."""
    return f"<code>{escape(text)}</code>"


def word(text: str, kind: str) -> str:
    """A verdict: `kind` is `good`, `bad`, `warn` or `soft`. The colour is never all that says it."""
    return f'<span class="word {kind}">{escape(text)}</span>'


def items(lines: Iterable[str]) -> str:
    """A list of what is HTML already; nothing where there is none."""
    found = "".join(f"<li>{line}</li>" for line in lines)
    return f"<ul>{found}</ul>" if found else ""


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already, which scrolls by itself and can be reached by keyboard."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{escape(name)}">{cell}</td>' if cell else "<td></td>"
            for name, cell in zip(header, row, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    label = f'role="region" aria-label="{escape(title)}" tabindex="0"'
    return f'<div class="scroll" {label}><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n'


def section(anchor: str, title: str, body: str) -> str:
    """A part of the page with a heading."""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>\n{body}</section>\n'


def page(title: str, contents: Sequence[tuple[str, str]], body: str, said: Sequence[str] = ()) -> str:
    """The whole page. `contents` are the anchors and titles of its parts; `said` are sentences below the title."""
    below = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in said)
    links = "".join(f'<li><a href="#{anchor}">{escape(name)}</a></li>' for anchor, name in contents)
    nav = f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n' if links else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">Skip to the report</a>\n'
        f'<header><p class="soft">Ringfence</p>\n<h1>{escape(title)}</h1>\n{below}</header>\n{nav}'
        f'<main id="main">\n{body}</main>\n</body>\n</html>\n'
    )


def finding_rows(found: Sequence[Finding]) -> str:
    """Findings as a table; a sentence where there is none."""
    if not found:
        return "<p>No findings.</p>\n"
    rows = [
        (
            word(item.severity.value, CLASSES[item.severity]),
            f"{code(item.check.code)} {escape(item.check.name)}",
            code(str(item.where)),
            f"<p>{escape(item.message)}</p>"
            + items(f"{code(str(where))} {escape(note)}" for where, note in item.related)
            + (f'<p class="soft">Fix: {escape(item.hint)}</p>' if item.hint else ""),
        )
        for item in found
    ]
    return table("Findings", ("Severity", "Check", "Place", "What is wrong"), rows)


def findings(found: Sequence[Finding], summary: str) -> str:
    """A page of findings where there is nothing else to say."""
    return page(f"Findings: {counts(found)}", (), finding_rows(found) + f"<p>{escape(summary)}</p>\n")
