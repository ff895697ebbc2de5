"""The restricted Kustomize trees: what is built, where rules come from, and everything that is refused."""

from __future__ import annotations

import pytest

from ringfence.documents import Document, read_many
from ringfence.errors import UsageError
from ringfence.findings import Finding
from ringfence.manifests import Manifests, parse_documents
from ringfence.manifests.kustomize import Overlays
from ringfence.manifests.once import Once

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: api
  namespace: shop
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - port: 80
  egress: []
"""
PATCH = """\
- op: test
  path: /spec/ingress/0/ports/0/port
  value: 80
- op: add
  path: /spec/ingress/-
  value:
    ports:
      - port: 81
- op: add
  path: /spec/egress/-
  value: {ports: [{port: 443}, {port: 0}]}
"""
TARGET = "{group: networking.k8s.io, version: v1, kind: NetworkPolicy, name: api, namespace: shop}"
OVERLAY = f"resources: [../../base/shop]\npatches:\n  - path: api.patch.yaml\n    target: {TARGET}\n"

TREE = {
    "r/base/shop/kustomization.yaml": "resources: [api.yaml]\n",
    "r/base/shop/api.yaml": POLICY,
    "r/prod/shop/kustomization.yaml": OVERLAY,
    "r/prod/shop/api.patch.yaml": PATCH,
}
GOOD = {path: text.replace(", {port: 0}", "") for path, text in TREE.items()}


def build(tree: dict[str, str], folder: str = "r/prod/shop") -> tuple[list[Document], list[Finding]]:
    return Overlays(lambda path: tree[path].encode(), tree).build(folder)


def test_rules_are_appended_and_keep_their_own_places():
    documents, findings = build(TREE)
    assert findings == []
    found = parse_documents(documents)
    assert [(f.check.code, str(f.where)) for f in found.findings] == [("RF701", "r/prod/shop/api.patch.yaml:11:39")]
    good, _ = build({**TREE, "r/prod/shop/api.patch.yaml": PATCH.replace(", {port: 0}", "")})
    (policy,) = parse_documents(good).policies
    assert policy.ingress
    assert policy.egress
    assert [(rule.index, str(rule.where)) for rule in (*policy.ingress, *policy.egress)] == [
        (0, "r/base/shop/api.yaml:10:7"),
        (1, "r/prod/shop/api.patch.yaml:7:5"),
        (0, "r/prod/shop/api.patch.yaml:11:10"),
    ]
    assert str(policy.where) == "r/base/shop/api.yaml:1:1"


def test_the_base_is_untouched_by_an_overlay():
    overlays = Overlays(lambda path: TREE[path].encode(), sorted(TREE))
    overlays.build("r/prod/shop")
    (base,), _ = overlays.build("r/base/shop")
    assert len(base.data["spec"]["ingress"]) == 1
    assert overlays.build("r/prod/shop")[0][0].data["spec"]["ingress"] == [
        {"ports": [{"port": 80}]},
        {"ports": [{"port": 81}]},
    ]


def test_each_file_is_read_once():
    reads: list[str] = []

    def read(path: str) -> bytes:
        reads.append(path)
        return TREE[path].encode()

    overlays = Overlays(read, sorted(TREE))
    for _ in range(2):
        overlays.build("r/prod/shop")
        overlays.build("r/base/shop")
    assert sorted(reads) == sorted(TREE)


def test_what_was_let_go_is_read_again():
    reads: list[str] = []

    def read(path: str) -> bytes:
        reads.append(path)
        return TREE[path].encode()

    overlays = Overlays(read, sorted(TREE))
    assert sorted(overlays.built("r/prod/shop").files) == sorted(TREE)
    assert sorted(reads) == sorted(TREE)
    overlays.let_go()
    overlays.build("r/prod/shop")
    assert sorted(reads) == sorted([*TREE, *TREE])


def test_documents_are_typed_once():
    once = Once()

    def parse(documents: list[Document]) -> Manifests:
        return once.parse(documents).finish()

    documents, _ = build(TREE)
    assert parse(documents) == parse_documents(documents)
    assert parse(documents) == parse_documents(documents)
    good, _ = read_many("api.yaml", POLICY.encode())
    odd, _ = read_many("odd.yaml", POLICY.replace("[Ingress, Egress]", "[Ingress]").encode())
    assert parse(good).policies[0] is parse(good).policies[0]
    both = parse([*odd, *good, *odd])
    assert both == parse_documents([*odd, *good, *odd])
    assert (both.policies, len(both.opaque)) == ([], 2)


def test_what_patches_append_to_is_typed_once():
    once = Once()
    overlays = Overlays(lambda path: GOOD[path].encode(), sorted(GOOD))
    (patched,), (base,) = (once.parse(overlays.build(f"r/{folder}/shop")[0]).policies for folder in ("prod", "base"))
    assert patched.ingress
    assert base.ingress
    assert len(patched.ingress) == 2
    assert patched.ingress[0] is base.ingress[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port: 443", "port: 444"),
        ("port: 443", "port: 0"),  # the rule that is appended is refused
        ("port: 443", "port: 443, other: 1"),  # and this one is warned of
        ("policyTypes: [Ingress, Egress]", "policyTypes: []"),  # what it isolates hangs on its rules
        ("policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]"),
        ("kind: NetworkPolicy\n", "kind: NetworkPolicyList\nitems: []\n"),
        ("podSelector: {}", "podSelector: null"),
    ],
)
def test_what_patches_append_to_is_read_as_a_whole_where_more_is_to_be_said(old: str, new: str):
    documents, _ = build(GOOD)
    assert Once().parse(documents) == parse_documents(documents)
    tree = {path: text.replace(old, new) for path, text in GOOD.items()}
    assert tree != GOOD
    documents, _ = build(tree)
    assert Once().parse(documents).finish() == parse_documents(documents)


def test_inline_patches_point_at_the_kustomization():
    inline = f"""\
resources: [../../base/shop]
patches:
  - target: {TARGET}
    patch: |
      - op: add
        path: /spec/egress/-
        value: {{ports: [{{port: 443}}]}}
"""
    documents, findings = build({**TREE, "r/prod/shop/kustomization.yaml": inline})
    assert findings == []
    (policy,) = parse_documents(documents).policies
    assert policy.egress
    assert str(policy.egress[0].where) == "r/prod/shop/kustomization.yaml:4:12"


def test_two_patches_of_one_object_add_up():
    second = f"  - path: more.yaml\n    target: {TARGET}\n"
    more = "- {op: add, path: /spec/ingress/-, value: {ports: [{port: 82}]}}\n"
    tree = {**TREE, "r/prod/shop/kustomization.yaml": OVERLAY + second, "r/prod/shop/more.yaml": more}
    documents, findings = build(tree)
    assert findings == []
    assert [str(documents[0].at("spec", "ingress", index)) for index in range(3)] == [
        "r/base/shop/api.yaml:10:7",
        "r/prod/shop/api.patch.yaml:7:5",
        "r/prod/shop/more.yaml:1:43",
    ]


KUSTOMIZATION = "r/prod/shop/kustomization.yaml"
EXTRA = "patches: [{path: api.patch.yaml, target: TARGET}]"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("resources: [../../base/shop]\ncommonLabels: {a: b}\n", "2:1", "`commonLabels` is not in the part"),
        ("resources: [../../base/shop]\nnamespace: x\n", "2:1", "`namespace`"),
        ("resources: [../../base/shop]\nkind: Component\n", "2:7", "'Component'"),
        ("resources: [../../base/shop]\napiVersion: v1\n", "2:13", "'v1'"),
        ("resources: []\n", "1:1", "no resources"),
        ("resources: base\n", "1:12", "`resources` is not a list"),
        ("- a\n", "1:1", "a mapping belongs here"),
        ("resources: [https://example.com/x]\n", "1:13", "no relative path inside the repository"),
        ("resources: [/base]\n", "1:13", "no relative path"),
        ("resources: [../../../../base]\n", "1:13", "no relative path"),
        ("resources: [../../base/none]\n", "1:13", "neither a file nor a folder"),
        ("resources: [../../base/shop/api.yaml]\n", "1:13", "outside this folder"),
        ("resources: [.]\n", "1:13", "the folders use each other"),
        ("resources: [7]\n", "1:13", "a relative path belongs here"),
        ("resources: [../../base/shop, ../../base/shop]\n", "4:9", "twice"),
    ],
)
def test_refused_kustomizations(text: str, place: str, said: str):
    _, findings = build({**TREE, KUSTOMIZATION: text})
    assert [finding.check.code for finding in findings] == ["RF720"]
    assert str(findings[0].where).endswith(f":{place}")
    assert said in findings[0].message


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("path: none.yaml", "no file of this folder"),
        ("path: ../../base/shop/api.yaml", "no file of this folder"),
        ("path: api.patch.yaml, patch: '[]'", "exactly one of"),
        ("options: {}", "`options` is not in the part"),
        ("patch: '{}'", "no list of JSON patch operations"),
        ("patch: '[{op: replace, path: /spec/ingress/0, value: {}}]'", "more than appending"),
        ("patch: '[{op: remove, path: /spec/ingress/0}]'", "more than appending"),
        ("patch: '[{op: add, path: /spec/ingress/0, value: {}}]'", "more than appending"),
        ("patch: '[{op: add, path: /spec/ingress, value: []}]'", "more than appending"),
        ("patch: '[{op: add, path: /spec/ingress/-, value: []}]'", "more than appending"),
        ("patch: '[{op: test, path: /spec/ingress/0/ports/0/port, value: 1}]'", "does not hold"),
        ("patch: '[{op: add, path: /spec/ingress/-, value: {}, from: /x}]'", "`from` is not in the part"),
        ("patch: '[7]'", "a mapping belongs here"),
    ],
)
def test_refused_patches(patch: str, said: str):
    text = f"resources: [../../base/shop]\npatches:\n  - {{{patch}, target: {TARGET}}}\n"
    _, findings = build({**TREE, KUSTOMIZATION: text})
    assert {finding.check.code for finding in findings} == {"RF720"}
    assert said in findings[0].message


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (TARGET.replace("name: api", "name: apo"), "matches 0 objects"),
        (TARGET.replace("namespace: shop", "namespace: stop"), "matches 0 objects"),
        (TARGET.replace("group: networking.k8s.io", "group: projectcalico.org"), "matches 0 objects"),
        ("{kind: NetworkPolicy}", "matches 1 objects where a kind and a name must match one"),
        (TARGET.replace("name: api", "name: a.*"), "no plain name"),
        (TARGET.replace("name: api", "labelSelector: app=api"), "`labelSelector` is not in the part"),
    ],
)
def test_refused_targets(target: str, said: str):
    text = f"resources: [../../base/shop]\npatches:\n  - path: api.patch.yaml\n    target: {target}\n"
    documents, findings = build({**TREE, KUSTOMIZATION: text})
    assert said in findings[0].message
    assert len(documents[0].data["spec"]["ingress"]) == 1


def test_a_rule_cannot_be_appended_to_a_list_that_is_not_there():
    bare = POLICY.replace("  egress: []\n", "")
    _, findings = build({**TREE, "r/base/shop/api.yaml": bare})
    assert [(finding.check.code, str(finding.where)) for finding in findings] == [
        ("RF720", "r/prod/shop/api.patch.yaml:10:9")
    ]
    assert "no list at /spec/egress" in findings[0].message


def test_a_folder_without_kustomization():
    _, findings = build(TREE, "r/none")
    assert [(finding.check.code, finding.where.path) for finding in findings] == [
        ("RF720", "r/none/kustomization.yaml")
    ]


def test_a_file_that_cannot_be_read_is_a_finding():
    def read(path: str) -> bytes:
        if path.endswith("api.yaml"):
            raise UsageError("cannot read it", "look")
        return TREE[path].encode()

    _, findings = Overlays(read, TREE).build("r/base/shop")
    assert [(finding.check.code, finding.where.path, finding.hint) for finding in findings] == [
        ("RF720", "r/base/shop/api.yaml", "look")
    ]


def test_folders_that_use_each_other():
    tree = {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"}
    _, findings = build(tree, "a")
    assert [str(finding.where) for finding in findings] == ["b/kustomization.yaml:1:13"]
