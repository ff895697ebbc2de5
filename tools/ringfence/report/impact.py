"""The formats of an impact report, by their names on the command line."""

from __future__ import annotations

from ringfence.impact import Report


def render(report: Report, format_: str, colour: bool = False) -> str:
    """The report in a format of `IMPACT_FORMATS`. Raises `KeyError` for another one."""
    from ringfence.report import impact_html, impact_json, impact_markdown, impact_tests, impact_text, markdown

    makers = {
        "text": lambda: impact_text.render(report, colour),
        "json": lambda: impact_json.render(report),
        "markdown": lambda: impact_markdown.render(report),
        "html": lambda: impact_html.render(report),
        "sarif": lambda: impact_tests.as_sarif(report),
        "codequality": lambda: impact_tests.as_codequality(report),
        "junit": lambda: impact_tests.as_junit(report),
        "github": lambda: impact_tests.as_github(report),
        "github-comment": lambda: impact_markdown.render(report, markdown.GITHUB_COMMENT),
        "github-summary": lambda: impact_markdown.render(report, markdown.GITHUB_SUMMARY),
    }
    return makers[format_]()
