"""The plain form stands in for the packaged templates: letter for letter what they write, and they are not run."""

from __future__ import annotations

from pathlib import Path

import model_kit as kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence import model as declared
from ringfence import render, sources
from ringfence.findings import Location
from ringfence.model.types import ENFORCED, Guardrail, Model, Side, Stage
from ringfence.render import plain, templates
from ringfence.render.dialects import WHOLE

ROOT = Path(__file__).parents[3]
PACKAGED = {name: templates.packaged(name) for name in templates.NAMES}
STAGES = [ENFORCED, Stage("permissive", "permissive"), Stage("permissive", "enforce"), Stage("audit", "enforce")]
KINDS = ["none", "AdminNetworkPolicy", "ClusterNetworkPolicy", "calico", "cilium"]
HOSTILE = st.text(st.sampled_from("a :#\n\r\t\\\"'{}[]&*!|>%@`é\x00\x85\u2028\ufeff\U0001f600-"), max_size=12)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Models of every dialect, stage and kind of guardrails, with any text where text may be any."""
    model = draw(kit.models())
    clusters = {
        name: replace(
            kit.cluster(name, item.environment, item.namespace_pattern, draw(st.sampled_from(["kubernetes", *WHOLE]))),
            default_stage=draw(st.sampled_from(STAGES)),
            guardrails=draw(st.sampled_from(KINDS)),
        )
        for name, item in model.clusters.items()
    }
    names = st.sampled_from(sorted(model.namespaces))
    guardrails = tuple(
        Guardrail(
            f"g{index}",
            False,
            Side(namespaces=(draw(names),)),
            Side(namespaces=(draw(names),), world=draw(st.booleans())),
            draw(st.sampled_from([(), kit.ports("443")])),
            draw(HOSTILE),
            Location(f"policies/guardrails/{draw(HOSTILE)}.yaml", 1, 1),
        )
        for index in range(draw(st.integers(0, 2)))
    )
    flows = tuple(
        replace(flow, reason=draw(HOSTILE), ticket=draw(HOSTILE), expires=draw(st.none() | st.dates()))
        for flow in model.flows
    )
    return replace(model, clusters=clusters, flows=flows, guardrails=guardrails)


def both(model: Model) -> None:
    if any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        assert render.tree(model) == render.tree(model, PACKAGED)


@settings(deadline=None)
@given(models())
def test_what_the_packaged_templates_write(model: Model) -> None:
    both(model)


def test_what_they_write_for_the_repository_of_this_tool() -> None:
    model, _ = declared.load(sources.working_tree(ROOT))
    assert model is not None
    both(model)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that were run, and what they saw."""
    told: list[str] = []
    original = templates.Templates.run
    monkeypatch.setattr(
        templates.Templates,
        "run",
        lambda self, name, values: told.append(f"{name} {values}") or original(self, name, values),
    )
    return told


def test_a_packaged_template_is_not_run(run: list[str]) -> None:
    expected = [render.tree(model, PACKAGED) for model in (kit.small(), kit.other_dialects())]
    assert run
    run.clear()
    assert [render.tree(model) for model in (kit.small(), kit.other_dialects())] == expected
    assert run == []


@pytest.mark.parametrize("dialect", WHOLE)
def test_the_block_of_a_rule_that_many_share_is_written_once(run: list[str], dialect: str) -> None:
    name = f"{dialect}/rules.yaml.j2"
    render.tree(kit.other_dialects(), {name: PACKAGED[name]})
    written = [line for line in run if line.startswith(name)]
    assert sorted(written) == sorted(set(written))


@pytest.mark.parametrize("name", ["peers", "ports", "why"])
def test_it_is_where_a_block_in_it_is_the_repositorys(name: str) -> None:
    own = {f"kubernetes/{name}.yaml.j2": f"# our own\n{PACKAGED[f'kubernetes/{name}.yaml.j2']}"}
    written = render.tree(kit.small(), own)
    assert b"# our own" in written["policies/rendered/base/checkout/shop/frontend.yaml"]
    assert b"# our own" in written["policies/rendered/overlays/prod-eu/checkout/shop/baseline.patch.yaml"]


def every_template() -> Model:
    """A model of which every template writes something."""
    model = kit.other_dialects()
    clusters = {
        name: replace(item, default_stage=Stage("permissive", "enforce"), guardrails="calico")
        for name, item in {**kit.small().clusters, **model.clusters}.items()
    }
    sides = Side(namespaces=("shop",)), Side(namespaces=("payments",))
    here = Location("policies/guardrails/platform.yaml", 1, 1)
    return replace(model, clusters=clusters, guardrails=(Guardrail("g", False, *sides, (), "Because", here),))


@pytest.mark.parametrize("name", templates.NAMES)
def test_each_template_of_a_repository_is_run_and_held_to_what_was_compiled(run: list[str], name: str) -> None:
    assert render.tree(every_template(), {name: PACKAGED[name]}) == render.tree(every_template())
    assert any(line.startswith(name) for line in run)
    with pytest.raises(render.TemplateError) as caught:
        render.tree(every_template(), {name: f"{PACKAGED[name]}more: 1\n"})
    assert caught.value.finding.check.code == "RF411"
    assert caught.value.finding.where.path == f"policies/templates/{name}"


def test_comments_are_what_every_reader_takes_for_comments() -> None:
    ends = {*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000), 0xFEFF, 0xFFFE, 0xFFFF}
    taken = {point for point in range(0x10400) if plain.only_comments(f"# one\n# {chr(point)}")}
    assert taken == set(range(0x10400)) - ends
    assert plain.only_comments("#\n#")
    assert not any(map(plain.only_comments, ("", "a", "# a\n", "# a\n\n# b", "\n#")))
