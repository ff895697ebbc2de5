"""Two sides that share what they have in common are what each of them is alone, whatever somebody edits by hand."""

from __future__ import annotations

import random

import pytest

from rendered_repository import TODAY, Files, rendered
from ringfence import verify
from ringfence.model.types import Model
from small_repository import MemoryTree

EDITS = (
    ("port: 8443", "port: 8444"),
    ("TCP", "UDP"),
    ("- Egress", "- Ingress"),
    ("matchLabels", "matchExpressions"),
    ("namespace: ", "namespace: x"),
    ("10.", "11."),
    ("app", "tier"),
    ("resources:", "resources: []\nothers:"),
    ("apiVersion", "apiversion"),
)


def by_hand(files: Files, chosen: random.Random) -> Files:
    """The files with some edits, and perhaps without one."""
    paths = [path for path in files if path.startswith(("policies/rendered/base", "policies/rendered/overlays"))]
    result = dict(files)
    for path in chosen.sample(paths, 3):
        old, new = chosen.choice(EDITS)
        result[path] = result[path].replace(old.encode(), new.encode(), chosen.choice((1, 9)))
    if chosen.random() < 0.3:
        del result[chosen.choice(paths)]
    return result


def said(state: verify.State, model: Model) -> object:
    """All that a state holds, as plain values."""
    judged = [*verify.compare(state), *verify.violations(state, model, TODAY)]
    return list(state.connectivity.rows()), state.findings, judged, state.objects


@pytest.mark.parametrize("seed", range(30))
def test_a_side_that_shares_is_what_it_is_alone(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - no secret
    files, model = rendered()
    trees = [MemoryTree(files), MemoryTree(by_hand(files, chosen))]
    chosen.shuffle(trees)
    before = verify.States(model, trees[0])
    after = verify.States(model, trees[1], like=before)
    for name in before.names:
        one = before.of(name)
        other = after.of(name, one)
        for found, tree in ((one, trees[0]), (other, trees[1])):
            assert said(found, model) == said(verify.States(model, tree).of(name), model)
