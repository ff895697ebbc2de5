"""Repositories of declarations to measure with: any number of flows, by seed, valid, and as uneven as real ones.

    python benchmarks/monorepo.py DIR --flows 100000 [--teams 1000] [--clusters 3] [--git] [--render]

Fifty flows a namespace, two namespaces a team, ten workloads a namespace; a team file, a namespace file and three or
four files of flows each. Most flows stay among the ten teams of a domain; popularity falls with rank, so that a few
workloads have very many callers. Some flows go to the catalogue, name several callers, are limited to environments,
expire or have a ticket. The clusters keep names: dev, staging, prod, and more of prod where more are asked for.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import platform_files

IN_A_NAMESPACE, IN_A_TEAM, IN_A_DOMAIN = 10, 2, 10
"""Workloads of a namespace, namespaces of a team, teams that talk to each other most."""
FLOWS_OF_A_NAMESPACE = 50
PLATFORM = "platform-shared"
"""The team whose workloads everybody may call."""

_HEAD = "apiVersion: ringfence.dev/v1alpha1\nkind: {}\n"
_DOMAINS = """
payments orders catalogue search identity billing shipping returns loyalty fraud ledger cards lending pricing
stock media mail support reports partners tax travel hotels rides maps feeds chat video music ads claims
quotes wallets vendors fleet sensors energy health clinic games
"""
_PARTS = """
core edge batch admin data events sync ops web mobile ingest export rules audit limits tokens keys plans
offers views stats jobs tools portal hub
"""
_ROLES = """
api worker frontend db cache scheduler gateway consumer exporter indexer notifier importer resolver balancer
archiver validator
"""
_PORTS = {"http": 8080, "grpc": 50051, "postgres": 5432, "redis": 6379, "amqp": 5672, "admin": 9901, "https": 8443}
_REASONS = (
    "Reads what the customer sees on the first page",
    "Checks the limit before the amount is reserved",
    "Writes the outcome so that reports agree with it",
    "Looks up the name and the address of the account",
    "Sends what has changed since the last run",
    "Keeps both sides in step after a retry",
    "Fetches prices once a minute, and keeps them",
    "Asks who the caller is before anything else",
)
_CALL_OUT = """\
  - name: call-out
    from: api-1
    to: internet
    ports: [https]
    reason: Calls the addresses that customers name
"""


@dataclass(frozen=True, slots=True)
class _Workload:
    """A workload, its ports by name, and whether it is left out of prod."""

    namespace: str
    name: str
    ports: dict[str, int]
    no_prod: bool


@dataclass(frozen=True, slots=True)
class _Pool:
    """Workloads that may be called, with the sums of their popularity."""

    workloads: list[_Workload]
    sums: list[float]

    @classmethod
    def of(cls, chance: random.Random, workloads: Sequence[_Workload]) -> _Pool:
        shuffled = list(workloads)
        chance.shuffle(shuffled)
        return cls(shuffled, list(accumulate(1 / (rank + 1) for rank in range(len(shuffled)))))


def files(flows: int, teams: int | None = None, clusters: int = 3, seed: int = 1) -> Iterator[tuple[str, str]]:
    """The files of a repository: paths and texts. `teams` is a hundredth of `flows` where it is not given."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    teams = teams or max(2, flows // (FLOWS_OF_A_NAMESPACE * IN_A_TEAM))
    names = [PLATFORM, *(_team(number) for number in range(1, teams))]
    spaces = [(team, f"{team}-{part}") for team in names for part in ("a", "b")[:IN_A_TEAM]]
    workloads = {space: _workloads(chance, space) for _, space in spaces}
    closed = spaces[-1][1]
    yield from platform_files.files(clusters, calls_out=f"{spaces[0][1]}/call-out", closed=closed)
    for team in names:
        yield f"teams/{team}/team.yaml", _team_file(team, [space for owner, space in spaces if owner == team][:2])
    shared = _Pool.of(chance, [workload for team, space in spaces if team == PLATFORM for workload in workloads[space]])
    domain = IN_A_DOMAIN * IN_A_TEAM
    pools = [
        _Pool.of(
            chance,
            [item for _, space in spaces[start : start + domain] for item in workloads[space] if space != closed],
        )
        for start in range(0, len(spaces), domain)
    ]
    everyone = _Pool.of(chance, [item for space, items in workloads.items() if space != closed for item in items])
    for number, (team, space) in enumerate(spaces):
        folder = f"teams/{team}/{space}"
        yield f"{folder}/namespace.yaml", _namespace(workloads[space])
        count = flows * (number + 1) // len(spaces) - flows * number // len(spaces)
        lines = list(_flows(chance, number, workloads[space], count, (pools[number // domain], shared, everyone)))
        parts = 3 + number % 2
        size = -(-len(lines) // parts)
        for part in range(parts):
            if some := lines[part * size : (part + 1) * size]:
                yield f"{folder}/flows-{part + 1}.yaml", _HEAD.format("Flows") + "flows:\n" + "".join(some)


def write(folder: Path, flows: int, teams: int | None = None, clusters: int = 3, seed: int = 1) -> int:
    """Write a repository, and give the number of its files."""
    count = 0
    for path, text in files(flows, teams, clusters, seed):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        count += 1
    return count


def commit(folder: Path, message: str = "Everything") -> str:
    """Commit all files of a folder, which becomes a repository of Git; the id of the commit."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@invalid", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    if not (folder / ".git").exists():
        git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--message", message)
    return git("rev-parse", "HEAD")


def workload(number: int) -> str:
    """The name of a workload by its number in its namespace, from 0: the same in each."""
    roles = _ROLES.split()
    return f"{roles[number % len(roles)]}-{number + 1}"


def _team(number: int) -> str:
    domains, parts = _DOMAINS.split(), _PARTS.split()
    domain, part = divmod(number, len(parts))
    again, domain = divmod(domain, len(domains))
    return f"{domains[domain]}-{parts[part]}" + (f"-{again + 1}" if again else "")


def _team_file(team: str, spaces: Sequence[str]) -> str:
    owner = f'owners:\n  - "@example/{team}"\n'
    listed = "".join(f"  - {space}\n" for space in spaces)
    return f'{_HEAD.format("Team")}contact: "#team-{team}"\n{owner}namespaces:\n{listed}'


def _workloads(chance: random.Random, space: str) -> list[_Workload]:
    found = []
    for number in range(IN_A_NAMESPACE):
        ports = {name: _PORTS[name] for name in chance.sample(tuple(_PORTS), chance.choice((1, 1, 2, 3)))}
        if chance.random() < 0.7:
            ports["metrics"] = 9102
        # two workloads of each namespace are everywhere, for changes that concern every cluster
        found.append(_Workload(space, workload(number), ports, number > 2 and chance.random() < 0.04))
    return found


def _namespace(workloads: Sequence[_Workload]) -> str:
    parts = [_HEAD.format("Namespace"), "workloads:\n"]
    for workload in workloads:
        ports = "".join(f"      {name}: {number}\n" for name, number in sorted(workload.ports.items()))
        limited = "    environments: [dev, staging]\n" if workload.no_prod else ""
        parts.append(
            f"  {workload.name}:\n    labels:\n      app: {workload.name}\n      app.kubernetes.io/part-of: "
            f"{workload.namespace}\n    ports:\n{ports}    serviceAccount: {workload.name}\n{limited}"
        )
    return "".join(parts)


def _flows(
    chance: random.Random, number: int, own: Sequence[_Workload], count: int, pools: tuple[_Pool, _Pool, _Pool]
) -> Iterator[str]:
    taken: set[tuple[str, str]] = set()
    near, shared, everyone = pools
    made = 0
    if number == 0:
        made += 1
        yield _CALL_OUT
    while made < count:
        source = chance.choice(own)
        kind = chance.random()
        if kind < 0.06:
            to, ports, target = _peer(chance)
        else:
            pool = shared if kind < 0.14 else everyone if kind < 0.24 else near
            target = chance.choices(pool.workloads, cum_weights=pool.sums)[0]
            here = target.namespace == source.namespace
            if here and target.name == source.name:
                continue
            to = target.name if here else f"{target.namespace}/{target.name}"
            offered = [name for name in target.ports if name != "metrics"]
            port = chance.choice(offered)
            ports = str(target.ports[port]) if chance.random() < 0.25 else port
        sources = [source]
        if chance.random() < 0.04:
            others = [item for item in own if item is not source and item is not target]
            sources += chance.sample(others, 2)
        pairs = {(item.name, to) for item in sources}
        # so many flows to few ends in a small repository: numbers tell the connections apart
        if pairs & taken:
            if len(taken) < 4 * count and chance.random() < 0.98:
                continue
            ports = str(20_000 + made)
        taken |= pairs
        made += 1
        said = sources[0].name if len(sources) == 1 else "[" + ", ".join(item.name for item in sources) + "]"
        free = not any(item.no_prod for item in sources) and (target is None or not target.no_prod)
        yield _flow(chance, f"f{number}-{made}", said, to, ports, free)


def _flow(chance: random.Random, name: str, source: str, to: str, ports: str, free: bool) -> str:
    reason = chance.choice(_REASONS)
    text = f"  - name: {name}\n    from: {source}\n    to: {to}\n    ports: [{ports}]\n    reason: {reason}\n"
    luck = chance.random()
    if luck < 0.05 and free:
        text += f"    environments: {chance.choice(('[staging, prod]', '[dev, staging]', '[prod]', '[dev]'))}\n"
    if luck > 0.98:
        text += f"    expires: {2040 + chance.randrange(9)}-{chance.randrange(1, 13):02}-28\n"
    if luck > 0.9:
        text += f"    ticket: NET-{chance.randrange(100, 9999)}\n"
    return text


def _peer(chance: random.Random) -> tuple[str, str, None]:
    if chance.random() < 0.4:
        name = chance.choice(("kafka", "vault", "traces"))
        return name, platform_files.PODS[name][2], None
    number = chance.randrange(platform_files.OUTSIDE + platform_files.INSIDE)
    inside = number - platform_files.OUTSIDE
    return (f"saas-{number}" if inside < 0 else f"centre-{inside}"), "https", None


def main(argv: Sequence[str]) -> None:
    """Write a repository as the options say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flows", type=int, default=100_000)
    parser.add_argument("--teams", type=int, help="a hundredth of the flows by default")
    parser.add_argument("--clusters", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--render", action="store_true", help="write what is rendered too")
    parser.add_argument("--git", action="store_true", help="commit everything")
    args = parser.parse_args(argv)
    count = write(args.folder, args.flows, args.teams, args.clusters, args.seed)
    print(f"{count:,} files")
    if args.render:
        for command in ("render", "owners"):
            own = [sys.executable, "-m", "ringfence", command]
            subprocess.run(own, cwd=args.folder, check=True, stdout=sys.stderr, stderr=subprocess.PIPE)
    if args.git:
        print(commit(args.folder))


if __name__ == "__main__":
    main(sys.argv[1:])
