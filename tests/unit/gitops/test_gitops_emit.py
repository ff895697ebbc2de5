from __future__ import annotations

import pytest
import yaml

from ringfence.gitops import emit
from ringfence.render.proof import HEADER

DATA = {
    "plain": "checkout-dev",
    "number": 3,
    "flags": {"on": True, "off": False},
    "words": ["no", "1:30", "2027-03-31", "a: b", "{{ .x }}", "- x", "#c", "tab\there", "", "€ ok", "null", "~"],
    "maps": [{"a": {"b": ["c"]}, "d": "e"}, {}, {"f": []}],
    "empty": {"list": [], "map": {}},
}


def test_what_is_read_is_what_was_written():
    assert yaml.safe_load(emit.document(DATA)) == DATA


def test_the_layout():
    text = emit.document({"kind": "A", "list": [{"a": "b", "c": ["d"]}, "e"], "none": []}).decode()
    assert text == HEADER + "kind: A\nlist:\n  - a: b\n    c:\n      - d\n  - e\nnone: []\n"


@pytest.mark.parametrize("bad", [{"a": 1.5}, {"a": None}, {"a": [["b"]]}])
def test_what_yaml_readers_could_disagree_on_is_refused(bad):
    with pytest.raises(TypeError):
        emit.document(bad)


def test_a_kustomization():
    assert yaml.safe_load(emit.kustomization(["a.yaml", "b"])) == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["a.yaml", "b"],
    }
