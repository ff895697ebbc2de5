"""What stays open and is restricted above layer 4 otherwise than before, by HTTP or DNS rules or the like.

No connection opens or closes then, and yet other requests pass: a rule without such a part that allows the same lifts
what restricts it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import Connectivity
from ringfence.errors import UsageError
from ringfence.findings import Finding, Location
from ringfence.impact.pages import RESTRICTED
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify import State
from ringfence.verify.ends import End, end_of, is_other, name

_LIFTED = "stays open, and is no longer restricted by {kind} rules: a rule without them allows the same"
_PUT = "stays open, and is restricted by {kind} rules from now on: what they do not name is refused"


def findings(one: State, other: State) -> Iterator[Finding]:
    """One finding for each pair of declared ends, kind of restriction and way that it changes."""
    before, after = one.connectivity, other.connectivity
    for here, there, said in ((before, after, _LIFTED), (after, before, _PUT)):
        for source, destination, kind, ports in _beyond(here, there):
            pair = f"{name(source)} → {name(destination)}"
            yield RESTRICTED.at(
                Location("policies/rendered"),
                f"in {other.name}, {pair} on {ports} {said.format(kind=kind)}",
                hint="ringfence explain says which rules allow it",
                subject=pair,
            )


def _beyond(here: Connectivity, there: Connectivity) -> Iterator[tuple[End, End, str, PortSet]]:
    """The ports that are restricted here, and open without that there."""
    for row in here.rows() if here.restrictions else ():
        if not row.restricted:
            continue
        ends = end_of(row.source), end_of(row.destination)
        if any(map(is_other, ends)):
            continue
        try:
            open_, known = there.ports(*ends), there.restricted(*ends)
        except UsageError:
            continue  # an end that is not there
        for kind, ports in row.restricted:
            if left := (ports & open_) - known.get(kind, NO_PORTS):
                yield *ends, kind, left
