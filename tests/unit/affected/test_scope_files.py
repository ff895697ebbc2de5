"""The files of a scope, one by one: all that speaks of what differs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from git_repository import GitRepository
from ringfence import affected, sources
from ringfence.sources import BlobTree, Tree

HEAD = "apiVersion: ringfence.dev/v1alpha1\nkind: {}\n"
FLOW = "  - {{name: {0}, from: {1}, to: {2}, ports: [1], reason: R}}\n"
SHOP, PAY, LEDGER = "teams/checkout/shop", "teams/payments/pay", "teams/books/ledger"
RENDERED = "policies/rendered"


def flows(*ends: tuple[str, str]) -> str:
    return HEAD.format("Flows") + "flows:\n" + "".join(FLOW.format(f"f{at}", *both) for at, both in enumerate(ends))


def workloads(*names: str, accepts: str = "") -> str:
    rows = (f"  {name}: {{labels: {{app: {name}}}, ports: {{x: 1}}{accepts}}}\n" for name in names)
    return HEAD.format("Namespace") + "workloads:\n" + "".join(rows)


FILES = {
    "README.md": "shop/x",
    "policies/ringfence.yaml": HEAD.format("Settings"),
    "policies/baseline/b.yaml": HEAD.format("Baseline") + "grants: [{to: gate/out, owner: audit}]\n",
    "policies/clusters/dev.yaml": HEAD.format("Cluster"),
    "policies/clusters/prod.yaml": HEAD.format("Cluster"),
    "teams/README": "about pay/api\n",
    **{f"teams/{name}/team.yaml": HEAD.format("Team") for name in ("audit", "books", "checkout", "payments", "post")},
    f"{SHOP}/namespace.yaml": workloads("web", "cart"),
    f"{SHOP}/flows.yaml": flows(("web", "cart")),
    f"{SHOP}/old.yaml": flows(("cart", "web")),
    f"{PAY}/namespace.yaml": workloads("api"),
    f"{PAY}/flows.yaml": flows(("api", "ledger/store")),
    f"{LEDGER}/namespace.yaml": workloads("store"),
    f"{LEDGER}/flows.yaml": flows(("store", "mail/out")),
    "teams/post/mail/namespace.yaml": workloads("out"),
    "teams/post/mail/flows.yaml": flows(("out", "quay/in")),
    "teams/post/quay/namespace.yaml": workloads("in"),
    "teams/post/gate/namespace.yaml": workloads("out"),
    "teams/watchers/watch/namespace.yaml": workloads("probe"),
    "teams/watchers/watch/flows.yaml": flows(("probe", "pay/api")),
    "teams/loose/nobody/flows.yaml": flows(("pay/api", "one")),
    **{
        f"{RENDERED}/{above}/{place}/x.yaml": "rules: []\n"
        for above in ("base", "overlays/dev", "overlays/prod")
        for place in ("checkout/shop", "payments/pay", "books/ledger", "elsewhere/none")
    },
    f"{RENDERED}/base/kustomization.yaml": "x",
    f"{RENDERED}/overlays/dev/kustomization.yaml": "x",
}
POLICIES = [path for path in FILES if path.startswith("policies/") and not path.startswith(RENDERED)]
SPEAKING_OF_PAY = [
    "teams/README",
    f"{PAY}/flows.yaml",
    f"{PAY}/namespace.yaml",
    "teams/payments/team.yaml",
    # those at the other ends, and what `policies/` names
    "teams/audit/team.yaml",
    f"{LEDGER}/namespace.yaml",
    "teams/books/team.yaml",
    "teams/post/gate/namespace.yaml",
    "teams/post/team.yaml",
    "teams/watchers/watch/flows.yaml",
    "teams/watchers/watch/namespace.yaml",
    "teams/loose/nobody/flows.yaml",
]
OF_SHOP = [f"{SHOP}/flows.yaml", f"{SHOP}/namespace.yaml", "teams/checkout/team.yaml"]


def rendered(*places: str) -> list[str]:
    return [
        f"{RENDERED}/{above}/{place}/x.yaml" for above in ("base", "overlays/dev", "overlays/prod") for place in places
    ]


@pytest.fixture
def declared(repository: GitRepository) -> GitRepository:
    for path, content in FILES.items():
        repository.write(path, content)
    return repository


def on_disk(repository: GitRepository) -> tuple[Tree, Tree]:
    return affected.base(repository.path, "HEAD"), sources.working_tree(repository.path)


def staged(repository: GitRepository) -> tuple[Tree, Tree]:
    repository.git("add", "--all")
    return sources.revision(repository.path, "HEAD"), sources.index(repository.path)


def committed(repository: GitRepository) -> tuple[Tree, Tree]:
    repository.commit()
    return affected.base(repository.path, "HEAD~1"), sources.revision(repository.path, "HEAD")


def beside(repository: GitRepository) -> tuple[Tree, Tree]:
    sha = repository.commit()
    base = affected.base(repository.path, "HEAD~1")
    head = sources.beside(base, "HEAD", sha, ("teams", "policies"))
    assert head is not None
    return base, head


Sides = Callable[[GitRepository], tuple[Tree, Tree]]
SIDES: tuple[Sides, ...] = (on_disk, staged, committed, beside)
every_side = pytest.mark.parametrize("sides", SIDES)


def found(repository: GitRepository, sides: Sides = on_disk) -> affected.Scope:
    scope = affected.scope(*sides(repository))
    assert scope is not None
    return scope


def files(tree: Tree) -> list[str]:
    """All files of one side, each of which can be read."""
    listed = tree.files()
    assert [path for path in listed if not tree.read(path)] == []
    assert tree.problems() == []
    return listed


@every_side
def test_the_files_of_an_edit_of_flows(declared: GitRepository, sides: Sides) -> None:
    declared.commit()
    declared.write("README.md", "another\n")
    declared.write(f"{SHOP}/more.yaml", flows(("cart", "pay/api")))
    (declared.path / f"{SHOP}/old.yaml").unlink()
    (declared.path / f"{PAY}/flows.yaml").chmod(0o755)  # differs in its mode alone
    scope = found(declared, sides)
    assert scope.namespaces == {"shop", "pay"}
    both = {*POLICIES, *SPEAKING_OF_PAY, *OF_SHOP, *rendered("checkout/shop", "payments/pay")}
    assert files(scope.base) == sorted({*both, f"{SHOP}/old.yaml"})
    assert files(scope.head) == sorted({*both, f"{SHOP}/more.yaml"})
    assert scope.head.read(f"{SHOP}/more.yaml") == flows(("cart", "pay/api")).encode()
    assert scope.paths == (f"{SHOP}/more.yaml", f"{SHOP}/old.yaml")
    assert scope.absent == {"teams/post/mail", "teams/post/quay"}


@every_side
@pytest.mark.parametrize(("before", "after"), [("quay/in", "shop/web"), ("shop/web", "quay/in")])
def test_the_files_of_other_workloads(declared: GitRepository, sides: Sides, before: str, after: str) -> None:
    """Whoever has a flow to or from them is concerned, and what their workloads speak of is declared, on both sides."""
    old, new = (workloads("store", accepts=f", accepts: [{name}]") for name in (before, after))
    declared.write(f"{LEDGER}/namespace.yaml", old)
    declared.commit()
    declared.write(f"{LEDGER}/namespace.yaml", new)
    scope = found(declared, sides)
    assert scope.namespaces == {"ledger", "pay", "mail"}
    assert scope.paths == (f"{LEDGER}/namespace.yaml",)
    expected = {
        *POLICIES,
        *SPEAKING_OF_PAY,
        f"{LEDGER}/flows.yaml",
        "teams/post/mail/flows.yaml",
        "teams/post/mail/namespace.yaml",
        "teams/post/quay/namespace.yaml",
        f"{SHOP}/namespace.yaml",
        "teams/checkout/team.yaml",
        *rendered("books/ledger", "payments/pay"),
    }
    assert files(scope.base) == files(scope.head) == sorted(expected)
    assert [side.read(scope.paths[0]).decode() for side in (scope.base, scope.head)] == [old, new]
    assert scope.absent == set()


@pytest.mark.parametrize("more", ["", "more: in error\n"])
def test_other_workloads_concern_all_ends_of_their_flows(declared: GitRepository, more: str) -> None:
    """Those of files that differ elsewhere too, and of files in error."""
    several = ("probe", "[ledger/store, gate/out]")
    declared.write("teams/watchers/watch/flows.yaml", flows(several, ("probe", "nobody/one")) + more)
    kept = ("api", "[ledger/store, quay/in]")
    declared.write(f"{PAY}/flows.yaml", flows(kept, ("api", "api")) + more)
    declared.commit()
    other_workloads(declared)
    declared.write(f"{PAY}/flows.yaml", flows(kept, ("api", "shop/web")) + more)
    assert found(declared).namespaces == {"ledger", "mail", "pay", "quay", "shop", "watch", "gate"}


@every_side
def test_an_edit_of_no_flow_concerns_its_namespace(declared: GitRepository, sides: Sides) -> None:
    declared.commit()
    declared.write(f"{SHOP}/flows.yaml", FILES[f"{SHOP}/flows.yaml"] + "# a comment\n")
    scope = found(declared, sides)
    assert scope.namespaces == {"shop"}
    expected = {*POLICIES, *OF_SHOP, f"{SHOP}/old.yaml", "teams/audit/team.yaml", "teams/post/gate/namespace.yaml"}
    assert files(scope.head) == sorted({*expected, "teams/post/team.yaml", *rendered("checkout/shop")})
    assert scope.absent == {
        f"teams/{place}"
        for place in ("payments/pay", "books/ledger", "post/mail", "post/quay", "watchers/watch", "loose/nobody")
    }


@every_side
@pytest.mark.parametrize("path", rendered("checkout/shop"))
def test_an_edit_of_a_rendered_file_concerns_its_namespace(declared: GitRepository, sides: Sides, path: str) -> None:
    declared.commit()
    new = path.replace("x.yaml", "y.yaml")
    declared.write(path, "rules: [{}]\n")
    declared.write(new, "rules: [{}]\n")
    scope = found(declared, sides)
    assert (scope.namespaces, scope.paths) == ({"shop"}, (path, new))
    assert [name for name in files(scope.base) if name.startswith(RENDERED)] == rendered("checkout/shop")
    assert [name for name in files(scope.head) if name.startswith(RENDERED)] == sorted(
        [*rendered("checkout/shop"), new]
    )
    assert [name for name in files(scope.head) if name.startswith(SHOP)] == [
        f"{SHOP}/{name}.yaml" for name in ("flows", "namespace", "old")
    ]


@every_side
def test_what_is_rendered_for_a_namespace_that_nobody_declares(declared: GitRepository, sides: Sides) -> None:
    declared.commit()
    edited, gone, kept = rendered("elsewhere/none")
    declared.write(edited, "rules: [{}]\n")
    (declared.path / gone).unlink()
    scope = found(declared, sides)
    assert (scope.namespaces, scope.paths) == (set(), (edited, gone))
    assert [name for name in files(scope.base) if name.startswith(RENDERED)] == [edited, gone]
    assert [name for name in files(scope.head) if name.startswith(RENDERED)] == [edited]
    assert kept not in scope.base.files()


@every_side
def test_a_folder_that_comes_with_flows_alone(declared: GitRepository, sides: Sides) -> None:
    declared.commit()
    path = "teams/fresh/berth/flows.yaml"
    declared.write(path, flows(("one", "quay/in")))
    scope = found(declared, sides)
    assert scope.namespaces == {"berth", "quay"}
    assert path in files(scope.head)
    assert set(files(scope.head)) - {path} == set(files(scope.base))
    assert "teams/fresh/berth" not in scope.absent


@every_side
def test_all_flows_of_what_a_waiver_speaks_of(declared: GitRepository, sides: Sides) -> None:
    waivers = HEAD.format("Waivers") + "waivers: [{subject: mail/f0}]\n"
    declared.write("policies/waivers/w.yaml", waivers)
    declared.commit()
    declared.write(f"{SHOP}/flows.yaml", flows(("cart", "web")))
    scope = found(declared, sides)
    assert scope.namespaces == {"shop"}
    others = [path for path in files(scope.head) if path.startswith("teams/") and not path.startswith(SHOP)]
    assert others == [
        "teams/audit/team.yaml",
        "teams/checkout/team.yaml",
        "teams/post/gate/namespace.yaml",
        "teams/post/mail/flows.yaml",
        "teams/post/mail/namespace.yaml",
        "teams/post/quay/namespace.yaml",
        "teams/post/team.yaml",
    ]


def waived(repository: GitRepository) -> None:
    repository.write(f"{SHOP}/flows.yaml", flows(("cart", "gate/out")))


def not_waived(repository: GitRepository) -> None:
    repository.write(f"{LEDGER}/flows.yaml", flows(("store", "quay/in")))


def other_workloads(repository: GitRepository) -> None:
    repository.write(f"{LEDGER}/namespace.yaml", workloads("store", "other"))


@pytest.mark.parametrize("cluster", ["dev", "prod"])
@pytest.mark.parametrize(("edit", "clear"), [(waived, False), (not_waived, True), (other_workloads, False)])
def test_guardrails_as_policies_speak_of_labels_and_of_what_is_waived(
    declared: GitRepository, cluster: str, edit: Callable[[GitRepository], None], clear: bool
) -> None:
    guardrails = f"{RENDERED}/overlays/{cluster}/_cluster/guardrails.yaml"
    declared.write("policies/waivers/w.yaml", HEAD.format("Waivers") + "waivers: [{subject: shop/f0}]\n")
    declared.commit()
    edit(declared)
    assert found(declared).namespaces
    declared.git("checkout", "--quiet", "HEAD", "--", "teams")
    declared.write(guardrails, "rules: []\n")
    declared.commit()
    edit(declared)
    scope = affected.scope(*on_disk(declared))
    assert (scope is not None) == clear
    assert scope is None or guardrails in files(scope.head)


def test_what_differs_may_be_told(declared: GitRepository) -> None:
    declared.commit()
    declared.write("README.md", "another\n")
    declared.write(f"{SHOP}/flows.yaml", flows(("cart", "web")))
    base, head = on_disk(declared)
    scope = affected.scope(base, head, frozenset({"README.md", f"{SHOP}/flows.yaml"}))
    assert scope is not None
    assert (scope.namespaces, scope.paths) == ({"shop"}, (f"{SHOP}/flows.yaml",))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("policies/clusters/dev.yaml", "x"),
        ("policies/adopted/dev/shop/old.yaml", "x"),
        ("policies/new.yaml", "x"),
        ("policies/rendered/x.yaml", "x"),
        (f"{RENDERED}/base/kustomization.yaml", "y"),
        (f"{RENDERED}/base/_cluster/all/x.yaml", "y"),
        (f"{RENDERED}/overlays/dev/kustomization.yaml", "y"),
        (f"{RENDERED}/overlays/dev/_cluster/guardrails.yaml", "y"),
        (f"{RENDERED}/overlays/dev/_cluster/all/x.yaml", "y"),
        (f"{RENDERED}/base/checkout/shop/below/x.yaml", "y"),
        ("teams/README", "y"),
        ("teams/audit/team.yaml", "y"),
        (f"{SHOP}/below/flows.yaml", flows(("web", "cart"))),
        (f"{SHOP}/namespace.yaml", workloads("web", "cart") + "description: Another\n"),
        (f"{SHOP}/flows.yaml", "kind: ["),
        (f"{SHOP}/flows.yaml", workloads("web")),
        (f"{SHOP}/other.yaml", workloads("web")),
        (f"{SHOP}/old.yaml", HEAD.format("Flows") + "flows: [one]\n"),
    ],
)
def test_what_may_concern_everything(declared: GitRepository, path: str, content: str) -> None:
    declared.commit()
    declared.write(path, content)
    assert affected.scope(*on_disk(declared)) is None


def test_what_is_adopted_allows_what_is_in_no_flow(declared: GitRepository) -> None:
    declared.write("policies/adopted/dev/shop/old.yaml", "x")
    declared.commit()
    declared.write(f"{SHOP}/flows.yaml", flows(("cart", "web")))
    assert affected.scope(*on_disk(declared)) is None


@pytest.mark.parametrize("folder", [f"{RENDERED}/base/checkout/shop", f"{RENDERED}/overlays/dev/_cluster"])
def test_a_link_among_what_is_rendered(declared: GitRepository, folder: str) -> None:
    declared.write(f"{folder}/x.yaml", "x")
    (declared.path / folder / "link.yaml").symlink_to("x.yaml")
    declared.commit()
    declared.write(f"{LEDGER}/flows.yaml", flows(("store", "quay/in")))
    scope = affected.scope(*on_disk(declared))
    assert (scope is None) == folder.endswith("_cluster")
    declared.write(f"{SHOP}/flows.yaml", flows(("cart", "web")))
    assert affected.scope(*on_disk(declared)) is None


@pytest.mark.parametrize(
    "lost", [f"{SHOP}/flows.yaml", f"{SHOP}/old.yaml", "teams/checkout/team.yaml", *rendered("checkout/shop")]
)
@pytest.mark.parametrize("sides", [on_disk, beside])
def test_what_git_has_lost(declared: GitRepository, sides: Sides, lost: str) -> None:
    """Whatever the file is to the scope, and also where nobody has to read it to find that."""
    declared.write(lost, FILES[lost] + "# lost\n")
    declared.commit()
    edited = f"{SHOP}/flows.yaml"
    declared.write(edited, flows(("cart", "web")))
    trees = sides(declared)
    assert affected.scope(*trees) is not None
    base = sides(declared)[0] if sides is on_disk else affected.base(declared.path, "HEAD~1")
    name = declared.git("rev-parse", f"{'HEAD' if sides is on_disk else 'HEAD~1'}:{lost}")
    (declared.path / ".git/objects" / name[:2] / name[2:]).unlink()
    assert isinstance(base, BlobTree)
    head = (
        sources.working_tree(declared.path)
        if sides is on_disk
        else sources.beside(base, "HEAD", declared.git("rev-parse", "HEAD"), ("teams", "policies"))
    )
    assert head is not None
    assert affected.scope(base, head) is None


def test_a_base_that_is_none_of_gits(declared: GitRepository) -> None:
    declared.commit()
    tree = sources.working_tree(declared.path)
    assert affected.scope(tree, tree, frozenset({f"{SHOP}/flows.yaml"})) is None
