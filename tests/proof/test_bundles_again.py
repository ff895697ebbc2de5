"""What is rendered is read the same with what the cache knows of it and without, after any edits by hand."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generated_repository import copied, generated
from git_repository import GitRepository
from ringfence import cli, documents, model, sources, verify
from ringfence.commands import shared
from ringfence.impact.objects import object_changes
from ringfence.values import workers
from ringfence.verify import bundles
from ringfence.verify.bundles import Bundles
from ringfence.verify.objects import Objects

RENDERED = "policies/rendered"

Edit = Callable[[GitRepository, random.Random], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return generated(tmp_path_factory.mktemp("mono"), "--flows 40 --teams 3 --clusters 3 --git --render")


@pytest.fixture
def mono(made: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A rendered repository that counts as large, with a cache of its own, which knows nothing yet."""
    monkeypatch.setattr(bundles, "MANY", 1)
    return copied(made, tmp_path, monkeypatch)


def _pick(repository: GitRepository, chance: random.Random, pattern: str = "*/*/*.yaml", under: str = "") -> Path:
    found = sorted((repository.path / RENDERED / (under or chance.choice(("base", "overlays")))).glob(f"**/{pattern}"))
    return chance.choice(found)


def _replaced(path: Path, chance: random.Random, old: str, new: str) -> None:
    found = list(re.finditer(old, path.read_text()))
    if found:
        match = chance.choice(found)
        path.write_text(path.read_text()[: match.start()] + match.expand(new) + path.read_text()[match.end() :])


def other_port(repository: GitRepository, chance: random.Random) -> None:
    _replaced(_pick(repository, chance), chance, r"port: .*", f"port: {chance.randrange(1, 99)}")


def other_label(repository: GitRepository, chance: random.Random) -> None:
    _replaced(_pick(repository, chance), chance, r"app: .*", f"app: other-{chance.randrange(9)}")


def other_namespace(repository: GitRepository, chance: random.Random) -> None:
    _replaced(_pick(repository, chance, under="base"), chance, r"namespace: .*", "namespace: elsewhere")


def own_address(repository: GitRepository, chance: random.Random) -> None:
    """A block that is none of the cluster's own addresses, until somebody declares that it is."""
    block = r"to:\n        - ipBlock:\n            cidr: 10.99.0.0/16\n"
    _replaced(_pick(repository, chance, "baseline.yaml", "base"), chance, r"to:\n(?=        - )", block)


def other_network(repository: GitRepository, chance: random.Random) -> None:
    path = repository.path / "policies" / "clusters" / f"{chance.choice(('dev', 'prod'))}.yaml"
    _replaced(path, chance, r"  pods:\n", r"  pods:\n    - 10.99.0.0/16\n")


def further_down(repository: GitRepository, chance: random.Random) -> None:
    path = _pick(repository, chance)
    path.write_text("# by hand\n" + path.read_text())


def unknown_field(repository: GitRepository, chance: random.Random) -> None:
    _replaced(_pick(repository, chance), chance, r"( *)- protocol: TCP\n", r"\1- protocol: TCP\n\1  other: 1\n")


def repeated(repository: GitRepository, chance: random.Random) -> None:
    """What a namespace has, in another one of it too."""
    first, second = (_pick(repository, chance, under="base") for _ in range(2))
    second.write_text(first.read_text())


def elsewhere(repository: GitRepository, chance: random.Random) -> None:
    """An overlay of a base that stands where no other one does."""
    path = _pick(repository, chance, "kustomization.yaml", "overlays")
    team, namespace = path.parts[-3:-1]
    base = repository.path / RENDERED / "base"
    shutil.copytree(base / team / namespace, base / "moved" / "there")
    _replaced(path, chance, r'(resources:\n  - ").*"', r'\1../../../../base/moved/there"')


def in_there(repository: GitRepository, chance: random.Random) -> None:
    _replaced(
        chance.choice(sorted((repository.path / RENDERED / "base/moved/there").glob("b*.yaml"))),
        chance,
        "port: 53",
        "port: 54",
    )


def new_file(repository: GitRepository, chance: random.Random) -> None:
    path = _pick(repository, chance, under="base")
    (path.parent / "new.yaml").write_text(re.sub(r"(  name: .*)", r"\1-new", path.read_text(), count=1))
    _replaced(path.parent / "kustomization.yaml", chance, "resources:\n", 'resources:\n  - "new.yaml"\n')


def lost(repository: GitRepository, chance: random.Random) -> None:
    _pick(repository, chance).unlink()


def crlf(repository: GitRepository, chance: random.Random) -> None:
    """The ends of lines, which Git takes for the same once it is told to."""
    path = _pick(repository, chance)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (repository.path / ".gitattributes").write_text(chance.choice(("* text=auto\n", "* text\n", "")))
    repository.git("add", "--renormalize", "--all")


def return_alone(repository: GitRepository, chance: random.Random) -> None:
    """A character that no file may hold, which Git takes for the end of a line where it is told to."""
    (repository.path / ".gitattributes").write_text("* text\n")
    path = _pick(repository, chance)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n", 1))
    repository.git("add", "--all")
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\r\r\n", 1))


def filtered(repository: GitRepository, chance: random.Random) -> None:
    """A filter that hides from Git what somebody edits."""
    path = _pick(repository, chance, "baseline.yaml", "base")
    stored = path.with_name("stored")
    shutil.copy(path, stored)
    repository.git("config", "filter.same.clean", f"cat {stored}")
    (repository.path / ".gitattributes").write_text(f"{path.relative_to(repository.path)} filter=same\n")
    _replaced(path, chance, r"port: .*", "port: 7")
    repository.git("add", "--all")


def trusted(repository: GitRepository, chance: random.Random) -> None:
    """An edit that Git was told not to look for."""
    path = _pick(repository, chance, "baseline.yaml", "base")
    repository.git("update-index", "--assume-unchanged", str(path))
    _replaced(path, chance, r"port: .*", "port: 8")


def stage(repository: GitRepository, chance: random.Random) -> None:
    repository.git("add", "--all")


def commit(repository: GitRepository, chance: random.Random) -> None:
    repository.commit("Edit")


EDITS: tuple[Edit, ...] = (
    other_port,
    other_label,
    other_namespace,
    own_address,
    other_network,
    further_down,
    unknown_field,
    repeated,
    elsewhere,
    new_file,
    lost,
    crlf,
    return_alone,
    filtered,
    trusted,
)


THEN = {own_address: other_network, elsewhere: in_there}
"""What makes another thing of what an edit wrote."""


def said(root: Path, *, cached: bool) -> object:
    """All that is read of HEAD and of the working tree, beside each other and alone; as in a small one or `cached`."""
    with pytest.MonkeyPatch.context() as small:
        if not cached:
            small.setenv("RINGFENCE_CACHE", "off")
            small.setattr(bundles, "MANY", 1_000_000)
        loaded = [(model.load(tree)[0], tree) for tree in (sources.revision(root, "HEAD"), sources.working_tree(root))]
        sides: list[Bundles] = []
        for found, tree in loaded:
            assert found is not None
            sides.append(Bundles(found, tree, sides[0] if sides else None))
        sides.append(Bundles(*loaded[1]))  # type: ignore[arg-type]
        objects = [_objects(side) for side in sides]
        held = [[(item.policies, item.findings, item.more, item.keys) for item in side.bundles()] for side in objects]
        return held, list(map(dict, objects)), object_changes(*objects[:2])


def _objects(side: Bundles) -> Objects:
    listed = verify.groups(side._model).values()
    side.read(listed)
    return Objects({item.name: side.of(item, clusters) for clusters in listed for item in clusters}, side.data)


@pytest.mark.parametrize("seed", range(len(EDITS)))
def test_the_same_is_read(mono: GitRepository, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    if seed % 3:
        said(mono.path, cached=True)
    if seed % 4 == 1:
        monkeypatch.setattr(workers, "processors", lambda: 2)
    first = EDITS[seed % len(EDITS)]
    for edit in (first, chance.choice((stage, commit, other_port)), THEN.get(first) or chance.choice(EDITS[:-4])):
        edit(mono, chance)
        expected = said(mono.path, cached=False)
        assert said(mono.path, cached=True) == expected
        assert said(mono.path, cached=True) == expected


def test_what_is_known_is_not_read(mono: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = documents.read_many
    monkeypatch.setattr(documents, "read_many", lambda path, raw: read.append(path) or original(path, raw))
    monkeypatch.setattr(workers, "processors", lambda: 1)
    loaded = model.load(sources.working_tree(mono.path))[0]
    assert loaded is not None

    def families() -> set[tuple[str, str]]:
        read.clear()
        _objects(Bundles(loaded, sources.working_tree(mono.path)))
        found = {(path.split("/")[-3], path.split("/")[-2]) for path in read}
        assert all(path.startswith(RENDERED) for path in read)
        return found

    assert len(families()) == len(loaded.namespaces)
    assert len(read) == len(set(read))
    assert families() == set()
    path = _pick(mono, random.Random(1), under="base")  # noqa: S311 - no secret
    path.write_text("# by hand\n" + path.read_text())
    assert families() == {(path.parent.parent.name, path.parent.name)}
    assert families() == set()
    mono.commit("Edit")
    assert families() == set()
    _replaced(path, random.Random(1), r"port: .*", "port: word-")  # noqa: S311 - no secret
    assert families() == {(path.parent.parent.name, path.parent.name)}
    assert families() == {(path.parent.parent.name, path.parent.name)}  # what is wrong is read each time


def test_a_file_that_changes_while_it_is_read_is_not_kept(mono: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _pick(mono, random.Random(2), "baseline.yaml", "base")  # noqa: S311 - no secret
    before = path.read_text()
    asked = sources.names

    def slow(tree: sources.Tree, under: str, *, ask: bool) -> dict[str, str]:
        path.write_text(before)
        found = asked(tree, under, ask=ask)
        if isinstance(tree, sources.WorkingTree):
            path.write_text(before.replace("port: 53", "port: 54"))
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(sources, "names", slow)
        tree = sources.working_tree(mono.path)
        loaded = model.load(tree)[0]
        assert loaded is not None
        _objects(Bundles(loaded, tree))
    path.write_text(before)
    mono.git("status")
    assert said(mono.path, cached=True) == said(mono.path, cached=False)


def test_verify_says_how_much_was_known(
    mono: GitRepository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shared, "_WORTH_SAYING", 1)
    words = ["verify", "-C", str(mono.path)]
    assert (cli.main(words), capsys.readouterr().err) == (0, "")
    assert cli.main(words) == 0
    namespaces = len(list((mono.path / RENDERED / "base").glob("*/*")))
    assert (
        capsys.readouterr().err
        == f"From the cache: what is known of {namespaces} of {namespaces} rendered namespaces.\n"
    )
