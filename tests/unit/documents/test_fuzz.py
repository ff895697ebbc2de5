"""Whatever the bytes: a document or findings, never both, neither or an exception; with libyaml and without it."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence import documents
from ringfence.documents import reader

SEED = b"""\
# a comment
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - name: authorise-card
    from: [shop/checkout, "a b"]
    to: {x: 'y', z: [1, 2.5, true, ~]}
    reason: |
      text
    expires: 2027-03-31   # day
"""
PIECES = [
    b"\t",
    b"&a ",
    b"*a",
    b"!!x ",
    b"<<: ",
    b"\n---\n",
    b"%YAML 1.1\n",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\xff",
    b"? ",
    b": ",
    b"- ",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"'",
    b"|",
    b">",
    b"#",
    b"\r",
    b"\\u202e",
    b".nan",
    b"010",
    b"\xe2\x80\xa8",
    b"\n",
    b"  ",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    raw = bytearray(SEED)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(raw)))
        end = min(len(raw), place + draw(st.integers(0, 12)))
        raw[place:end] = draw(st.sampled_from(PIECES) | st.binary(max_size=3))
    return bytes(raw)


def check(raw: bytes) -> None:
    document, findings = documents.read("f.yaml", raw)
    assert (document is None) == bool(findings)
    lines = raw.count(b"\n") + raw.count(b"\r") + 1
    for finding in findings:
        assert finding.check in documents.CHECKS
        assert finding.message
        assert finding.message.isprintable()
        assert 0 <= finding.where.line <= lines
    many, findings = documents.read_many("f.yaml", raw)
    if document is not None and not findings:
        assert len(many) == 1


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_random_bytes(raw: bytes) -> None:
    check(raw)


@given(st.text(alphabet="ab01 :-#?[]{}&*!|>'\"%@`,~.\n\t\r\\\x85\u2028\ufeff😀", max_size=60))
@settings(max_examples=500, deadline=None)
def test_random_text(text: str) -> None:
    check(text.encode())


@given(mutated())
@example(SEED)
@settings(max_examples=400, deadline=None)
def test_mutated_yaml(raw: bytes) -> None:
    check(raw)


@pytest.fixture
def without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PARSER", yaml.SafeLoader)


@pytest.mark.usefixtures("without_libyaml")
def test_without_libyaml_the_same_holds() -> None:
    @given(mutated() | st.binary(max_size=100))
    @settings(max_examples=200, deadline=None)
    @example(b'a: "\\ud800"')
    @example(b'a: "\\UFFFFFFFF"')
    @example(b'"\\u202e": 1')
    def run(raw: bytes) -> None:
        check(raw)

    run()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Cn", "Co")), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc01-_/.", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_json_means_the_same_as_to_json(value: object) -> None:
    text = json.dumps({"root": value}, ensure_ascii=False)
    document, findings = documents.read("f.yaml", text.encode())
    assert findings == []
    assert document is not None
    assert repr(document.data) == repr({"root": value})


@given(VALUES, st.sampled_from([None, True, False]))
@settings(max_examples=300, deadline=None)
def test_both_parsers_give_the_same_data_and_places(value: object, flow: bool | None) -> None:
    text = yaml.safe_dump({"root": value}, default_flow_style=flow, allow_unicode=True)
    found = []
    for parser in (yaml.CSafeLoader, yaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "PARSER", parser)
            document, findings = documents.read("f.yaml", text.encode())
        places = (repr(document.data), document.at("root"), document.at_key("root")) if document else None
        found.append((places, [(finding.check.code, finding.where) for finding in findings]))
    assert found[0] == found[1]
