"""Which files speak of which namespaces: the same with and without what the cache knows, and never too few."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import affected, cache
from ringfence.affected import teams
from ringfence.affected.edited import Unclear
from ringfence.affected.teams import Teams, folder_of
from ringfence.errors import UsageError

SPACES = ("shop", "shop-eu", "pay", "f", "ledger")
ENDS = (
    "  - {from: api, to: %s/api}\n",
    '  - from: "%s/api"\n',
    "  - to: [b, '%s/api','pay/db']\n",
    "  - to: >-\n      %s/api\n",
    "  - note: %s\n",
    "  # %s / x\n",
)
ESCAPED = '  - to: "\\x%02x%s\\u002fapi"\n'


@pytest.fixture
def repository(repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    repository.write("policies/ringfence.yaml", "kind: Settings\n")
    return repository


def write(repository: GitRepository, chance: random.Random, team: str) -> None:
    """Some files of a team, with whatever may stand in them."""
    repository.write(f"teams/{team}/team.yaml", "kind: Team\n")
    for space in chance.sample(SPACES, 2):
        for number in range(chance.randrange(1, 3)):
            text = chance.choice(
                ("kind: Flows\nflows:\n", "apiVersion: x\nkind: Flows\nflows:\n", "kind: Namespace\nflows:\n")
            )
            for _ in range(chance.randrange(3)):
                name = chance.choice(SPACES)
                end = chance.choice((*ENDS, ESCAPED))
                text += end % ((ord(name[0]), name[1:]) if end == ESCAPED else name)
            repository.write(f"teams/{team}/{space}/{chance.choice(('a b', 'ü', 'below/it'))}{number}.yaml", text)


def said(repository: GitRepository) -> dict[str, object]:
    """All that is known of the teams of HEAD."""
    base = affected.base(repository.path, "HEAD")
    found = Teams(base)
    folders = {f"teams/{team}/{name}/" for name, owners in found.folders.items() for team in owners}
    folders |= {f"teams/{team}/" for team in found.names} | {"teams/"}
    return {
        "names": found.names,
        "folders": dict(found.folders),
        "files": {path: file for folder in sorted(folders) for path, file in found.files(folder).items()},
        "speaking": {name: found.speaking([name]) for name in SPACES},
    }


def test_what_is_known_is_what_is_read(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)  # noqa: S311
    for team in "abcdef":
        write(repository, chance, team)
    repository.write("teams/README", "about shop/api\n")
    for _ in range(6):
        write(repository, chance, chance.choice("abcdefgh"))
        (gone,) = chance.sample(sorted(repository.path.glob("teams/*/*/*.yaml")), 1)
        gone.unlink()
        repository.commit()
        known = [said(repository), said(repository)]
        with monkeypatch.context() as context:
            context.setenv("RINGFENCE_CACHE", "off")
            assert known == [said(repository)] * 2
        files = repository.git("-c", "core.quotePath=off", "ls-tree", "-r", "-z", "HEAD", "teams").split("\0")
        ids = {entry.partition("\t")[2]: entry.split()[2] for entry in files if entry}
        assert {path: file.id for path, file in known[0]["files"].items()} == ids
        for path, file in known[0]["files"].items():
            text = (repository.path / path).read_text()
            assert file.only_flows == text.startswith("apiVersion: x\nkind: Flows\n")
            for name in SPACES:
                end = re.search(rf"(?<![-a-z0-9]){name}/|\\x{ord(name[0]):02x}{name[1:]}\\u002f", text)
                assert (path in known[0]["speaking"][name]) >= bool(end), (path, name)
                assert (path in known[0]["speaking"][name]) <= (name in text or "\\x" in text), (path, name)


def test_what_is_known_is_not_read_again(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        repository.write(f"teams/t{number}/team.yaml", f"kind: Team # {number}\n")
        repository.write(f"teams/t{number}/n{number}/flows.yaml", f"to: n{number + 1}/api\n")
    repository.commit()
    before = said(repository)
    read = []
    monkeypatch.setattr(teams, "only_flows", lambda raw: read.append(raw) or False)
    assert said(repository) == before
    assert not read
    repository.write("teams/t7/n7/flows.yaml", "to: n9/api\n")
    repository.commit()
    assert affected.teams.Teams(affected.base(repository.path, "HEAD")).speaking(["n9"]) == {
        "teams/t7/n7/flows.yaml",
        "teams/t8/n8/flows.yaml",
    }
    assert 2 < len(read) < 40  # its row


def test_a_name_that_is_part_of_another_is_another(repository: GitRepository) -> None:
    path = "teams/a/f/flows.yaml"
    repository.write(path, "kind: Flows\nflows:\n  - {from: eshop/api, to: pay-shop/api}\n  - to: shop-eu/api\n")
    repository.commit()
    found = Teams(affected.base(repository.path, "HEAD"))
    names = ("shop", "eshop", "pay", "pay-shop", "eu", "shop-eu", "e", "api", "f")
    assert [name for name in names if found.speaking([name])] == ["eshop", "pay-shop", "shop-eu"]
    assert found.speaking(["shop", "eshop"]) == {path}


def test_a_team_of_another_name_is_another(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it has: the id of a folder does not tell where it stands."""
    write(repository, random.Random(1), "a")  # noqa: S311
    repository.commit()
    said(repository)
    repository.git("mv", "teams/a", "teams/b")
    repository.commit()
    known = said(repository)
    assert known["names"] == {"b"}
    monkeypatch.setenv("RINGFENCE_CACHE", "off")
    assert known == said(repository)


def test_a_row_that_is_damaged_is_made_again(repository: GitRepository) -> None:
    write(repository, random.Random(1), "a")  # noqa: S311
    repository.commit()
    before = said(repository)
    database = Path(cache.store().path)
    raw = database.read_bytes()
    assert raw.count(b"teams/a/") > 2
    database.write_bytes(raw.replace(b"teams/a/", b"teams/b/"))
    assert said(repository) == before


def test_a_link_makes_it_unclear(repository: GitRepository) -> None:
    write(repository, random.Random(1), "a")  # noqa: S311
    (repository.path / "teams" / "a" / "link.yaml").symlink_to("team.yaml")
    repository.commit()
    for _ in range(2):
        with pytest.raises(Unclear):
            said(repository)


def with_tree(repository: GitRepository, name: str, mode: bytes, tree: bytes) -> None:
    """Commit what HEAD has, and one more entry in a folder, as Git itself does not write it."""

    def written(raw: bytes) -> bytes:
        command = ["git", "hash-object", "-w", "-t", "tree", "--literally", "--stdin"]
        done = subprocess.run(command, cwd=repository.path, input=raw, stdout=subprocess.PIPE, check=True)
        return bytes.fromhex(done.stdout.decode())

    raw = subprocess.run(
        ["git", "cat-file", "tree", "HEAD^{tree}"], cwd=repository.path, stdout=subprocess.PIPE, check=True
    ).stdout
    raw += mode + b" " + name.encode() + b"\0" + (written(tree) if not tree.startswith(b"id ") else tree[3:])
    commit = repository.git("commit-tree", written(raw).hex(), "-p", "HEAD", "-m", "By another tool")
    repository.git("update-ref", "HEAD", commit)


def test_a_team_without_a_file(repository: GitRepository) -> None:
    repository.commit()
    nothing = bytes.fromhex(repository.git("hash-object", "-w", "-t", "tree", "/dev/null"))
    with_tree(repository, "teams", b"40000", b"40000 shop\0" + nothing)
    for _ in range(2):
        assert said(repository)["names"] == {"shop"}
        assert said(repository)["files"] == {}


def test_modes_with_zeros_before_them(repository: GitRepository) -> None:
    write(repository, random.Random(1), "a")  # noqa: S311
    repository.commit()
    plain = said(repository)
    (tree,) = (line.split()[2] for line in repository.git("ls-tree", "HEAD:teams").split("\n"))
    repository.git("rm", "-r", "--quiet", "--cached", "teams")
    repository.git("commit", "--quiet", "--message", "None")
    with_tree(repository, "teams", b"040000", b"040000 a\0" + bytes.fromhex(tree))
    assert said(repository) == plain


def test_teams_that_the_clone_lacks(repository: GitRepository) -> None:
    repository.commit()
    with_tree(repository, "teams", b"40000", b"id " + bytes(range(20)))
    with pytest.raises(UsageError):
        said(repository)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("teams/a/b/c.yaml", "teams/a/b/"),
        ("teams/a/b/c/d.yaml", "teams/a/b/"),
        ("teams/a/team.yaml", "teams/a/"),
        ("teams/README", "teams/"),
        ("teams/a/a/a", "teams/a/a/"),
    ],
)
def test_the_folder_of_a_file(path: str, folder: str) -> None:
    assert folder_of(path) == folder
