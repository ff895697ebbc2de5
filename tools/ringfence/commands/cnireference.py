"""The profiles that ship with the tool as one Markdown file, `docs/reference/cni-profiles.md`.

`python -m ringfence.commands.cnireference` writes it below the current directory; with `--check` it only says whether
it is current (exit 1 otherwise).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS
from ringfence.model import cni
from ringfence.model.profiles import Profiles
from ringfence.model.types import Cni
from ringfence.report.doctor_text import FACTS, shown
from ringfence.values.files import replace

PATH = Path("docs/reference/cni-profiles.md")

INTRODUCTION = """\
<!-- Written by `python -m ringfence.commands.cnireference` from tools/ringfence/profiles; do not edit. -->

# Network plugins

What each network plugin enforces, and where that was read. A cluster names its plugin, and for most also the release:

```yaml
# policies/clusters/prod.yaml
cni:
  name: cilium
  version: "1.20"
```

Without `version` the newest profile of the name counts, and `1.20.3` means `1.20`. What a flow needs and the plugin
does not enforce is an error at the flow's line; what is not known (`?`) is refused alike. `ringfence doctor` prints
this matrix for the clusters of a repository.

| Column | Fact | Yes means |
|---|---|---|
| ENFORCES | `dialects` | the kinds of policies that are enforced; `-`: no policy is |
| ADMIN | `adminKinds` | enforced kinds of `policy.networking.k8s.io`: ANP and BANP v1alpha1, CNP v1alpha2 |
| NAMES | `names` | the dialects in which egress to DNS names is enforced |
| AUDIT | `audit` | the dialects in which policies can be watched before they are enforced |
| BLOCKS=PODS | `ipBlocksMatchPods` | address blocks match the addresses of pods |
| RANGES | `endPort` | ranges of ports are enforced |
| SCTP | `sctp` | SCTP ports are enforced |
| IPV6 | `ipv6` | IPv6 addresses are enforced |
| PORTS/PEER | `portsPerPeer` | a pod may have so many ports open towards one peer, or from it; `-`: any number |

A repository knows its clusters better: a file `policies/profiles/<name>-<version>.yaml` (or without version) extends a
profile and states facts with their sources; a cluster then names it.

```yaml
# policies/profiles/our-cilium.yaml
apiVersion: ringfence.dev/v1alpha1
kind: CniProfile
title: Cilium 1.20 with SCTP
extends: cilium@1.20
facts:
  sctp:
    value: true
    source: https://wiki.example.com/clusters/cilium
    note: sctp.enabled is set in every cluster
```
"""


def text() -> str:
    """The whole page: the matrix, then each profile."""
    profiles = Profiles()
    known = [cni.of(profiles, key) for key in profiles.known()]
    return "".join([INTRODUCTION, *_matrix(known), *(line for one in known for line in _section(one))])


def _matrix(known: Sequence[Cni]) -> Iterator[str]:
    yield f"\n## The matrix\n\n| Plugin | {' | '.join(FACTS.values())} |\n|---|{'---|' * len(FACTS)}\n"
    for one in known:
        cells = (shown(name, one.facts.get(name)).replace(",", ", ") for name in FACTS)
        yield f"| [{one.id}](#{_anchor(one)}) | {' | '.join(cells)} |\n"


def _section(one: Cni) -> Iterator[str]:
    yield f"\n## {one.id}\n\n{one.title}.\n\n| Fact | Value | Note | Source |\n|---|---|---|---|\n"
    for name in (*FACTS, "archived"):
        if fact := one.facts.get(name):
            value = shown(name, fact).replace(",", ", ")
            yield f"| `{name}` | {value} | {_cell(fact.note)} | <{fact.source}> |\n"
    if one.notes:
        yield "\n"
    yield from (f"- {note} <{source}>\n" for note, source in one.notes)


def _anchor(one: Cni) -> str:
    return one.id.replace("@", "").replace(".", "")


def _cell(content: str) -> str:
    return content.replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it (`--check`)."""
    wanted = text().encode()
    current = PATH.is_file() and PATH.read_bytes() == wanted
    if "--check" in arguments:
        if not current:
            sys.stderr.write(f"{PATH} is not current; run python -m ringfence.commands.cnireference\n")
        return EXIT_CLEAN if current else EXIT_FINDINGS
    if not current:
        PATH.parent.mkdir(parents=True, exist_ok=True)
        replace(PATH, wanted)
    return EXIT_CLEAN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
