"""A scope holds both ends of the flows that matter to it, and nothing of the other flows in the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import affected, cache, model, sources
from ringfence.affected import Scope
from ringfence.model.remembered import Remembered
from ringfence.model.types import Model
from small_repository import HEADER, flows, over

TEAM = HEADER.format("Team") + 'contact: "#{0}"\nowners: ["@example/{0}"]\nnamespaces: [{0}]\n'
SPACE = HEADER.format("Namespace") + "workloads:\n  api:\n    labels: {app: api}\n    accepts: [%s]\n"
NAMES = ("caller", "far", "further", "near")
BETWEEN = flows(
    "name: to-near, from: api, to: near/api, ports: [80]",
    "name: to-far, from: api, to: [far/api, further/api], ports: [80]",
    "name: both, from: api, to: [near/api, far/api], ports: [81]",
)
EDITED = "teams/near/near/flows.yaml"


@pytest.fixture
def repository(repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """One namespace that calls two others, of which one is edited."""
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    files = over({f"teams/{name}/team.yaml": TEAM.format(name) for name in NAMES})
    files |= {f"teams/{name}/{name}/namespace.yaml": SPACE % "'caller/*'" for name in NAMES}
    files["teams/caller/caller/flows.yaml"] = BETWEEN
    files[EDITED] = flows("name: pay, from: api, to: payments/api, ports: [8443]")
    payments = "teams/payments/payments/namespace.yaml"
    files[payments] = files[payments].replace("accepts: [", "accepts: ['near/*', ")
    for path, text in files.items():
        repository.write(path, text)
    repository.commit()
    repository.write(EDITED, flows("name: pay, from: api, to: payments/api, ports: [8444]"))
    repository.commit()
    return repository


def scoped(repository: GitRepository, documents: Remembered) -> Scope:
    base = affected.base(repository.path, "HEAD~1")
    head = sources.beside(base, "HEAD", repository.git("rev-parse", "HEAD"), ("teams", "policies"))
    assert head
    found = affected.scope(base, head, documents=documents)
    assert found
    return found


def loaded(scope: Scope, documents: Remembered) -> list[Model]:
    sides = [model.load(part, scope.absent, documents, scope.within) for part in (scope.base, scope.head)]
    assert [findings for _, findings in sides] == [[], []]
    return [side for side, _ in sides if side]


def test_the_other_end_of_another_flow_is_not_looked_at(repository: GitRepository) -> None:
    documents = Remembered()
    scope = scoped(repository, documents)
    assert scope.namespaces == scope.within == {"near", "payments"}
    assert scope.absent == {"teams/further/further"}  # `far` is an end of a flow that has `near` for an end, too
    assert not any("further" in path for path in scope.head.files())
    for side in loaded(scope, documents):
        near = {flow.id for flow in side.flows if flow.namespace == "caller"}
        assert near == {"caller/both", "caller/to-near"}
        assert {"caller", "far", "near", "payments"} <= side.namespaces.keys()


def test_a_part_is_the_same_whatever_the_cache_knows(repository: GitRepository) -> None:
    unaided = scoped(repository, Remembered())
    store = cache.store()
    assert model.load(sources.revision(repository.path, "HEAD"), shared=Remembered(store))[0]
    known = Remembered(store)
    scope = scoped(repository, known)
    assert known.known
    assert not known.new
    assert (scope.absent, scope.within) == (unaided.absent, unaided.within)
    assert scope.head.files() == unaided.head.files()
    assert loaded(scope, known) == loaded(unaided, Remembered())


@pytest.mark.parametrize(
    "row", ["name: to-far, from: api, to: far/api", "name: 7, from: api, to: far/api, ports: [80], more: [further/api]"]
)
def test_of_what_is_in_error_all_names_count(repository: GitRepository, row: str) -> None:
    repository.write("teams/caller/caller/flows.yaml", BETWEEN + f"  - {{{row}}}\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--amend", "--message", "In error")
    base = repository.git("commit-tree", "HEAD^{tree}", "-m", "Another base", "-p", "HEAD~1")
    repository.write(EDITED, flows("name: pay, from: api, to: payments/api, ports: [8445]"))
    repository.commit()
    tree = affected.base(repository.path, base)
    head = sources.beside(tree, "HEAD", repository.git("rev-parse", "HEAD"), ("teams", "policies"))
    assert head
    found = affected.scope(tree, head)
    assert found
    assert found.absent == set()


def test_a_flow_that_matters_names_what_is_nowhere(repository: GitRepository) -> None:
    """It is told as it is of the whole repository; of a flow that does not matter here nothing is."""
    text = BETWEEN + flows("name: lost, from: api, to: near/apj, ports: [80]").partition("flows:\n")[2]
    text += flows("name: gone, from: api, to: nowhere/api, ports: [80]").partition("flows:\n")[2]
    repository.write("teams/caller/caller/flows.yaml", text)
    repository.commit()
    repository.write(EDITED, flows("name: pay, from: api, to: payments/api, ports: [8445]"))
    repository.commit()
    documents = Remembered()
    scope = scoped(repository, documents)
    for part in (scope.base, scope.head):
        _, findings = model.load(part, scope.absent, documents, scope.within)
        assert [(item.check.code, item.message.split("`")[1]) for item in findings] == [("RF110", "apj")]
