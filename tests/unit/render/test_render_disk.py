from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ringfence import render
from ringfence.errors import OutputError
from ringfence.render import disk

A = "policies/rendered/base/t/shop/a.yaml"
B = "policies/rendered/base/t/shop/b.yaml"
DEV = "policies/rendered/overlays/dev/t/shop/kustomization.yaml"
PROD = "policies/rendered/overlays/prod/t/shop/kustomization.yaml"
GITOPS = "policies/rendered/gitops/argocd/t.yaml"
TREE = {A: b"a: 1\n", B: b"b: 1\nb2: 1\n", DEV: b"dev\n", PROD: b"prod\n", GITOPS: b"gitops\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository in which the tree is current."""
    path = tmp_path / "repository"
    (path / "policies").mkdir(parents=True)
    (path / "policies/ringfence.yaml").write_bytes(b"settings\n")
    render.write(path, TREE)
    return path


def on_disk(root: Path) -> dict[str, bytes | str]:
    """Every file to its bytes, every link to its target, every empty folder to nothing."""
    found: dict[str, bytes | str] = {}
    for folder, folders, files in os.walk(root / "policies"):
        for name in (*folders, *files):
            path = Path(folder, name)
            key = path.relative_to(root).as_posix()
            if path.is_symlink():
                found[key] = str(path.readlink())
            elif path.is_file():
                found[key] = path.read_bytes()
            elif not any(path.iterdir()):
                found[key] = ""
    del found["policies/ringfence.yaml"]
    return found


def codes(root: Path, expected: Mapping[str, bytes] = TREE, cluster: str | None = None) -> list[tuple[str, str]]:
    return [(item.check.code, str(item.where)) for item in render.compare(root, expected, render.scope(cluster))]


def test_a_first_write_creates_everything(tmp_path: Path) -> None:
    written = render.write(tmp_path, TREE)
    assert written == render.Written(tuple(sorted(TREE)), (), (), ())
    assert on_disk_without_settings(tmp_path) == TREE
    assert render.compare(tmp_path, TREE) == []


def on_disk_without_settings(root: Path) -> dict[str, bytes | str]:
    (root / "policies/ringfence.yaml").touch()
    return on_disk(root)


def test_a_second_write_touches_nothing(root: Path) -> None:
    before = {path: (root / path).stat() for path in TREE}
    assert render.write(root, TREE) == render.Written((), (), (), tuple(sorted(TREE)))
    assert {path: (root / path).stat() for path in TREE} == before


def test_files_have_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        render.write(tmp_path, TREE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / A).stat().st_mode) == 0o640


def test_only_what_differs_is_written_and_what_is_stale_goes(root: Path) -> None:
    extra = root / "policies/rendered/base/t/old/deep/x.yaml"
    extra.parent.mkdir(parents=True)
    extra.write_bytes(b"x")
    (root / "policies/rendered/empty/deeper").mkdir(parents=True)
    (root / A).write_bytes(b"edited\n")
    (root / B).unlink()
    written = render.write(root, TREE)
    assert written.created == (B,)
    assert written.changed == (A,)
    assert written.removed == ("policies/rendered/base/t/old/deep/x.yaml",)
    assert written.unchanged == tuple(sorted((DEV, PROD, GITOPS)))
    assert on_disk(root) == TREE


def test_missing_extra_and_changed_files_are_named_with_the_command_that_mends(root: Path) -> None:
    (root / A).unlink()
    (root / B).write_bytes(b"b: 1\nb2: 2\n")
    (root / "policies/rendered/hand.yaml").write_bytes(b"x")
    (root / "policies/rendered/.DS_Store").write_bytes(b"x")
    findings = render.compare(root, TREE)
    assert [(item.check.code, str(item.where), item.hint) for item in findings] == [
        ("RF401", "policies/rendered/.DS_Store", "run: ringfence render"),
        ("RF400", A, "run: ringfence render"),
        ("RF402", f"{B}:2:1", "run: ringfence render"),
        ("RF401", "policies/rendered/hand.yaml", "run: ringfence render"),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", 1), (b"b: 1\n", 2), (b"b: 1\nb2: 1", 2), (b"b: 1\r\nb2: 1\n", 1), (b"b: 1\nb2: 1\nmore\n", 3)],
)
def test_the_first_line_that_differs_is_named(root: Path, content: bytes, line: int) -> None:
    (root / B).write_bytes(content)
    assert codes(root) == [("RF402", f"{B}:{line}:1")]


def test_a_link_to_the_right_bytes_is_not_a_file_and_is_replaced(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_bytes(TREE[A])
    (root / A).unlink()
    (root / A).symlink_to(outside)
    assert codes(root) == [("RF403", A)]
    assert render.write(root, {**TREE, A: b"new\n"}).changed == (A,)
    assert outside.read_bytes() == TREE[A]
    assert on_disk(root) == {**TREE, A: b"new\n"}


@pytest.mark.parametrize("folder", ["policies/rendered", "policies/rendered/base", "policies/rendered/base/t/shop"])
def test_a_linked_folder_is_replaced_and_its_target_left_alone(root: Path, tmp_path: Path, folder: str) -> None:
    outside = tmp_path / "outside"
    (root / folder).rename(outside)
    (root / folder).symlink_to(outside)
    before = sorted(outside.rglob("*"))
    lost = sorted(path for path in TREE if path.startswith(f"{folder}/"))
    assert codes(root) == [("RF403", folder), *(("RF400", path) for path in lost)]
    written = render.write(root, TREE)
    assert set(written.created) == set(lost)
    assert on_disk(root) == TREE
    assert sorted(outside.rglob("*")) == before


def test_an_extra_link_is_removed_and_its_target_left_alone(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (root / "policies/rendered/link").symlink_to(outside)
    assert codes(root) == [("RF401", "policies/rendered/link")]
    assert render.write(root, TREE).removed == ("policies/rendered/link",)
    assert (outside / "precious").exists()
    assert on_disk(root) == TREE


def test_policies_as_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "policies").rename(tmp_path / "elsewhere")
    (root / "policies").symlink_to(tmp_path / "elsewhere")
    assert ("RF403", "policies") in codes(root)
    with pytest.raises(OutputError, match="policies is not a folder"):
        render.write(root, {**TREE, A: b"new\n"})
    assert (tmp_path / "elsewhere" / A.removeprefix("policies/")).read_bytes() == TREE[A]


def test_a_folder_in_the_place_of_a_file_is_replaced(root: Path) -> None:
    (root / A).unlink()
    (root / A / "deep").mkdir(parents=True)
    (root / A / "deep/x.yaml").write_bytes(b"x")
    assert codes(root) == [("RF403", A), ("RF401", f"{A}/deep/x.yaml")]
    written = render.write(root, TREE)
    assert (written.changed, written.removed) == ((A,), (f"{A}/deep/x.yaml",))
    assert on_disk(root) == TREE


def test_a_file_in_the_place_of_a_folder_is_replaced(root: Path) -> None:
    shop = root / "policies/rendered/base/t/shop"
    (root / A).unlink()
    (root / B).unlink()
    shop.rmdir()
    shop.write_bytes(b"x")
    assert codes(root) == [("RF403", "policies/rendered/base/t/shop"), ("RF400", A), ("RF400", B)]
    assert render.write(root, TREE).created == (A, B)
    assert on_disk(root) == TREE


def test_a_pipe_in_the_place_of_a_file_is_replaced_and_never_read(root: Path) -> None:
    (root / A).unlink()
    os.mkfifo(root / A)
    assert codes(root) == [("RF403", A)]
    assert render.write(root, TREE).changed == (A,)
    assert on_disk(root) == TREE


def test_an_odd_name_is_shown_on_one_line(root: Path) -> None:
    os.close(os.open(os.fsencode(root / "policies/rendered") + b"/a\nb\xff", os.O_CREAT | os.O_WRONLY))
    (finding,) = render.compare(root, TREE)
    assert finding.where.path == "policies/rendered/a\\x0ab\\udcff"
    assert finding.where.path.isprintable()
    assert render.write(root, TREE).removed == ("policies/rendered/a\\x0ab\\udcff",)


def test_a_cluster_limits_what_is_compared_and_written(root: Path) -> None:
    for path in (DEV, PROD, GITOPS, A):
        (root / path).write_bytes(b"edited\n")
    for path in ("overlays/dev/x", "overlays/prod/x", "overlays/production/x", "x", "base/x"):
        (root / "policies/rendered" / path).parent.mkdir(exist_ok=True)
        (root / "policies/rendered" / path).write_bytes(b"x")
    assert codes(root, cluster="prod") == [
        ("RF402", f"{A}:1:1"),
        ("RF401", "policies/rendered/base/x"),
        ("RF402", f"{PROD}:1:1"),
        ("RF401", "policies/rendered/overlays/prod/x"),
    ]
    written = render.write(root, TREE, render.scope("prod"))
    assert written.changed == tuple(sorted((A, PROD)))
    assert written.removed == ("policies/rendered/base/x", "policies/rendered/overlays/prod/x")
    left = {"overlays/dev/x": b"x", "overlays/production/x": b"x", "x": b"x"}
    edited = {DEV: b"edited\n", GITOPS: b"edited\n"}
    assert on_disk(root) == {**TREE, **edited, **{f"policies/rendered/{key}": raw for key, raw in left.items()}}


def test_a_cluster_without_files_loses_its_folder_and_no_other(root: Path) -> None:
    expected = {path: raw for path, raw in TREE.items() if path != PROD}
    assert render.write(root, expected, render.scope("prod")).removed == (PROD,)
    assert on_disk(root) == expected
    assert not (root / "policies/rendered/overlays/prod").exists()
    assert (root / "policies/rendered/overlays").exists()


@pytest.mark.parametrize(
    "path",
    ["teams/x.yaml", "policies/rendered", "policies/rendered/../x", "policies/rendered//x", "/policies/rendered/x"],
)
def test_paths_outside_the_tree_are_a_bug_of_the_caller(root: Path, path: str) -> None:
    with pytest.raises(ValueError, match="not a path of the rendered tree"):
        render.write(root, {path: b""})
    with pytest.raises(ValueError, match="not a path of the rendered tree"):
        render.compare(root, {path: b""})


@contextlib.contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Files cannot grow over a limit, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_changes_nothing(root: Path) -> None:
    (root / "policies/rendered/stale.yaml").write_bytes(b"x")
    before = on_disk(root)
    new = {**TREE, A: b"small\n", PROD: b"large\n" * 1000, "policies/rendered/new/x.yaml": b"x"}
    with full_disk(4096), pytest.raises(OutputError, match="cannot write") as caught:
        render.write(root, new)
    assert "every file is whole" in caught.value.hint
    assert on_disk(root) == before


def test_a_failure_among_the_replacements_leaves_each_file_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = {path: raw + b"new\n" for path, raw in TREE.items()}
    original, calls = Path.replace, []

    def fails(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 3:
            raise PermissionError(13, "Permission denied", str(target))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OutputError, match=r"cannot write .*: Permission denied"):
        render.write(root, new)
    found = on_disk(root)
    assert found.keys() == TREE.keys()
    assert {path for path in found if found[path] == new[path]} == set(sorted(new)[:2])
    assert {path for path in found if found[path] == TREE[path]} == set(sorted(TREE)[2:])


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_changes_nothing(root: Path) -> None:
    (root / A).parent.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            render.write(root, {**TREE, DEV: b"new\n", A: b"new\n"})
    finally:
        (root / A).parent.chmod(0o755)
    assert on_disk(root) == TREE


def test_an_interruption_while_staging_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, calls = os.open, []

    def interrupted(*arguments: object, **named: object) -> int:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(disk.os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        render.write(root, {path: raw + b"new\n" for path, raw in TREE.items()})
    assert on_disk(root) == TREE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_among_the_replacements_waits_for_the_last(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    new = {path: raw + b"new\n" for path, raw in TREE.items()}
    (root / "policies/rendered/stale.yaml").write_bytes(b"x")
    original, calls = Path.replace, []
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def signalled(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:
            signal.raise_signal(number)
        return original(self, target)

    monkeypatch.setattr(Path, "replace", signalled)
    try:
        with pytest.raises(KeyboardInterrupt):
            render.write(root, new)
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert on_disk(root) == new


def test_another_thread_can_write_too(root: Path) -> None:
    written: list[render.Written] = []
    thread = threading.Thread(target=lambda: written.append(render.write(root, {**TREE, A: b"new\n"})))
    thread.start()
    thread.join()
    assert written[0].changed == (A,)


def test_leftovers_of_a_killed_run_are_extra_and_go(root: Path) -> None:
    leftover = root / "policies/rendered/base/t/shop/.ringfence-0a1b2c3d-7"
    leftover.write_bytes(b"half")
    assert codes(root) == [("RF401", "policies/rendered/base/t/shop/.ringfence-0a1b2c3d-7")]
    render.write(root, TREE)
    assert on_disk(root) == TREE
