"""Trees of which only some folders are listed: what comes to them, and another commit that is listed beside one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import sources
from ringfence.sources import BlobTree, Unreadable, blobs, listing
from ringfence.sources.objects import Object
from ringfence.sources.repository import Failed, Repository, open_repository

FILES = (
    "policies/ringfence.yaml",
    "policies/rendered/base/x.yaml",
    "policies/rendered/base/y.yaml",
    "policies/rendered-not/x.yaml",
    "policies/z.yaml",
    "teams/a b/é.yaml",
    "teams/a b/below/it.yaml",
    "teams/a b-c/x.yaml",
    "teams/b/x.yaml",
    "teams/file",
    "top.yaml",
)


@pytest.fixture(params=["", "net work/"])
def root(repository: GitRepository, request: pytest.FixtureRequest) -> Path:
    """The root of files that say their paths: the top of the repository, or a folder below it."""
    for path in FILES:
        repository.write(f"{request.param}{path}", path)
        repository.write(f"other/{path}", "other")
    repository.commit()
    return repository.path / request.param


def opened(root: Path) -> tuple[Repository, str]:
    repository = open_repository(root)
    return repository, GitRepository(root).git("rev-parse", "HEAD")


def paths(root: Path, wanted: Iterable[str], but: Iterable[str] = ()) -> list[str]:
    repository, commit = opened(root)
    prefix = repository.prefix
    found = listing.at(repository, commit, [prefix + path for path in wanted], [prefix + path for path in but])
    told = [(path.removeprefix(prefix), mode, id_) for mode, id_, path in found]
    ids = {path: GitRepository(root).git("rev-parse", f"HEAD:{prefix}{path}") for path, _, _ in told}
    assert [(mode, id_) for _, mode, id_ in told] == [("100644", ids[path]) for path, _, _ in told]
    return sorted(path for path, _, _ in told)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        (["nowhere", "teams/nowhere/x", "top.yaml/x", "teams/file/x/y"], []),
        (["top.yaml", "teams/file"], ["teams/file", "top.yaml"]),
        (["teams/a b"], ["teams/a b/below/it.yaml", "teams/a b/é.yaml"]),
        (["teams/a b/é.yaml", "teams/b/x.yaml"], ["teams/a b/é.yaml", "teams/b/x.yaml"]),
        (["teams/a b/below", "teams/a b"], ["teams/a b/below/it.yaml", "teams/a b/é.yaml"]),
        (["teams/a b", "teams/a b/below", "teams/a b/below/it.yaml"], ["teams/a b/below/it.yaml", "teams/a b/é.yaml"]),
        (["policies"], [path for path in FILES if path.startswith("policies/")]),
    ],
)
def test_what_lies_at_some_paths(root: Path, wanted: list[str], expected: list[str]) -> None:
    assert paths(root, wanted) == sorted(expected)


def test_what_is_left_out(root: Path) -> None:
    assert paths(root, ["policies"], ["policies/rendered", "policies/z.yaml"]) == [
        "policies/rendered-not/x.yaml",
        "policies/ringfence.yaml",
    ]


def test_what_stands_right_in_a_folder(root: Path) -> None:
    tree = sources.revision(root, "HEAD", ("policies",))
    git = GitRepository(root).git
    assert tree.entries("teams") == [
        (mode, git("rev-parse", f"HEAD:./teams/{name}"), name)
        for mode, name in (("40000", "a b-c"), ("40000", "a b"), ("40000", "b"), ("100644", "file"))
    ]
    assert [name for _, _, name in tree.entries("teams/a b")] == ["below", "é.yaml"]
    assert tree.entries("nowhere") == tree.entries("teams/nowhere/at/all") == tree.entries("teams/file") == []


def test_an_object_that_is_no_tree(root: Path) -> None:
    repository, commit = opened(root)
    for name in (commit, "0" * len(commit), f"{commit}:nowhere"):
        with pytest.raises(Failed, match=f"there is no tree {name}"):
            listing._trees(repository, [f"{commit}^{{tree}}", name])


@pytest.mark.parametrize("size", [20, 32])
def test_the_entries_of_a_tree(size: int) -> None:
    """With ids of either length, any bytes in them and in names, and modes as some tools once wrote them."""
    rows = [(b"40000", b"a b\n"), (b"100644", b"\xff"), (b"0100755", b"40000 c"), (b"040000", b"d")]
    ids = [bytes([at]) * size for at in (0, 10, 32, 255)]
    raw = b"".join(b"%s %s\0%s" % (*row, id_) for row, id_ in zip(rows, ids, strict=True))
    assert list(listing.entries(Object("ab" * size, "tree", raw))) == [
        ("40000", ids[0].hex(), "a b\n"),
        ("100644", ids[1].hex(), os.fsdecode(b"\xff")),
        ("100755", ids[2].hex(), "40000 c"),
        ("40000", ids[3].hex(), "d"),
    ]


def told(tree: BlobTree) -> list[tuple[str, str]]:
    return [(finding.check.code, finding.where.path) for finding in tree.problems()]


def test_folders_and_files_that_are_listed_later(root: Path) -> None:
    for link in ("policies/link", "teams/b/link", "teams/a b/link"):
        (root / link).symlink_to("nowhere")
    GitRepository(root).commit()
    tree = sources.revision(root, "HEAD", ("policies",), ("policies/rendered",))
    listed = ["policies/rendered-not/x.yaml", "policies/ringfence.yaml", "policies/z.yaml"]
    assert tree.files() == list(tree.blobs) == listed
    assert told(tree) == [("RF040", "policies/link")]
    tree.also([])
    tree.also(["nowhere"])
    assert tree.files() == listed
    tree.also(["teams/b", "policies/rendered/base/y.yaml", "top.yaml"])
    listed += ["policies/rendered/base/y.yaml", "teams/b/x.yaml", "top.yaml"]
    assert tree.files() == list(tree.blobs) == sorted(listed)
    tree.also(["teams/a b", "teams/b"])
    listed += ["teams/a b/below/it.yaml", "teams/a b/é.yaml"]
    assert tree.files() == list(tree.blobs) == sorted(listed)
    assert [tree.read(path).decode() for path in listed] == listed
    links = ["policies/link", "teams/a b/link", "teams/b/link"]
    assert told(tree) == [("RF040", link) for link in links]
    assert not tree.whole
    whole = sources.revision(root, "HEAD")
    whole.also(["teams/b"])
    assert [path for path in whole.files() if not path.startswith("other/")] == sorted(FILES)


def test_files_whose_ids_are_known(root: Path) -> None:
    whole = sources.revision(root, "HEAD")
    tree = sources.revision(root, "HEAD", ("teams/b",))
    assert tree.files() == ["teams/b/x.yaml"]
    tree.know({"top.yaml": whole.blobs["top.yaml"], "policies/z.yaml": whole.blobs["policies/z.yaml"]})
    assert tree.files() == list(tree.blobs) == ["policies/z.yaml", "teams/b/x.yaml", "top.yaml"]
    assert tree.read("top.yaml") == b"top.yaml"
    tree.know({"teams/b/x.yaml": whole.blobs["teams/file"]})
    assert tree.read("teams/b/x.yaml") == b"teams/file"


def test_the_files_below_a_folder(root: Path) -> None:
    tree = sources.revision(root, "HEAD", ("policies", "teams", "top.yaml"))
    assert tree.files("teams/a b") == ["teams/a b/below/it.yaml", "teams/a b/é.yaml"]
    assert tree.files("policies/rendered") == ["policies/rendered/base/x.yaml", "policies/rendered/base/y.yaml"]
    assert tree.files("top.yaml") == ["top.yaml"]
    assert tree.files("teams/a") == tree.files("top") == tree.files("zebra") == []


def test_a_part_of_a_commit_may_grow(root: Path) -> None:
    tree = sources.revision(root, "HEAD")
    part = tree.part(["top.yaml", "policies/z.yaml"])
    assert list(part.blobs) == part.files() == ["policies/z.yaml", "top.yaml"]
    part.also(["teams/b"])
    assert part.files() == ["policies/z.yaml", "teams/b/x.yaml", "top.yaml"]


@pytest.mark.parametrize("many", [1, 2, 4, 5, 6])
def test_contents_that_are_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(blobs, "MANY", many)
    tree = sources.revision(root, "HEAD")
    wanted = [*FILES[:4], FILES[0]]
    assert list(tree.contents(wanted)) == [(path, path.encode()) for path in wanted]
    assert list(tree.contents([])) == []
    commit = GitRepository(root).git("rev-parse", "HEAD")
    for name in ("0" * len(commit), commit):
        tree.know({FILES[2]: name})
        with pytest.raises(Unreadable) as raised:
            list(tree.contents(wanted))
        assert (raised.value.path, raised.value.why) == (FILES[2], blobs.LACKING)


def test_a_commit_beside_another(root: Path) -> None:
    git = GitRepository(root)
    first = git.git("rev-parse", "HEAD")
    git.write("teams/b/x.yaml", "altered")
    git.write("teams/b/a.yaml", "new")
    git.write("policies/new.yaml", "new")
    (root / "policies/z.yaml").unlink()
    (root / "teams/file").unlink()
    git.write("top.yaml", "elsewhere")
    second = git.commit()
    base = sources.revision(root, "HEAD~1", ("policies",), ("policies/rendered",))
    head = sources.beside(base, "HEAD", second, ("policies", "teams"))
    assert head is not None
    assert (head.label, head.commit, head.whole) == (f"{second[:7]} (HEAD)", second, False)
    assert (base.label, base.commit) == (f"{first[:7]} (HEAD~1)", first)
    gone = ["policies/z.yaml", "teams/file"]
    assert sorted(path for path, name in head.differing.items() if not name) == gone
    assert sorted(head.differing) == sorted(["policies/new.yaml", "teams/b/a.yaml", "teams/b/x.yaml", *gone])
    listed = ["policies/new.yaml", "policies/rendered-not/x.yaml", "policies/ringfence.yaml"]
    assert head.files() == list(head.blobs) == [*listed, "teams/b/a.yaml", "teams/b/x.yaml"]
    head.also(["teams", "policies/rendered/base/x.yaml"])
    assert base.files() == sorted(set(FILES) - {"top.yaml", "policies/rendered/base/y.yaml"})
    assert head.files() == sorted({*base.files(), "policies/new.yaml", "teams/b/a.yaml"} - {*gone})
    head.know({path: sources.revision(root, "HEAD~1").blobs[path] for path in ("policies/rendered/base/y.yaml",)})
    assert base.files() == sorted(set(FILES) - {"top.yaml"})
    assert head.files() == sorted({*base.files(), "policies/new.yaml", "teams/b/a.yaml"} - {*gone})
    assert list(head.blobs) == head.files()
    assert (base.read("teams/b/x.yaml"), head.read("teams/b/x.yaml")) == (b"teams/b/x.yaml", b"altered")
    with pytest.raises(Unreadable, match=second[:7]):
        head.read("teams/file")


def test_problems_of_a_base_are_those_of_the_commit_beside_it(root: Path) -> None:
    """What differs is no problem, so a problem is one of both."""
    (root / "teams/b/link").symlink_to("x.yaml")
    git = GitRepository(root)
    git.commit()
    git.write("teams/b/x.yaml", "altered")
    second = git.commit()
    base = sources.revision(root, "HEAD~1", ("policies",))
    head = sources.beside(base, "HEAD", second, ("policies", "teams"))
    assert head is not None
    assert told(head) == []
    head.also(["teams/b"])
    assert told(head) == told(base) == [("RF040", "teams/b/link")]
    assert sources.beside(base, "HEAD", second, ("policies", "teams")) is None
