"""Two sides that share what they have in common are what each of them is alone, whatever somebody edits by hand."""

from __future__ import annotations

import random

import pytest

from rendered_repository import TODAY, Files, rendered
from ringfence import verify
from ringfence.impact import waves
from ringfence.impact.objects import object_changes
from ringfence.model.types import Model
from ringfence.verify import bundles
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
    if chosen.random() < 0.2:  # an object of another namespace, which is there twice
        path, other = chosen.sample([path for path in paths if "/base/" in path and "kustomization" not in path], 2)
        result[path] = result[other]
    if chosen.random() < 0.3:
        del result[chosen.choice(paths)]
    return result


def said(state: verify.State, model: Model) -> object:
    """All that a state holds, as plain values."""
    judged = [*verify.compare(state), *verify.violations(state, model, TODAY)]
    return list(state.connectivity.rows()), state.findings, judged, state.objects


@pytest.mark.parametrize("seed", range(30))
def test_a_side_that_shares_is_what_it_is_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:
        monkeypatch.setattr(bundles, "MANY", 1)  # nothing is kept as plain data
    chosen = random.Random(seed)  # noqa: S311 - no secret
    files, model = rendered()
    trees = [MemoryTree(files), MemoryTree(by_hand(files, chosen))]
    chosen.shuffle(trees)
    before = verify.States(model, trees[0])
    after = verify.States(model, trees[1], like=before)
    if seed % 3:
        before.read(before.names)
        after.read(after.names)
    for name in before.names:
        one = before.of(name)
        other = after.of(name, one)
        alone = [verify.States(model, tree).of(name) for tree in trees]
        assert [said(found, model) for found in (one, other)] == [said(found, model) for found in alone]
        for first, second in ((0, 1), (1, 0)):
            sides = [[one, other], alone]
            changes, expected = (object_changes(pair[first].objects, pair[second].objects) for pair in sides)
            assert changes == expected
            steps, expected_steps = (list(waves.transient(pair[first], pair[second])) for pair in sides)
            assert steps == expected_steps
