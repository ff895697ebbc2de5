"""The formats of an impact report, by their names on the command line."""

from __future__ import annotations

from ringfence.impact import Report


def render(report: Report, format_: str, colour: bool = False) -> str:
    """The report in a format of `IMPACT_FORMATS`. Raises `KeyError` for another one."""
    if format_ == "text":  # the one that people wait for
        from ringfence.report import impact_text

        return impact_text.render(report, colour)
    if format_ == "json":
        from ringfence.report import impact_json

        return impact_json.render(report)
    from ringfence.report import impact_html, impact_markdown, impact_tests, markdown

    makers = {
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
