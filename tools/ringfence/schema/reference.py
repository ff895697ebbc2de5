"""Write the reference of the documents from their schemas.

`python -m ringfence.schema.reference` writes `docs/reference/documents.md` of a checkout; `--check` only compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ringfence import schema
from ringfence.schema.words import inline
from ringfence.values.files import replace

Node = Mapping[str, Any]

PAGE = Path("docs/reference/documents.md")
_ROOT = Path(__file__).parents[3]

_HEAD = """\
<!-- Written by `python -m ringfence.schema.reference` from schemas/v1alpha1; do not edit. -->

# Documents

Every declaration is one YAML document with `apiVersion: {version}` and a `kind`. An unknown key is an
error, and so is a duplicate one. Unquoted values follow YAML 1.2: `no`, `12:30` and `2027-03-31` are text, `true` and
`false` the only booleans.

Each kind has a JSON Schema in `schemas/v1alpha1/`, also from `ringfence schema KIND`. For completion and errors in an
editor, start a file with `# yaml-language-server: $schema=…` and the path of its schema.

| Kind | What it declares |
|---|---|
"""


def page() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD.format(version=schema.API_VERSION)]
    lines += [f"| [{kind}](#{kind.lower()}) | {schema.load(kind)['description']} |\n" for kind in schema.KINDS]
    for kind in schema.KINDS:
        lines += _kind(kind, schema.load(kind))
    lines += _forms()
    return "".join(lines)


def _kind(kind: str, root: Node) -> Iterator[str]:
    yield f"\n## {kind}\n\n{root['description']}\n\n```yaml\n{block(root['examples'][0])}```\n"
    shown = {name: node for name, node in root["properties"].items() if name not in ("apiVersion", "kind")}
    yield from _table({**root, "properties": shown}, root)
    for name, node in _objects(root, root):
        yield f"\n### {kind}: `{name}`\n\n{node['description']}\n"
        yield from _table(node, root)


def _table(node: Node, root: Node) -> Iterator[str]:
    required = node.get("required", ())
    yield "\n| Key | Needed | Value | Meaning |\n|---|---|---|---|\n"
    for name, declared in node["properties"].items():
        full = _resolved(declared, root)
        meaning = declared["description"]
        if "default" in declared:
            meaning += f" Default: `{inline(declared['default'])}`."
        example = inline(declared["examples"][0])
        if len(example) <= 80:
            meaning += f" Example: `{example}`"
        yield f"| `{name}` | {'yes' if name in required else ''} | {_value(full)} | {_cell(meaning)} |\n"
    for branch in ("then", "else"):
        if branch in node:
            yield f"\n{node[branch]['$comment']}\n"


def _objects(node: Node, root: Node, before: str = "") -> Iterator[tuple[str, Node]]:
    """The objects inside a schema, each with its dotted path; a guardrail's sides once."""
    seen: set[str] = set()
    for name, declared in node.get("properties", {}).items():
        path = f"{before}{name}"
        full = _resolved(declared, root)
        if isinstance(full.get("additionalProperties"), dict) and "properties" in full["additionalProperties"]:
            full, path = full["additionalProperties"], f"{path}.<name>"
        elif isinstance(full.get("items"), dict):
            full, path = _resolved(full["items"], root), f"{path}[]"
        if "properties" in full and full.get("title") not in seen:
            seen.add(str(full.get("title")))
            yield path, full
            yield from _objects(full, root, f"{path}.")


def _resolved(node: Node, root: Node) -> Node:
    """A schema with the one it refers to under it."""
    if "$ref" not in node:
        return node
    return {**root["$defs"][node["$ref"].rpartition("/")[2]], **node}


def _value(node: Node) -> str:
    if "enum" in node:
        return " or ".join(f"`{inline(choice)}`" for choice in node["enum"])
    return _cell(str(node.get("title", "")))


def _forms() -> Iterator[str]:
    """The forms that values of several kinds share, by name."""
    forms: dict[str, str] = {}
    for kind in schema.KINDS:
        for node in schema.load(kind)["$defs"].values():
            if "properties" not in node:
                forms.setdefault(node["title"], node["description"])
    yield "\n## Forms of values\n\n| Value | Form |\n|---|---|\n"
    yield from (f"| {_cell(title)} | {_cell(forms[title])} |\n" for title in sorted(forms))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def block(value: Any, indent: str = "") -> str:
    """A mapping as YAML with one key a line; what fits on a line stays there."""
    lines = []
    for key, part in value.items():
        if isinstance(part, list) and any(isinstance(item, dict) for item in part):
            lines.append(f"{indent}{inline(key)}:\n")
            for item in part:
                inner = block(item, f"{indent}    ")
                lines.append(f"{indent}  - {inner.removeprefix(f'{indent}    ')}")
        elif isinstance(part, dict) and len(f"{indent}{key}: {inline(part)}") > 60:
            lines.append(f"{indent}{inline(key)}:\n{block(part, f'{indent}  ')}")
        else:
            lines.append(f"{indent}{inline(key)}: {inline(part)}\n")
    return "".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with `--check` say whether it is current: 0 if so, else 1."""
    path = _ROOT / PAGE
    content = page().encode()
    if path.is_file() and path.read_bytes() == content:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{PAGE} is not current: run python -m ringfence.schema.reference\n")
        return 1
    replace(path, content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
