"""The rendered folders of two sides: what both hold is one object, and plain data is read where it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from msgspec.structs import replace

from rendered_repository import Files, edited, rendered
from ringfence import documents, verify
from ringfence.connectivity import diff
from ringfence.findings import Location
from ringfence.manifests import NetworkPolicy
from ringfence.model.types import Stage
from ringfence.verify import bundles
from ringfence.verify.bundle import Bundle
from ringfence.verify.declared import declared
from ringfence.verify.said import said
from small_repository import MemoryTree, flows

BASE = "policies/rendered/base/payments/payments/api.yaml"
FOLDER = "policies/rendered/overlays/dev/payments/payments"


def sides(head: Files) -> tuple[verify.States, verify.States]:
    files, model = rendered()
    base = verify.States(model, MemoryTree(files))
    return base, verify.States(model, MemoryTree(head), like=base)


def held(state: verify.State) -> Mapping[str, Bundle]:
    return {folder: bundle for folders in state.objects._bundles.values() for folder, bundle in folders.items()}


def test_what_both_sides_hold_is_one_object() -> None:
    base, head = sides(edited(rendered()[0], BASE, "port: 8443", "port: 8444"))
    before, after = (held(side.of("dev")) for side in (base, head))
    assert [folder for folder in before if before[folder] is not after[folder]] == [FOLDER]
    one, other = ({item.id: item for item in side[FOLDER].policies} for side in (before, after))
    assert [name for name in one if one[name] is not other[name]] == ["payments/ringfence-api"]


@pytest.mark.parametrize("many", [1, bundles.MANY])
def test_a_state_is_made_from_that_of_the_other_side_also_where_a_port_is_new(
    monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(bundles, "MANY", many)
    files, model = rendered()
    new = edited(files, BASE, "port: 8443", "port: 8444")
    base, head = sides(new)
    before = base.of("prod", beside=head)
    after = head.of("prod", before)
    assert after.connectivity.space.has_positions_of(before.connectivity.space)
    alone = (verify.States(model, MemoryTree(side)).of("prod").connectivity for side in (files, new))
    found = diff(before.connectivity, after.connectivity)
    assert found == diff(*alone)
    assert "8443/TCP" in {str(item.closed) for item in found}


def test_equal_declarations_say_the_same_objects() -> None:
    (files, one), (_, other) = rendered(), rendered()
    base = verify.States(one, MemoryTree(files))
    state = base.of("dev")
    assert one.workloads is not other.workloads
    assert verify.States(other, MemoryTree(files), like=base).of("dev", state).said is state.said
    more, loaded = rendered(
        {"teams/checkout/shop/x.yaml": flows("name: x, from: checkout, to: payments/api, ports: [9]")}
    )
    new = verify.States(loaded, MemoryTree(more), like=base).of("dev", state).said
    assert new is not None
    assert state.said is not None
    assert new.endpoints is state.said.endpoints
    assert new.declared == declared(loaded, new.clusters) != state.said.declared


def test_what_clusters_say_elsewhere_is_not_taken_over() -> None:
    _, model = rendered()
    stages = [(("shop", Stage("permissive", "enforce", Location("clusters.yaml", line, 1))),) for line in (3, 4)]
    one, other = ([replace(model.clusters["dev"], stages=stage)] for stage in stages)
    assert one == other  # but for places
    found = said(model, other, said(model, one)).declared
    assert found.opened["shop/checkout", "ingress"].where.line == 4


def test_what_clusters_have_in_common_is_one_object() -> None:
    side = sides(rendered()[0])[0]
    side.read(side.names)
    dev, prod = (side.of(name).connectivity.cluster.policies for name in ("dev", "prod"))
    assert {id(rule) for rule in rules(dev)} & {id(rule) for rule in rules(prod)}
    assert {item.id: item for item in dev}["payments/ringfence-api"].where.path == BASE


def rules(policies: tuple[NetworkPolicy, ...]) -> Iterator[object]:
    for item in policies:
        yield from (*(item.ingress or ()), *(item.egress or ()))


def test_plain_data_of_many_folders_is_read_where_it_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MANY", 1)
    base, head = sides(edited(rendered()[0], BASE, "port: 8443", "port: 8444"))
    state = base.of("dev")
    one, other = state.objects, head.of("dev", state).objects
    read: list[str] = []
    original = documents.read_many
    monkeypatch.setattr(documents, "read_many", lambda path, raw: read.append(path) or original(path, raw))
    assert (one.count, other.count) == (5, 5)
    assert one.namespaces("dev") == {"payments", "shop"}
    assert read == []
    before, after = one.beside(other)
    assert {path.split("/")[-2] for path in read} == {"payments"}
    assert [item["metadata"]["name"] for item in before["dev"]] == [item["metadata"]["name"] for item in after["dev"]]
    differing = [item["metadata"]["name"] for item, new in zip(before["dev"], after["dev"], strict=True) if item != new]
    assert differing == ["ringfence-api"]
    assert dict(one) != dict(other)


def test_what_is_there_twice_is_told_by_all_of_it() -> None:
    files = rendered()[0]
    other = "policies/rendered/base/checkout/shop/baseline.yaml"
    base, head = sides({**files, other: files[BASE]})  # what another folder, which does not differ, holds too
    one, two = base.of("dev").objects, head.of("dev").objects
    before, after = one.beside(two)
    assert (len(before["dev"]), len(after["dev"])) == (one.count, two.count)


@pytest.mark.parametrize("field", ["workloads", "peers", "namespaces", "flows", "grants"])
def test_what_stands_elsewhere_is_said_anew(field: str) -> None:
    _, model = rendered()
    clusters, found = [model.clusters["dev"]], getattr(model, field)
    own = said(model, clusters)
    items = found if isinstance(found, tuple) else tuple(found.values())
    moved = (*items[:-1], replace(items[-1], where=Location("elsewhere.yaml")))
    others = moved if found is items else dict(zip(found, moved, strict=True))
    assert said(replace(model, **{field: others}), clusters, own) is not own
