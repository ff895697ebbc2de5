"""Break a copy of this repository in each way that a gate should catch, and show that the gates turn red.

examples:
  ringfence selftest
  ringfence selftest --gates "validate render verify"    only what these gates must see
  ringfence selftest --format json > selftest.json

Nothing here is touched: the copy is a temporary folder. Declarations are broken, and the rendered policies of one
cluster for each dialect. A gate is the command that CI runs, with the settings of this repository; a break that no gate
sees survives, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.commands import shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError
from ringfence.findings import Severity

if TYPE_CHECKING:
    from ringfence.selftest import Case, Gate, Repository, Runner, Skipped, Turned

GATES = ("validate", "fmt", "render", "owners", "verify", "impact")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `selftest`."""
    shared.add_common(parser)
    parser.add_argument(
        "--gates",
        metavar="NAMES",
        type=_gates,
        default=GATES,
        help=f"the gates that run, such as in CI (default: {' '.join(GATES)})",
    )


def _gates(text: str) -> tuple[str, ...]:
    """The names of gates, with blanks between (`argparse` type)."""
    from ringfence.values.nearest import nearest

    names = [name for name in text.split() if name != "selftest"]  # in the list of a pipeline
    for name in names:
        if name not in GATES:
            guess = nearest(name, GATES)
            more = f"did you mean {guess}?" if guess else f"the gates are {', '.join(GATES)}"
            raise argparse.ArgumentTypeError(f"there is no gate {name!r}; {more}")
    if not names:
        raise argparse.ArgumentTypeError(f"no gate is named; the gates are {', '.join(GATES)}")
    return tuple(name for name in GATES if name in names)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Break, ask and print; 1 when a break survives, or a gate is red before anything is broken."""
    import tempfile

    from ringfence import selftest

    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    gates = {name: gate(name) for name in args.gates}
    with tempfile.TemporaryDirectory(prefix="ringfence-selftest-") as name:
        base, head = Path(name, "base"), Path(name, "head")
        for folder in (base, head):
            selftest.copied(loaded[0].tree, folder)
        known = _start(gates, head, err)
        if known is None:
            return EXIT_FINDINGS
        repository = selftest.Repository(head, loaded[1])
        cases, skipped = _run(repository, selftest.Runner(base, head, gates, known), err)
    if not cases:
        raise NothingToCheckError("no break can be made in this repository", skipped[0].reason if skipped else "")
    (_print_json if args.format == "json" else _print_text)(cases, skipped, out)
    return EXIT_FINDINGS if any(case.survivors for case in cases) else EXIT_CLEAN


def _start(gates: Mapping[str, Gate], head: Path, err: TextIO) -> dict[str, frozenset[str]] | None:
    """What every gate finds before anything is broken; None, said, where one is red: it would be so afterwards too."""
    known = {}
    for name, ask in gates.items():
        found = ask(head, head, "")
        error = next((item for item in found if item.severity is Severity.ERROR), None)
        if error is not None:
            print(f"{name} is red before anything is broken: {error.code} {error.message}", file=err)
            print(f"Nothing can be shown so; run: ringfence {name}", file=err)
            return None
        known[name] = frozenset(item.fingerprint for item in found)
    return known


def _run(repository: Repository, runner: Runner, err: TextIO) -> tuple[list[Case], list[Skipped]]:
    """Every break that can be made, with what is shown of the progress on a terminal."""
    from ringfence import selftest

    plans = list(selftest.plan(repository, runner.gates))
    planned = [item for item in plans if isinstance(item, selftest.Planned)]
    cases = []
    for number, item in enumerate(planned, 1):
        if err.isatty():
            print(f"\r\033[K{number}/{len(planned)} {item.name} {item.dialect}", end="", file=err, flush=True)
        cases.append(runner.run(item))
    if err.isatty():
        print("\r\033[K", end="", file=err, flush=True)
    return cases, [item for item in plans if isinstance(item, selftest.Skipped)]


def gate(name: str) -> Gate:
    """A command as a gate: the findings of a run on the head, as CI would have it."""
    if name == "impact":
        return _impact
    words = {"fmt": ["--check"], "render": ["--check"], "owners": ["--check"]}.get(name, [])

    def ask(_: Path, head: Path, cluster: str) -> list[Turned]:
        more = ["--cluster", cluster] if cluster and name == "verify" else []
        out = io.StringIO()
        module, args = _command(name, ["-C", str(head), "--format", "json", *words, *more])
        module.run(args, out, io.StringIO())
        return _turned(out.getvalue())

    return ask


def _impact(base: Path, head: Path, cluster: str) -> list[Turned]:
    out = io.StringIO()
    module, args = _command(
        "impact", ["-C", str(head), "--format", "json", *(["--cluster", cluster] if cluster else [])]
    )
    module.judge(args, shared.load(head), lambda _: ("base", shared.load(base)), out, io.StringIO())
    return _turned(out.getvalue())


def _command(name: str, words: Sequence[str]) -> tuple[Any, argparse.Namespace]:
    """A command's module, and its arguments as the command line would give them."""
    module = importlib.import_module(f"ringfence.commands.{name}")
    parser = argparse.ArgumentParser(allow_abbrev=False)
    module.add_arguments(parser)
    return module, parser.parse_args(words)


def _turned(text: str) -> list[Turned]:
    """The findings of a run with `--format json`."""
    from ringfence.selftest import Turned

    return [
        Turned(item["code"], Severity(item["severity"]), item["message"], item["fingerprint"])
        for item in json.loads(text)["findings"]
    ]


def _print_json(cases: Sequence[Case], skipped: Sequence[Skipped], out: TextIO) -> None:
    from ringfence.report import json as report

    made = [
        {
            "name": case.planned.name,
            "title": case.planned.title,
            "dialect": case.planned.dialect,
            "cluster": case.planned.cluster,
            **report.location(case.planned.where),
            "caught": not case.survivors,
            "expected": [
                {
                    "gate": seen.expected.gate,
                    "code": seen.expected.code,
                    "verdict": seen.verdict.value,
                    "message": seen.message,
                }
                for seen in case.seen
            ],
        }
        for case in cases
    ]
    left_out = [
        {"name": item.name, "title": item.title, "dialect": item.dialect, "reason": item.reason} for item in skipped
    ]
    survived = sum(1 for case in cases if case.survivors)
    counts = {"caught": len(cases) - survived, "survived": survived, "notApplicable": len(skipped)}
    out.write(report.dump({"cases": made, "notApplicable": left_out, "counts": counts}))


def _print_text(cases: Sequence[Case], skipped: Sequence[Skipped], out: TextIO) -> None:
    from ringfence import report
    from ringfence.report import text

    colour = report.wants_colour(out)
    rows = [
        (
            case.planned.title,
            case.planned.dialect or "-",
            str(case.planned.where),
            ", ".join(f"{seen.expected.gate} {seen.expected.code}" for seen in case.seen),
            _verdict(case),
        )
        for case in cases
    ]
    out.write(text.table(("BROKEN", "DIALECT", "AT", "MUST BE SEEN BY", "RESULT"), rows) + "\n")
    if skipped:
        out.write(text.paint("Not applicable here, and not counted", "1", colour) + "\n")
        for item in skipped:
            dialect = f" ({item.dialect})" if item.dialect else ""
            out.write(f"  {text.one_line(f'{item.title}{dialect}: {item.reason}')}\n")
        out.write("\n")
    survivors = [case for case in cases if case.survivors]
    for case in survivors:
        out.write(text.paint(f"SURVIVED: {case.planned.title} ({case.planned.where})", "31", colour) + "\n")
        lines = [f"{seen.expected.gate} must find {seen.expected.code}; {seen.message}" for seen in case.survivors]
        out.writelines(f"  {text.one_line(line)}\n" for line in lines)
    if survivors:
        out.write("\n")
    out.write(
        f"{text.plural(len(cases), 'break')}: {len(cases) - len(survivors)} caught, {len(survivors)} survived; "
        f"{len(skipped)} not applicable\n"
    )


def _verdict(case: Case) -> str:
    from ringfence.selftest import Verdict

    if case.survivors:
        return "SURVIVED"
    warned = [seen.expected for seen in case.seen if seen.verdict is Verdict.WARNED]
    only = f" ({', '.join(f'{item.gate} {item.code}' for item in warned)} only warns)" if warned else ""
    return f"caught{only}"
