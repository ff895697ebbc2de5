"""Texts of somebody else break no format: no line, tag, command or cell of theirs takes effect."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import report_kit as kit

from ringfence import report
from ringfence.report import IMPACT_FORMATS, github, html, impact, markdown, mermaid

COMMANDS = ("::error ", "::warning ", "::notice ")


@pytest.mark.parametrize("format_", IMPACT_FORMATS)
def test_no_control_character_reaches_a_reader(format_: str) -> None:
    written = impact.render(kit.hostile(), format_)
    if format_ in ("json", "sarif", "codequality"):
        json.loads(written)
        assert "\x1b" not in written
    else:
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ufffe]", written)


@pytest.mark.parametrize(
    "written", [impact.render(kit.hostile(), "github"), github.findings(kit.hostile().findings, "x")]
)
def test_each_line_is_a_command_of_ours(written: str) -> None:
    for line in written.splitlines():
        assert line.startswith(COMMANDS)
        properties = line.partition("::")[2].partition("::")[0]
        assert "owned" not in properties or "%3A%3Aerror" in properties
        assert not re.search("%(?!25|0A|0D|3A|2C)", line), line
        assert re.fullmatch(r"[a-z]+ (?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*", properties), properties


def test_what_github_leaves_out_is_said_and_is_no_command() -> None:
    found = kit.made((), kit.HOSTILE, findings=12).findings
    lines = github.findings(found, "12 files").splitlines()
    annotations = [line for line in lines if line.startswith("::error")]
    assert len(annotations) == 10
    assert "3 more of 12 are left out" in annotations[-1]
    rest = [line for line in lines if not line.startswith("::")]
    assert len(rest) == 3
    assert all(line.startswith("- ") and "##[" not in line for line in rest)
    ten = github.findings(found[:10], "").splitlines()
    assert [line.split()[0] for line in ten] == ["::error"] * 10 + ["::notice"]


class Page(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.prose: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if "code" not in self.open:
            self.prose.append(data)


def parsed(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


HEAD = {"html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "div"}
OURS = HEAD | {"a", "p", "h1", "h2", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "span"}


@pytest.mark.parametrize(
    "written",
    [impact.render(kit.hostile(), "html"), report.findings(kit.hostile().findings, "html", summary=kit.HOSTILE)],
)
def test_a_page_holds_no_tag_but_ours_and_asks_for_nothing(written: str) -> None:
    page = parsed(written)
    assert {tag for tag, _ in page.tags} <= OURS
    for tag, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "srcset", "action")}
        if "href" in attributes:
            assert tag == "a"
            assert (attributes["href"] or "").startswith("#")
    assert "url(" not in html.STYLE
    assert "@import" not in html.STYLE
    assert "<script>alert(1)</script>" in "".join(page.words)
    targets = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {a["href"][1:] for _, a in page.tags if a.get("href")} <= targets  # type: ignore[index]


def test_a_page_works_without_a_mouse_in_the_dark_and_on_paper() -> None:
    page = parsed(impact.render(kit.real(), "html"))
    regions = [attributes for _, attributes in page.tags if attributes.get("role") == "region"]
    assert regions
    assert all(item["tabindex"] == "0" and item["aria-label"] for item in regions)
    assert all(a.get("scope") == "col" for tag, a in page.tags if tag == "th")
    assert ("html", {"lang": "en"}) in page.tags
    for rule in ("prefers-color-scheme: dark", "@media print", "max-width: 44rem", ":focus-visible"):
        assert rule in html.STYLE


@pytest.mark.parametrize(
    "written", [impact.render(kit.hostile(), "junit"), report.findings(kit.hostile().findings, "junit")]
)
def test_xml_is_well_formed_and_its_texts_are_texts(written: str) -> None:
    root = ElementTree.fromstring(written)  # noqa: S314 - our own text
    assert {element.tag for element in root.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    assert "<![CDATA[" in "".join(element.attrib.get("message", "") for element in root.iter())


@pytest.mark.parametrize(
    "written", [impact.render(kit.hostile(), "markdown"), report.findings(kit.hostile().findings, "markdown")]
)
def test_markdown_has_no_markup_of_theirs(written: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    shown = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").render(written)
    page = parsed(shown.replace("<br>", "").replace("<hr />", "").replace("<br />", ""))
    tags = {tag for tag, _ in page.tags}
    assert tags <= {
        "h3",
        "p",
        "strong",
        "em",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "details",
        "summary",
        "pre",
        "sub",
        "ul",
        "li",
    }
    for line in written.splitlines():
        assert not line.startswith(("::", "a\n"))
    prose = "".join(page.prose)
    assert "@\u200ball" in prose
    assert "@all" not in prose
    assert "http://" not in prose


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]


def test_a_table_keeps_its_columns() -> None:
    for line in rows(impact.render(kit.hostile(), "markdown")):
        # a bar is a border unless it is escaped; inline code holds none
        assert len(re.findall(r"(?<!\\)\|", line)) in (4, 5, 7), line


def test_a_label_of_a_graph_is_no_syntax() -> None:
    label = mermaid.label(kit.HOSTILE)
    assert re.fullmatch(r"(?:[A-Za-z0-9 /._*,+~→…-]|#\d+;|[^\x00-\x7f])*", label)
    assert len(mermaid.label("x" * 500)) == mermaid.LABEL
    (graph,) = mermaid.graphs(impact_rows())
    for line in graph.splitlines()[1:]:
        assert re.fullmatch(r'  n\d+(?:\["[^"\[\]{}<>`%]*"\]| -->\|"[^"]*"\| n\d+)', line), line


def impact_rows():  # type: ignore[no-untyped-def]
    from ringfence.impact import into_rows

    return into_rows(kit.hostile().changes)


def test_inline_code_is_closed() -> None:
    for text in ("a`b", "``", "`", "", " ", "a``b`c", kit.HOSTILE):
        written = markdown.code(text)
        fence = re.match("`+", written)
        assert fence
        assert written.count(fence[0]) >= 2
        assert "\n" not in written
