from __future__ import annotations

from collections.abc import Mapping

import model_kit as kit
import pytest

from ringfence import documents, render
from ringfence.render import TemplateError, templates
from ringfence.render.proof import HEADER

PLAIN = {name: templates.packaged(name) for name in templates.NAMES}


def edited(name: str, old: str, new: str) -> dict[str, str]:
    """The packaged template with one edit."""
    assert old in PLAIN[name]
    return {name: PLAIN[name].replace(old, new)}


def failure(own: Mapping[str, str]) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        render.tree(kit.small(), own)
    return caught.value


class Folder:
    """A tree of files in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def files(self, under: str = "") -> list[str]:
        return sorted(path for path in self._files if path.startswith(f"{under}/"))

    def read(self, path: str) -> bytes:
        return self._files[path]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("{{ nmae }}", "'nmae' is undefined"),
        ("{{ name.__class__.__mro__ }}", "__class__"),
        ("{{ ''.__class__ }}", "__class__"),
        ("{{ '{0.__class__}'.format(name) }}", "__class__"),
        ("{{ ingress.append(1) }}", "unsafe"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% include 'other' %}", "no loader"),
        ("{{ range(9) }}", "'range' is undefined"),
        ("{{ labels }}", "a tuple cannot be printed"),
        ("{{ none }}", "a NoneType cannot be printed"),
        ("{{ name | nosuch }}", "No filter named 'nosuch'"),
        ("{{ (1, 2) | random }}", "No filter named 'random'"),
        ("{{ name | block(2) }}", "not a value"),
        ("{% if %}", "Expected an expression"),
        ("{% for a, b in selector %}{% endif %}", "unknown tag 'endif'"),
    ],
)
def test_a_broken_template_is_an_error_with_its_line(line: str, part: str) -> None:
    own = {templates.POLICY: f"kind: NetworkPolicy\n\n{line}\n"}
    finding = failure(own).finding
    assert finding.check.code == "RF410"
    assert str(finding.where) == "policies/templates/kubernetes/policy.yaml.j2:3:1"
    assert part in finding.message


def test_an_error_in_a_block_names_the_template_of_the_block() -> None:
    finding = failure(edited(templates.PORTS, "{{ first }}", "{{ frist }}")).finding
    assert (finding.check.code, finding.where.path) == ("RF410", "policies/templates/kubernetes/ports.yaml.j2")
    assert finding.where.line == PLAIN[templates.PORTS].splitlines().index("  port: {{ first }}") + 1


@pytest.mark.parametrize(
    ("name", "old", "new", "difference"),
    [
        (
            templates.POLICY,
            "{% for why, peers, ports in rules %}",
            "{% for why, peers, ports in rules[1:] %}",
            "spec.egress is null, compiled was [{",
        ),
        (templates.POLICY, "      ports:\n        {{ ports | block(8) }}\n", "", "spec.egress[0].ports is missing"),
        (templates.POLICY, "    - Egress\n", "", "spec.policyTypes has 1 items, compiled were 2"),
        (templates.POLICY, "  podSelector: {}", "  podSelector: {a: b}", "spec.podSelector.a was not compiled"),
        (templates.POLICY, "namespace: {{ namespace }}", "namespace: default", 'is "default", compiled was "shop"'),
        (templates.PATCH, "- op: add", "- op: replace", '[0].op is "replace", compiled was "add"'),
        (templates.PATCH, "in rules %}", "in rules if false %}", "the file holds no document"),
        (templates.PEERS, "    cidr: {{ cidr }}\n", "    cidr: 0.0.0.0/1\n", "ipBlock.cidr"),
        (templates.PEERS, "  podSelector: {}", "", "podSelector is missing"),
        (templates.PORTS, "port: {{ first }}", "port: '{{ first }}'", 'port is "53", compiled was 53'),
        (templates.WHY, "{{ (kind", "evil: {{ (kind", "evil"),
        (templates.KUSTOMIZATION, "resources:", "namespace: other\nresources:", "namespace was not compiled"),
        (templates.KUSTOMIZATION, "  - {{ resource }}\n", "  - a\n", 'resources[0] is "a"'),
    ],
)
def test_a_template_that_changes_the_meaning_is_an_error(name: str, old: str, new: str, difference: str) -> None:
    finding = failure(edited(name, old, new)).finding
    assert finding.check.code == "RF411"
    assert finding.where.path == f"policies/templates/{name}"
    assert "policies/rendered/" in finding.message
    assert difference in finding.message


@pytest.mark.parametrize("text", ["kind: [", "a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: 1\n---\nb: 2\n", "\tx"])
def test_a_template_that_writes_broken_yaml_is_an_error(text: str) -> None:
    finding = failure({templates.POLICY: text}).finding
    assert finding.check.code == "RF411"
    assert "policies/rendered/base/checkout/shop/baseline.yaml cannot be read back: " in finding.message


@pytest.mark.parametrize("character", ["\u0085", "\u2028", "\r", "\x0b", "\x7f", "\ufeff"])
def test_a_comment_that_some_reader_ends_early_is_not_passed(character: str) -> None:
    own = {templates.WHY: f"# a{character}      - from: []\n"}
    assert failure(own).finding.check.code == "RF411"


def test_another_layout_with_the_same_meaning_is_fine_and_is_what_gets_written() -> None:
    own = edited(templates.POLICY, "kind: NetworkPolicy\n", "# ours\n\nkind: 'NetworkPolicy'   # quoted\n")
    raw = render.tree(kit.small(), own)["policies/rendered/base/checkout/shop/baseline.yaml"]
    assert b"# ours\n\nkind: 'NetworkPolicy'   # quoted\n" in raw
    assert raw.startswith(HEADER.encode())


def test_space_before_a_file_is_no_matter_of_looks() -> None:
    """It makes the first line a part of nothing."""
    finding = failure(edited(templates.POLICY, "#}\napiVersion", "#}\n apiVersion")).finding
    assert finding.check.code == "RF411"
    assert "cannot be read back: " in finding.message


@pytest.mark.parametrize("word", ["yes", "on", "N", "1_000", "20:21"])
def test_a_word_that_a_cluster_reads_otherwise_stays_quoted(word: str) -> None:
    """In YAML 1.2 it is the text that was compiled, and a cluster follows YAML 1.1."""
    place = kit.namespace("shop", "checkout", "prod")
    model = kit.model([kit.cluster("prod")], [place], [kit.workload(place, "web", {"app": word})])
    path = "policies/rendered/base/checkout/shop/web.yaml"
    assert f'app: "{word}"'.encode() in render.tree(model)[path]
    line = "      {{ key }}: {{ value }}"
    assert render.tree(model, edited(templates.POLICY, line, f"      {{{{ key }}}}: '{word}'"))[path]
    with pytest.raises(TemplateError) as caught:
        render.tree(model, edited(templates.POLICY, line, f"      {{{{ key }}}}: {word}"))
    assert caught.value.finding.check.code == "RF411"
    assert f"{path} cannot be read back: " in caught.value.finding.message
    assert f"{word} is ambiguous" in caught.value.finding.message


def test_jinja_text_in_a_value_comes_out_literally() -> None:
    place = kit.namespace("shop", "checkout", "prod")
    label = "{{ 7*7 }}{% raw %}{# x #}"
    web = kit.workload(place, "web", {"app": label})
    flow = kit.flow(place, "loop", [web], [web], kit.ports("80"), ["prod"], reason=label)
    files = render.tree(kit.model([kit.cluster("prod")], [place], [web], [flow]))
    raw = files["policies/rendered/base/checkout/shop/web.yaml"].decode()
    assert raw.count(f'app: "{label}"') == 3
    assert raw.count(f"# flow shop/loop: {label}\n") == 2


@pytest.mark.parametrize("name", templates.NAMES)
def test_the_packaged_templates_need_no_second_reading(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(documents, "read", lambda path, raw: read.append(path) or original(path, raw))
    render.tree(kit.small(), {name: PLAIN[name]})
    assert read == []


original = documents.read


def test_own_templates_are_the_files_of_the_folder() -> None:
    folder = Folder(
        {
            "policies/templates/kubernetes/ports.yaml.j2": "é".encode(),
            "policies/templates/.keep": b"",
            "policies/ringfence.yaml": b"",
        }
    )
    assert render.own_templates(folder) == {"kubernetes/ports.yaml.j2": "é"}


def test_a_template_of_an_unknown_name_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(TemplateError) as caught:
        render.own_templates(Folder({"policies/templates/kubernetes/policies.yaml.j2": b""}))
    assert caught.value.finding.check.code == "RF410"
    assert caught.value.finding.hint == "did you mean `kubernetes/policy.yaml.j2`?"
    assert failure({"kubernetes/policies.yaml.j2": ""}).finding == caught.value.finding


def test_a_template_that_is_not_utf8_is_an_error() -> None:
    with pytest.raises(TemplateError) as caught:
        render.own_templates(Folder({"policies/templates/kubernetes/policy.yaml.j2": b"\xff"}))
    assert caught.value.finding.check.code == "RF410"


def test_the_error_of_a_template_ends_the_run_as_a_finding_does() -> None:
    error = failure({templates.POLICY: "{{ x }}"})
    assert error.exit_code == 1
    assert error.message.startswith("policies/templates/kubernetes/policy.yaml.j2:1:1: ")
