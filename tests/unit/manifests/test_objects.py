"""Which objects are read, skipped, opaque or repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ringfence import documents
from ringfence.manifests import ContainerPort, Known, parse, parse_files


def raw(*objects: dict[str, Any]) -> bytes:
    return "\n---\n".join(map(json.dumps, objects)).encode()


def named(api: str, kind: str, name: str = "x", **more: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "n"}, **more}


@pytest.mark.parametrize(
    ("api", "kind", "confined"),
    [
        ("policy.networking.k8s.io/v1", "AdminNetworkPolicy", False),
        ("policy.networking.k8s.io/v1", "BaselineAdminNetworkPolicy", False),
        ("policy.networking.k8s.io/v1alpha1", "ClusterNetworkPolicy", False),
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy", False),
        ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", False),
        ("crd.antrea.io/v1beta1", "NetworkPolicy", True),
        ("unheard.of/v1", "FancyNetworkPolicy", False),
    ],
)
def test_policies_of_other_kinds_are_opaque_by_api_group(api: str, kind: str, confined: bool):
    found = parse("a.yaml", raw(named(api, kind)))
    codes = [finding.check.code for finding in found.findings]
    assert codes[-1] == "RF703"
    assert codes.count("RF703") == 1
    (item,) = found.opaque
    assert (item.namespace, item.may_deny, str(item.where)) == ("n" if confined else "", True, "a.yaml:1:1")
    assert not found.skipped


@pytest.mark.parametrize(
    ("api", "kind", "meant"),
    [
        ("networking.k8s.io/v1", "networkPolicy", "NetworkPolicy"),
        ("networking.k8s.io/v1", "NetworkPolicies", "NetworkPolicy"),
        ("networking.k8s.io/v1", "NetworkPolcy", "NetworkPolicy"),
        ("policy.networking.k8s.io/v1alpha2", "clusterNetworkPolicy", "ClusterNetworkPolicy"),
        ("cilium.io/v2", "CiliumNetworkPolcy", "CiliumNetworkPolicy"),
        ("projectcalico.org/v3", "GlobalNetworkPolice", "GlobalNetworkPolicy"),
        ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicies", "AdminNetworkPolicy"),
    ],
)
def test_a_slip_in_the_kind_of_a_policy_is_no_silence(api: str, kind: str, meant: str):
    found = parse("a.yaml", raw(named(api, kind)))
    [finding] = found.findings
    assert (finding.check.code, str(finding.where)) == ("RF703", "a.yaml:1:1")
    assert finding.hint.startswith(f"did you mean `kind: {meant}`?")
    assert [item.namespace for item in found.opaque] == [""]
    assert not found.skipped


@pytest.mark.parametrize(
    "line",
    [
        "kind: ConfigMap",
        "metadata: {name: x, namespace: b}",
        "spec: {~: 1}",
        "spec: {[a, b]: 1}",
        "metadata: {name: {{ .Values.name }}}",
    ],
)
def test_a_policy_with_keys_in_error_is_opaque(line: str):
    text = f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: x}}\n{line}\n"
    found, again = parse("a.yaml", text.encode()), parse("a.yaml", text.encode())
    assert found.opaque
    assert found.opaque == again.opaque


def test_a_file_that_cannot_be_read_is_another_with_other_bytes():
    [before], [same], [after] = (parse("a.yaml", text).opaque for text in (b"a: [", b"a: [", b"b: ["))
    assert before == same
    assert before != after


def test_other_kinds_are_skipped_and_counted():
    pool = named("projectcalico.org/v3", "IPPool")
    found = parse("a.yaml", raw(named("v1", "Service"), named("v1", "Service"), named("apps/v1", "Funny"), pool))
    assert (found.findings, found.opaque) == ([], [])
    assert found.skipped == {"Service": 2, "Funny.apps": 1, "IPPool.projectcalico.org": 1}


def test_what_is_no_object_is_told():
    found = parse("a.yaml", b"metadata: {name: x}\n---\n- 1\n---\napiVersion: v1\nkind: 7\n")
    assert [(f.check.code, str(f.where)) for f in found.findings] == [
        ("RF707", "a.yaml:1:1"),
        ("RF707", "a.yaml:3:1"),
        ("RF707", "a.yaml:5:1"),
    ]


def test_lists_are_unrolled_with_positions():
    text = b"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: Bad_}\n"
    found = parse("a.yaml", text)
    assert [str(f.where) for f in found.findings] == ["a.yaml:6:20"]
    typed = {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "p"}, "spec": {"containers": []}}]}
    (pod,) = parse("a.json", raw(typed)).workloads
    assert (pod.id, pod.kind) == ("default/p", "Pod")


def test_a_policy_declared_twice_is_left_out_and_opaque():
    policy = named("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}})
    found = parse_files({"a.yaml": raw(policy), "b.yaml": raw(policy)})
    (finding,) = found.findings
    assert (finding.check.code, str(finding.where), str(finding.related[0][0])) == ("RF704", "b.yaml:1:1", "a.yaml:1:1")
    assert (found.policies, [item.namespace for item in found.opaque]) == ([], ["n"])


def test_namespaces_and_workloads_declared_twice():
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
    pod = named("v1", "Pod", spec={"containers": []})
    found = parse_files({"a.yaml": raw(space, pod), "b.yaml": raw(space, pod, named("v1", "Pod", "y", spec={}))})
    assert [finding.check.code for finding in found.findings] == ["RF704", "RF704"]
    assert (len(found.namespaces), len(found.workloads)) == (1, 2)
    assert [(item.what, item.namespace, item.may_deny) for item in found.opaque] == [
        ("Namespace n", "", True),
        ("Pod n/x", "n", True),
    ]


def test_a_file_that_cannot_be_read_makes_everything_opaque():
    found = parse_files({"a.yaml": b"a: [", "b.yaml": raw(named("v1", "Pod", spec={}))})
    assert [(item.what, item.namespace, item.may_deny) for item in found.opaque] == [("file a.yaml", "", True)]
    assert len(found.workloads) == 1


TEMPLATE = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {
        "hostNetwork": True,
        "containers": [
            {"ports": [{"containerPort": 80, "name": "web"}, {"containerPort": 81}]},
            {"ports": [{"containerPort": 53, "name": "dns", "protocol": "UDP"}]},
        ],
        "initContainers": [
            {"ports": [{"containerPort": 1, "name": "gone"}]},
            {"restartPolicy": "Always", "ports": [{"containerPort": 2, "name": "stays"}]},
        ],
    },
}


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("v1", "ReplicationController"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
    ],
)
def test_workloads(api: str, kind: str):
    spec: dict[str, Any] = {"template": TEMPLATE}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    found = parse("a.yaml", raw(named(api, kind, spec=spec)))
    assert found.findings == []
    (item,) = found.workloads
    assert (item.id, item.kind, item.labels, item.host_network) == ("n/x", kind, (("app", "x"),), True)
    ports = (ContainerPort("dns", "UDP", 53), ContainerPort("stays", "TCP", 2), ContainerPort("web", "TCP", 80))
    assert item.ports == ports


def test_pods_have_owners_and_addresses():
    pod = named(
        "v1",
        "Pod",
        spec={"containers": []},
        status={"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]},
    )
    owners = [{"kind": "Node", "name": "n1", "controller": True}, {"kind": "X", "name": "no"}]
    pod["metadata"]["ownerReferences"] = [*owners, {"kind": "DaemonSet", "name": "d", "controller": True}]
    (item,) = parse("a.yaml", raw(pod)).workloads
    assert (item.owner, item.addresses) == (("DaemonSet", "d"), ("10.0.0.1", "fd00::1"))


@pytest.mark.parametrize(
    ("text", "place", "said", "kept"),
    [
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: 1}}\n", "3:33", "label `a`", True),
        ("apiVersion: v1\nkind: Pod\nmetadata: {}\n", "3:11", "no name", False),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: {}}\n",
            "4:20",
            "a mapping where a list",
            True,
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: 'yes'}\n",
            "4:21",
            "a text where a boolean",
            True,
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {}\n",
            "4:7",
            "`spec.template` is missing",
            False,
        ),
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\n", "1:1", "`spec` is missing", False),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n", "3:18", "no DNS label", True),
        ("apiVersion: v1\nkind: Namespace\nmetadata: null\n", "1:1", "`metadata` is missing", False),
    ],
)
def test_refused_workloads_and_namespaces(text: str, place: str, said: str, kept: bool):
    found = parse("a.yaml", text.encode())
    (finding,) = found.findings
    assert (finding.check.code, str(finding.where)) == ("RF705", f"a.yaml:{place}")
    assert said in finding.message
    assert bool(found.workloads or found.namespaces) == kept


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("{}", "None"),
        ("{containerPort: 0}", "0"),
        ("{containerPort: 1, name: A}", "'A'"),
        ("{containerPort: 1, protocol: X}", "'X'"),
    ],
)
def test_refused_container_ports(port: str, said: str):
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{ports: [{port}]}}]}}\n"
    found = parse("a.yaml", text.encode())
    assert [finding.check.code for finding in found.findings] == ["RF705"]
    assert said in found.findings[0].message
    assert [item.ports for item in found.workloads] == [()]


def test_a_generated_name_is_a_name_for_workloads():
    text = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: run-}\nspec: {template: {}}\n"
    assert [item.id for item in parse("a.yaml", text.encode()).workloads] == ["default/run"]


def test_a_word_that_readers_take_differently_is_told_and_read_as_text():
    found = parse("a.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {on-call: yes}}\nspec: {}\n")
    assert [finding.check.code for finding in found.findings] == ["RF016"]
    assert [item.labels for item in found.workloads] == [(("on-call", "yes"),)]
    assert found.opaque == []


def test_a_file_that_two_trees_share_is_read_once(monkeypatch: pytest.MonkeyPatch):
    one, two, other = (raw(named("v1", "Pod", name, spec={})) for name in ("one", "two", "other"))
    before, after = {"a.yaml": one, "b.yaml": two}, {"a.yaml": one, "b.yaml": other, "c.yaml": two}
    assert read_of(before, after, monkeypatch) == [one, two, other]


def test_what_may_act_beside_policies_is_said_once_a_kind():
    istio = [named("security.istio.io/v1", "AuthorizationPolicy", name) for name in "abc"]
    redirect = named("cilium.io/v2", "CiliumLocalRedirectPolicy")
    linkerd = named("policy.linkerd.io/v1beta3", "Server")
    others = [
        named("kyverno.io/v1", "Policy"),
        named("policy/v1", "PodDisruptionBudget"),
        named("apps/v1", "FunnyPolicy"),
    ]
    found = parse_files({"a.yaml": raw(*istio[:2], *others), "b.yaml": raw(istio[2], redirect, linkerd)})
    assert [(item.check.code, item.severity, item.where.path, item.where.line) for item in found.findings] == [
        ("RF715", "info", "a.yaml", 1),
        ("RF715", "info", "b.yaml", 3),
        ("RF715", "info", "b.yaml", 5),
    ]
    assert found.findings[0].message.startswith(
        "3 objects of the kind AuthorizationPolicy.security.istio.io not evaluated"
    )
    assert found.findings[1].message.startswith(
        "1 object of the kind CiliumLocalRedirectPolicy.cilium.io not evaluated"
    )
    assert not found.opaque


@pytest.mark.parametrize("items", [{"a": 1}, "x", 5, True])
@pytest.mark.parametrize("kind", ["List", "NetworkPolicyList", "PodList"])
def test_a_list_whose_items_are_no_list_leaves_everything_open(items: Any, kind: str):
    found = parse("a.yaml", raw({"apiVersion": "v1", "kind": kind, "items": items}))
    assert [(item.check.code, item.where.column) for item in found.findings] == [("RF705", 47 + len(kind) - 4)]
    assert [(item.namespace, item.may_deny) for item in found.opaque] == [("", True)]
    assert parse("a.yaml", raw({"apiVersion": "v1", "kind": kind, "items": None})).findings == []


@pytest.mark.parametrize("written", ["9" * 5000, '"' + "9" * 5000 + '"', "1_" + "9" * 5000, "0" + "9" * 5000])
def test_a_number_without_end_is_shown_by_its_start(written: str):
    port = f"{{port: {written}, protocol: {written}}}"
    spec = f"{{podSelector: {{}}, ingress: [{{ports: [{port}], from: [{{ipBlock: {{cidr: {written}}}}}]}}]}}"
    text = f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: x}}\nspec: {spec}\n"
    found = parse("a.yaml", text.encode())
    assert found.findings
    assert max(len(item.message + item.hint) for item in found.findings) < 400
    assert max(len(item.why) for item in found.opaque) < 400


def test_a_fraction_is_no_whole_number():
    spec = {"priority": 5.5, "subject": {"namespaces": {}}}
    found = parse("a.yaml", raw(named("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", spec=spec)))
    (finding,) = (item for item in found.findings if "fraction" in item.message)
    assert finding.message == "`spec.priority` is the fraction 5.5 where a whole number belongs"
    assert finding.hint == "write 5 or 6"


def test_a_policy_with_a_generated_name_is_called_by_it():
    meta = {"generateName": "web-", "namespace": "a"}
    found = parse("a.yaml", raw({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta}))
    assert [item.what for item in found.opaque] == ["NetworkPolicy a/(web-)…"]
    assert "no name but `generateName`" in found.findings[0].message
    nameless = named("networking.k8s.io/v1", "NetworkPolicy")
    del nameless["metadata"]["name"]
    assert [item.what for item in parse("a.yaml", raw(nameless)).opaque] == ["NetworkPolicy n/(no name)"]


def read_of(before: dict[str, bytes], after: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The texts that are read for two trees, which then have what they have by themselves, with its places."""
    alone = parse_files(before), parse_files(after)
    read = []
    really = documents.read_many
    known = Known([before, after])
    with monkeypatch.context() as patch:
        patch.setattr(documents, "read_many", lambda path, raw: read.append(raw) or really(path, raw))
        together = parse_files(before, known), parse_files(after, known)
    assert together == alone
    for found, own in zip(together, alone, strict=True):
        assert [item.where for item in found.workloads] == [item.where for item in own.workloads]
    return read


def test_of_two_files_that_differ_each_document_is_read_once(monkeypatch: pytest.MonkeyPatch):
    one, two, three = (b"---\n" + raw(named("v1", "Pod", name, spec={})) + b"\n" for name in ("one", "two", "three"))
    moved = b"# a comment\n" + one + two + three
    assert read_of({"a.yaml": one + two}, {"a.yaml": one + three + two}, monkeypatch) == [one, two, three]
    assert read_of({"a.yaml": one + two}, {"b.yaml": two + one}, monkeypatch) == [one, two]
    assert read_of({"a.yaml": one + two}, {"a.yaml": moved}, monkeypatch) == [one, two, b"# a comment\n", three]


def test_rules_that_the_types_leave_out_are_read_where_they_stand(monkeypatch: pytest.MonkeyPatch):
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "ingress": [{}], "egress": [{}]}
    one = b"---\n" + raw(named("networking.k8s.io/v1", "NetworkPolicy", "one", spec=spec)) + b"\n"
    comment = b"# a comment\n"
    assert read_of({"a.yaml": one}, {"a.yaml": comment + one}, monkeypatch) == [one, comment]
    before, after = (parse_files({"a.yaml": raw}, Known([{}, {"a.yaml": b""}])) for raw in (one, comment + one))
    assert [len(item.policies[0].left_out_ingress) for item in (before, after)] == [1, 1]


@pytest.mark.parametrize(
    "broken",
    [
        *(b"--- [\n", b"--- 'a\n", b"a: 'b\n--- c'\n", b"a: [\n---\n]\n", b"%YAML 1.1\n", b"...\n%TAG ! x\n"),
        *(
            b"--- {apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: yes}}}\n",
            b"---\ta: 1\n",
            b"--- a\nb: 1\n",
            b'{"a": 1}\n{"b": 2}\n',
        ),
        *(
            b"--- *a\n",
            b"--- \x00\n",
            b"--- \xff\n",
            b"---\na: \xe2\x80\xa8\n---\r\n",
            b"---\ra: 1\n",
            b"-\xc2\x85--- b\n",
        ),
    ],
)
def test_what_is_wrong_in_a_document_is_said_of_the_whole_file(broken: bytes, monkeypatch: pytest.MonkeyPatch):
    one, two = (b"---\n" + raw(named("v1", "Pod", name, spec={})) + b"\n" for name in ("one", "two"))
    for before, after in ((one + broken + two, two), (two, one + broken + two), (broken + one, broken + two)):
        read = read_of({"a.yaml": before}, {"a.yaml": after}, monkeypatch)
        assert before in read or after in read, "the file is read as a whole"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "---",
            "---\n",
            "--- a",
            "a\n---",
            "---\n---\n",
            "a\n...\n",
            "a\n...\n---\nb",
            "# a\n---\n",
        ),
        *(
            "a: |\n  x\n  ---\n  y\n",
            "a: |\n  x\n---\nb: >\n  y\n\n---\n",
            "- a\n--- |\n b\n--- # c\n- d\n",
            "a: '\n ---'\n",
        ),
        *(
            "?\n  a\n---\n- b\n",
            "a:\n---\nb:\n",
            "---a: 1\n---b: 1\n",
            "&a b: *a\n---\nc: &a d\n",
            "\ufeffa: 1\n---\nb\n",
        ),
        *("a: b\r\n---\r\nc:\r\n  - d\r\n", "---\n \n\n--- {\n a: 1}\n"),
    ],
)
def test_the_parts_of_a_file_are_its_documents(text: str):
    whole, findings = documents.read_many("a.yaml", text.encode())
    assert not findings
    parts = documents.split(text.encode())
    assert b"".join(part for _, part in parts) == text.encode()
    found = []
    for line, part in parts:
        read, findings = documents.read_many("", part)
        assert not findings
        found += [item.of("a.yaml", line) for item in read]
    assert [(item.data, item.at()) for item in found] == [(item.data, item.at()) for item in whole]
    for item, other in zip(found, whole, strict=True):
        keys = list(item.data) if isinstance(item.data, dict) else []
        assert [item.at_key(key) for key in keys] == [other.at_key(key) for key in keys]
