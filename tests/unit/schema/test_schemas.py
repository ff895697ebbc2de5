"""The schema files: whole, consistent with one another, and the same to both engines."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource

from ringfence import documents, resources, schema
from ringfence.errors import UsageError
from ringfence.schema.reference import block, main, page

ROOT = Path(__file__).parents[3]
ALL = (*schema.KINDS, schema.ANY)


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for key, part in node.items():
            if key not in ("examples", "default", "const", "enum"):
                yield from nodes(part, f"{path}/{key}")
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from nodes(part, f"{path}/{index}")


def engines(kind: str) -> tuple[Any, Any]:
    """Plain validators, as other tools would use them."""
    python = jsonschema.Draft202012Validator(schema.load(kind), format_checker=jsonschema.FormatChecker(("date",)))
    return jsonschema_rs.Draft202012Validator(schema.load(kind), validate_formats=True), python


@pytest.mark.parametrize("kind", ALL)
def test_a_schema_is_valid_and_whole(kind: str) -> None:
    root = json.loads(schema.text(kind))
    jsonschema.Draft202012Validator.check_schema(root)
    assert root["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert root["$id"].endswith(f"/v1alpha1/{kind.lower()}.schema.json")
    assert root["title"]
    assert root["description"]
    for path, node in nodes(root):
        assert "oneOf" not in node, path
        if node.get("type") == "object" and "properties" in node and kind != schema.ANY:
            assert node["additionalProperties"] is False, path
        if path.rpartition("/")[0].endswith("/properties") and not path.startswith(("/allOf", "/then", "/else")):
            if re.search(r"/(then|else|if)/properties/", path):
                continue
            assert node.get("description"), path
            assert node.get("examples"), path
            assert "title" in node or "$ref" in node, path


@pytest.mark.parametrize("kind", schema.KINDS)
def test_the_examples_of_each_property_are_valid(kind: str) -> None:
    root = schema.load(kind)
    for path, node in nodes(root):
        for example in node.get("examples", ()):
            part = {**node, "$defs": root["$defs"]}
            assert jsonschema_rs.Draft202012Validator(part, validate_formats=True).is_valid(example), (path, example)
        if "default" in node:
            part = {**node, "$defs": root["$defs"]}
            assert jsonschema_rs.Draft202012Validator(part).is_valid(node["default"]), path


def test_shared_definitions_are_the_same_in_each_file() -> None:
    known: dict[str, Any] = {}
    for kind in schema.KINDS:
        for name, node in schema.load(kind)["$defs"].items():
            assert known.setdefault(name, node) == node, (kind, name)


@pytest.mark.parametrize("kind", schema.KINDS)
def test_every_pattern_is_anchored_and_says_what_a_newline_is(kind: str) -> None:
    """In Python `$` also matches before a final newline; `not` closes that gap in every engine."""
    found = [node for _, node in nodes(schema.load(kind)) if isinstance(node.get("pattern"), str)]
    for node in found:
        if node["pattern"] == r"\n":
            continue
        assert node["pattern"].startswith("^")
        assert node["pattern"].endswith("$")
        assert node["not"] == {"type": "string", "pattern": r"\n"}
        assert not re.search(r"\\[dswbDSWB]", node["pattern"])


def test_the_schema_of_any_kind_tells_them_apart() -> None:
    loaded = {kind: schema.load(kind) for kind in ALL}
    registry = Registry().with_resources((root["$id"], Resource.from_contents(root)) for root in loaded.values())
    python = jsonschema.Draft202012Validator(loaded[schema.ANY], registry=registry)
    for kind in schema.KINDS:
        (example,) = loaded[kind]["examples"]
        assert python.is_valid(example)
        assert not python.is_valid({**example, "unknown": 1})
        assert not python.is_valid({**example, "kind": "Flow"})
        assert not python.is_valid({key: value for key, value in example.items() if key != "kind"})


def test_text_takes_any_case_and_refuses_others() -> None:
    assert schema.text("flows") == schema.text("Flows") == resources.schema_text("flows")
    with pytest.raises(UsageError) as caught:
        schema.text("Flow")
    assert "`Flows`" in caught.value.hint


HOSTILE_TEXTS = [
    "", " ", "a", "A", "a ", " a", "a\n", "a\r", "a\t", "a\x00", "a\x1f", "a\x7f", "a\x85", "a\xa0",
    "a\u2028", "a\u202e",
    "a\u200b", "a\ufeff", "é", "ß", "ſ", "K", "٣", "a٣", "１", "😀", "-", "a-", "-a", "a--b", "a_b",
    "a.b", "a/b", "a/b/c",
    "a//b", "/a", "a/", "a/*", "*", "*/a", "a/b\n", "\na", "a\nb",
    "a" * 15, "a" * 16, "a" * 63, "a" * 64, "a" * 500,
    "a" * 501, "é" * 500, "é" * 501, "😀" * 500, "a/" + "a" * 63, "a/" + "a" * 64, "0", "1", "80",
    "65535", "65536", "99999",
    "0/TCP", "1/TCP", "80/TCP", "080/TCP", "65535/UDP", "65536/UDP", "53/udp", "53/ICMP", "53/TCP\n",
    "1-2/TCP", "2-1/TCP",
    "1-65536/TCP", "1-/TCP", "80-/TCP", "https", "h2c", "0a", "a0-9b", "1-2", "30000-30100",
    "10.0.0.0/8", "10.0.0.0/8\n",
    "10.0.0.0", "10.0.0.0/", "::/0", "fd00::/8", ":/0", "::ffff:1.2.3.4/96", "999.0.0.0/99", "@a",
    "@a/b", "@a/b\n", "@", "@@a",
    "a@b.c", "a@b", "a @b.c", "2027-03-31", "2027-02-29", "2028-02-29", "2027-02-30", "2027-13-01",
    "2027-00-01", "0000-01-01",
    "0001-01-01", "9999-12-31", "2027-3-1", "2027-03-31\n", "２０２７-03-31", "2027-W01-1", "20270331",
    "RF101", "RF1", "rf101",
    "https://a.example/b", "https://a.example/b\n", "https://u:p@a.example/b", "http://a",
    "https://[::1]:6443", "git@a.b:c/d.git",
    "ssh://git@a.b/c", "{namespace}", "{namespace}-{environment}", "{environment}", "x{namespace}\n",
    "main", "a..b", "-a/b",
    "refs/heads/x", "x.lock", "x/", "app.kubernetes.io/name", "A/b", "a.b/C_d", "a" * 254, "review",
    "declared", "kubernetes",
    "calico", "baseline", "kustomization", "true", "null", "[a]", "\ud7ff", "\U0010ffff",
]  # fmt: skip
HOSTILE = [
    *HOSTILE_TEXTS,
    None,
    True,
    False,
    0,
    1,
    -1,
    80,
    65535,
    65536,
    2**62,
    1.5,
    -0.5,
    [],
    {},
    [[]],
    ["a", "a"],
    [1, "1"],
    {"a": "b"},
    {"a": 1},
    {"A b": "c"},
]


def spots(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a document, and what is there."""
    yield path, node
    if isinstance(node, dict):
        for key, part in node.items():
            yield from spots(part, (*path, key))
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from spots(part, (*path, index))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = copy.deepcopy(document)
    node = copied
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return copied


def renamed(document: Any, path: tuple[Any, ...], name: str) -> Any:
    copied = copy.deepcopy(document)
    node = copied
    for step in path[:-1]:
        node = node[step]
    items = [(name if key == path[-1] else key, part) for key, part in node.items()]
    node.clear()
    node.update(items)
    return copied


def wide_examples(kind: str) -> Iterator[Any]:
    """The schema's example, and others with every key, even those that exclude each other."""
    root = schema.load(kind)
    yield root["examples"][0]
    yield {name: node["examples"][0] for name, node in root["properties"].items()}
    for key in ("flows", "grants", "waivers", "guardrails"):
        if "items" in root["properties"].get(key, {}):
            whole = {name: node["examples"][0] for name, node in root["properties"][key]["items"]["properties"].items()}
            yield {**root["examples"][0], key: [whole]}
    for key in ("peers", "workloads"):
        if key in root["properties"]:
            declared = root["properties"][key]["additionalProperties"]["properties"]
            yield {**root["examples"][0], key: {"x": {name: node["examples"][0] for name, node in declared.items()}}}


@pytest.mark.parametrize("kind", schema.KINDS)
def test_both_engines_agree_on_hostile_values_everywhere(kind: str) -> None:
    rust, python = engines(kind)
    verdicts = {True: 0, False: 0}
    for example in wide_examples(kind):
        for path, part in spots(example):
            for value in HOSTILE[:: 9 if isinstance(part, list | dict) else 1]:
                candidate = changed(example, path, value)
                verdict = rust.is_valid(candidate)
                assert verdict == python.is_valid(candidate), (path, value)
                verdicts[verdict] += 1
            if path and isinstance(path[-1], str):
                for name in HOSTILE_TEXTS[::12]:
                    candidate = renamed(example, path, name)
                    assert rust.is_valid(candidate) == python.is_valid(candidate), (path, name)
    assert min(verdicts.values()) > 20


@given(st.sampled_from(schema.KINDS), st.data())
@settings(max_examples=250, deadline=None)
def test_both_engines_agree_on_random_text(kind: str, draw: st.DataObject) -> None:
    rust, python = engines(kind)
    example = draw.draw(st.sampled_from(list(wide_examples(kind))))
    path, _ = draw.draw(st.sampled_from(list(spots(example))))
    text = draw.draw(st.text(max_size=20) | st.text("aZ0-/.@:* \n\x7f_{}", max_size=20))
    candidate = changed(example, path, text)
    assert rust.is_valid(candidate) == python.is_valid(candidate)


@pytest.mark.parametrize("kind", schema.KINDS)
def test_what_both_refuse_is_explained_and_nothing_else(kind: str) -> None:
    """`explain` must never come back empty for what jsonschema-rs refuses."""
    rust, _ = engines(kind)
    for example in wide_examples(kind):
        for path, _ in spots(example):
            for value in HOSTILE[::8]:
                candidate = changed(example, path, value)
                if not isinstance(candidate, dict):
                    continue
                findings = schema.validate(documents.Document("f.yaml", candidate))
                assert bool(findings) != rust.is_valid(candidate), (path, value)
                assert not any(finding.message.startswith("not valid:") for finding in findings)


def test_the_reference_is_current() -> None:
    assert main(["--check"]) == 0, "run python -m ringfence.schema.reference"


def test_the_reference_has_every_key_and_its_examples_are_valid() -> None:
    text = page()
    for kind in schema.KINDS:
        section = text.split(f"\n## {kind}\n")[1].split("\n## ")[0]
        (example,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
        document, findings = documents.read("f.yaml", example.encode())
        assert findings == []
        assert document is not None
        assert schema.validate(document) == []
        assert document.data == schema.load(kind)["examples"][0]
        for path, node in nodes(schema.load(kind)):
            if "properties" in node and not re.search("/(then|else|if)$", path) and not path.startswith("/$defs"):
                assert all(
                    f"| `{name}` |" in section for name in node["properties"] if name not in ("apiVersion", "kind")
                )


def test_a_block_reads_back() -> None:
    data = {"a": [{"b": "yes", "c": ["1", 1]}, {"d": {"x" * 40: "y" * 40}}], "e": "f: g", "h": True, "i": "#x", "j": ""}
    document, findings = documents.read("f.yaml", block(data).encode())
    assert findings == []
    assert document is not None
    assert document.data == data


def test_the_editor_settings_name_files_that_exist() -> None:
    mapping = json.loads((ROOT / ".vscode/settings.json").read_text())["yaml.schemas"]
    assert {(ROOT / name).name.removesuffix(".schema.json") for name in mapping} <= {kind.lower() for kind in ALL}
    assert all((ROOT / name).is_file() for name in mapping)
