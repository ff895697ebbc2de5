"""How fast Ringfence is on repositories of 1,000 to 100,000 flows: each operation cold and warm, as whole processes.

    python benchmarks/repository.py                    1,000 and 10,000 flows: some minutes
    python benchmarks/repository.py --flows 100000     half an hour
    python benchmarks/repository.py --only hook,impact operations whose names have one of the words

Beside bare Python, beside the plain stack (ruamel.yaml and jsonschema, with no cache) and beside check-jsonschema where
it is installed. Each operation is checked to have done its work. Prints one table.

Cold: a cache folder that is empty; off: `RINGFENCE_CACHE=off`; warm: the cache that runs on what was there before the
change have left. The change is another one in every run, so that no run has seen it. Again: the same was asked before.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import measure
import monorepo
from measure import Done, Taken

HERE = Path(__file__).resolve().parent
PROGRAM = Path(sys.executable).with_name("ringfence")
HEADER = ("operation", "flows", "cache", "CPU s", "s", "× bare, CPU", "× bare, clock", "target ×", "plain stack", "MB")
SAMPLE = 100
"""How many files the plain stack reads; what it would take for all is estimated from their bytes."""
BARE = 0.010
"""Seconds that bare Python took where the targets were set: so they are multiples, for machines of any speed."""
TARGETS = {
    ("hook, one changed file", "off"): 0.06,
    ("hook, one file known to be valid", "warm"): 0.015,
    ("validate", "cold"): 3.5,
    ("validate", "warm"): 0.5,
    ("validate", "again"): 0.5,
    ("render", "warm"): 3.0,
    ("impact", "off"): 6.0,
    ("impact", "warm"): 0.3,
    ("impact", "again"): 0.3,
    ("impact, two commits", "off"): 6.0,
    ("impact, two commits", "warm"): 0.3,
    ("impact, two commits", "again"): 0.3,
    ("matrices", "warm"): 12.0,
}
"""Seconds on the clock, for 100,000 flows on two cores."""
CACHES = ("off", "cold", "warm", "again")


class Repository:
    """A repository with all that is rendered, committed, and one flow that can be put into it."""

    def __init__(self, folder: Path, flows: int) -> None:
        self.folder, self.flows = folder, flows
        self.files = monorepo.write(folder, flows)
        self._cache = folder.with_name(f"{folder.name}-prepare")
        self._numbers = iter(range(31_000, 32_000))
        for command in ("render", "owners"):
            self.ringfence(command)
        self.base = monorepo.commit(folder)
        teams = sorted(path.name for path in (folder / "teams").iterdir())
        self.team = teams[len(teams) // 2]
        self.file = f"teams/{self.team}/{self.team}-a/flows-1.yaml"
        self._text = (folder / self.file).read_text()
        self.name = self.head = ""
        self.stamps: dict[str, int] = {}

    def change(self) -> None:
        """One flow more, on a port that no change before had; nothing is rendered yet."""
        number = next(self._numbers)
        self.name = f"change-{number}"
        flow = (
            f"  - name: {self.name}\n    from: {monorepo.workload(1)}\n    to: {self.team}-b/{monorepo.workload(2)}\n"
            f"    ports: [{number}]\n    reason: Reads what the other half of the team keeps\n"
        )
        (self.folder / self.file).write_text(self._text + flow)

    def commit(self) -> None:
        """Keep the working tree as `head`, a commit that no branch has."""
        self.head = self._git("stash", "create").strip()

    def restore(self) -> None:
        """Everything as it is committed."""
        self._git("checkout", "--quiet", "--", ".")

    def differing(self) -> list[str]:
        """The rendered files that are not as committed."""
        lines = self._git("status", "--porcelain", "--untracked-files=all", "--", "policies/rendered").splitlines()
        return [line[3:] for line in lines]

    def times(self) -> dict[str, int]:
        """When each rendered file was written."""
        found = {}
        for parent, _, names in os.walk(self.folder / "policies/rendered"):
            for name in names:
                path = f"{parent}/{name}"
                found[path] = Path(path).stat().st_mtime_ns
        return found

    def ringfence(self, *words: str) -> None:
        """Run a command that is not measured, with a cache that no measured command has."""
        done = measure.once([PROGRAM, *words], self.folder, {"XDG_CACHE_HOME": str(self._cache)})
        if done.code:
            raise SystemExit(f"ringfence {' '.join(words)} failed:\n{done.out}{done.errors}")

    def _git(self, *words: str) -> str:
        return subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Operation:
    """What is measured: its command, what comes before each run, and what shows that it did its work.

    `plain` says how the plain stack would do it: `one` reads the file, `read` all files, `both` those of two sides,
    `write` reads all and writes what is rendered. `caches` are the states of the cache that make a difference.
    """

    name: str
    command: Callable[[Repository], Sequence[str | Path]]
    before: Callable[[Repository], None]
    worked: Callable[[Repository, Done], bool]
    plain: str = ""
    caches: Sequence[str] = CACHES


def _rendered(repository: Repository) -> None:
    repository.change()
    repository.ringfence("render")


def _committed(repository: Repository) -> None:
    _rendered(repository)
    repository.commit()


def _untouched(repository: Repository) -> None:
    repository.change()
    repository.stamps = repository.times()


def _wrote(repository: Repository, done: Done) -> bool:
    """Some files have changed, as many as it says, and no other was touched."""
    said = re.search(r"0 files created, (\d+) changed, 0 removed", done.out)
    old, new = repository.stamps, repository.times()
    touched = {path for path in new if old.get(path) != new[path]}
    differing = {str(repository.folder / path) for path in repository.differing()}
    number = int(said[1]) if said else 0
    return number == len(touched) > 0 and touched == differing and old.keys() == new.keys()


def _opened(repository: Repository, done: Done) -> bool:
    report = json.loads(done.out)
    causes = {cause["name"].rpartition("/")[2] for change in report["changes"] for cause in change["causes"]}
    clusters = {name for change in report["changes"] for name in change["clusters"]}
    return report["counts"]["opened"] == 1 and causes == {repository.name} and len(clusters) == 3


def _compared(_: Repository, done: Done) -> bool:
    found = json.loads(done.out)
    before, after = found["connections"]
    return len(found["clusters"]) == 3 and after - before == found["differ"] == 3


OPERATIONS = (
    Operation(
        "hook, one changed file",
        lambda it: [PROGRAM, "check", it.file],
        Repository.change,
        lambda _, done: done.out == "1 file; no findings\n",
        "one",
        ("off", "warm"),
    ),
    Operation(
        "hook, one file known to be valid",
        lambda it: [PROGRAM, "check", it.file],
        Repository.restore,
        lambda _, done: done.out == "1 file; no findings\n",
        "one",
        ("warm",),
    ),
    Operation(
        "validate",
        lambda _: [PROGRAM, "validate"],
        Repository.change,
        lambda it, done: f" {it.flows + 1:,} flows" in done.out and "no findings" in done.out,
        "read",
    ),
    Operation("render", lambda _: [PROGRAM, "render"], _untouched, _wrote, "write", CACHES[:3]),
    Operation(
        "impact",
        lambda it: [PROGRAM, "impact", "--base", it.base, "--format", "json"],
        _rendered,
        _opened,
        "both",
    ),
    Operation(
        "impact, two commits",
        lambda it: [PROGRAM, "impact", "--base", it.base, "--head", it.head, "--format", "json"],
        _committed,
        _opened,
        "both",
        ("off", "warm", "again"),
    ),
    Operation(
        "verify",
        lambda _: [PROGRAM, "verify"],
        _rendered,
        lambda _, done: "dev, prod, staging" in done.out and "no findings" in done.out,
        caches=("off", "warm"),
    ),
    Operation(
        "matrices",
        lambda it: [sys.executable, HERE / "matrices.py", it.base],
        _rendered,
        _compared,
        caches=("off", "warm"),
    ),
)


class Bench:
    """The benchmark: a table that grows."""

    def __init__(self, folder: Path, runs: int) -> None:
        self._folder, self._runs = folder, runs
        bare = [measure.once([sys.executable, "-c", "pass"]).taken for _ in range(4 * runs + 1)]
        self._bare = measure.combined(bare, min)
        self.rows: list[tuple[str, ...]] = [HEADER]
        self._add("python -c pass", "", "", self._bare)

    def measure(self, repository: Repository, operation: Operation) -> None:
        """An operation in each state of the cache, and the plain stack beside it."""
        plain = self._plain(repository, operation)
        for cache in operation.caches:
            taken = measure.combined(list(self._runs_of(repository, operation, cache)), min)
            target = TARGETS.get((operation.name, cache), 0) if repository.flows == 100_000 else 0
            beside = f"{measure.ratio(plain / taken.seconds)} × longer" if plain else ""
            flows = f"{repository.flows:,}"
            self._add(operation.name, flows, cache, taken, beside, measure.ratio(target / BARE) if target else "")

    def peer(self, repository: Repository) -> None:
        """check-jsonschema on one file, where it is installed."""
        program = Path(sys.executable).with_name("check-jsonschema")
        if program.exists():
            schema = HERE.parent / "schemas/v1alpha1/flows.schema.json"
            command: list[str | Path] = [program, "--schemafile", schema, repository.folder / repository.file]
            self._add("check-jsonschema, one file", "", "", measure.run(command, self._runs))

    def _runs_of(self, repository: Repository, operation: Operation, cache: str) -> Iterator[Taken]:
        kept = self._folder / "cache"
        shutil.rmtree(kept, ignore_errors=True)
        known = cache in ("warm", "again")
        for number in range(self._runs + known):
            if cache != "again" or not number:
                repository.restore()
                operation.before(repository)
            if cache == "cold":
                shutil.rmtree(kept, ignore_errors=True)
            environment = {"XDG_CACHE_HOME": str(kept), "RINGFENCE_CACHE": "off" if cache == "off" else ""}
            done = measure.once(operation.command(repository), repository.folder, environment)
            if done.code or not operation.worked(repository, done):
                raise SystemExit(f"{operation.name} ({cache}) did not do its work:\n{done.out}{done.errors}")
            if number or not known:
                yield done.taken

    def _plain(self, repository: Repository, operation: Operation) -> float:
        """Seconds of the plain stack, for all files by the bytes of some."""
        declared = sorted((repository.folder / "teams").rglob("*.yaml"))
        if operation.plain in ("", "one"):
            return self._stack([repository.folder / repository.file]) if operation.plain else 0.0
        seconds = self._scaled(declared) * (2 if operation.plain == "both" else 1)
        if operation.plain == "write":
            seconds += self._scaled(sorted((repository.folder / "policies/rendered").rglob("*.yaml")), "--write")
        return seconds

    def _scaled(self, files: Sequence[Path], *options: str) -> float:
        some = files[:: max(1, len(files) // SAMPLE)]
        start = self._stack([])
        share = sum(path.stat().st_size for path in files) / sum(path.stat().st_size for path in some)
        return (self._stack(some, *options) - start) * share + start

    def _stack(self, files: Sequence[Path], *options: str) -> float:
        schemas = HERE.parent / "schemas/v1alpha1"
        done = measure.once([sys.executable, HERE / "plain.py", *options, schemas, *files])
        if done.out != f"{len(files)}\n":
            raise SystemExit(f"the plain stack failed:\n{done.errors}")
        return done.taken.seconds

    def _add(self, name: str, flows: str, cache: str, taken: Taken, plain: str = "", target: str = "") -> None:
        times = measure.ratio(taken.seconds / self._bare.seconds), measure.ratio(taken.wall / self._bare.wall)
        cells = (f"{taken.seconds:.3f}", f"{taken.wall:.3f}", *times, target, plain, f"{taken.memory:,.0f}")
        self.rows.append((name, flows, cache, *cells))


def main(argv: Sequence[str]) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", default="1000,10000", help="sizes of repositories (default: 1000,10000)")
    parser.add_argument("--runs", type=int, default=3, help="of each process; the least counts")
    parser.add_argument("--only", default="", help="operations whose names have one of these words")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), args.runs)
        for flows in map(int, args.flows.split(",")):
            repository = Repository(Path(folder) / f"flows-{flows}", flows)
            for operation in OPERATIONS:
                if any(word in operation.name for word in args.only.split(",")):
                    bench.measure(repository, operation)
                    print(*bench.rows[-1][:5], file=sys.stderr)
            if flows == int(args.flows.split(",")[0]):
                bench.peer(repository)
            shutil.rmtree(repository.folder)
    print(f"{measure.machine()}\n\n{measure.table(bench.rows)}")


if __name__ == "__main__":
    main(sys.argv[1:])
