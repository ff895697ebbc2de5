"""The values of what was seen beside what is declared. They know no output format."""

from __future__ import annotations

from msgspec import Struct

from ringfence.model.types import Cluster, Flow, Grant
from ringfence.observe.mapping import Mapped
from ringfence.observe.types import Observations, Verdict
from ringfence.observe.usage import NEVER, Usage
from ringfence.values.ports import PortSet


class Talk(Struct, frozen=True):
    """All that was seen between two ends on one port, with one verdict."""

    source: Mapped
    destination: Mapped
    protocol: str
    port: int
    verdict: Verdict
    usage: Usage

    @property
    def port_text(self) -> str:
        """`8443/TCP`, or the protocol alone where it has no ports."""
        return f"{self.port}/{self.protocol}" if self.port else self.protocol

    @property
    def sort_key(self) -> tuple[str, str, str, int, str]:
        """By ends, then port."""
        return (self.source.label, self.destination.label, self.protocol, self.port, self.verdict)


class Use(Struct, frozen=True):
    """One pair of ends of a flow, or one grant, with how often it was seen.

    `denied` are its connections that were not let through, or would not have been by a policy that only watches.
    `perhaps` may be its connections: the log says too little of the end that is outside.
    """

    cause: Flow | Grant
    source: str
    destination: str
    ports: PortSet
    usage: Usage = NEVER
    denied: Usage = NEVER
    perhaps: Usage = NEVER


class Unplaced(Struct, frozen=True):
    """An end that is nothing declared: what it is called, why, and how often it was seen."""

    kind: str
    label: str
    why: str
    count: int


class Comparison(Struct, frozen=True):
    """What was seen in one cluster beside what is declared there. Every tuple is in stable order.

    `uses` are all declarations, seen or not. `breaking` passed, concerns a workload, and no declaration allows it: it
    breaks once policies are enforced. `denied_today` is the same where a direction that denies it is enforced
    already: it was seen before that, or the policies are not those of the repository. `denied` did not pass though a
    declaration allows it. `refused` did not pass, and nothing declares it. `probes` are searches for open ports,
    `replies` answers that the log shows as calls, `nodes` what came from a node, `unjudged` what passed of a protocol
    that no policy names; none of these would break anything, or none can be declared. `foreign` concerns no workload
    of a team. `unclear` may be declared, or may break: the log says of an end only that it is outside, and an entry
    outside is declared on the port. `adopted` is not declared, and an adopted policy still allows it when everything
    is enforced.
    """

    cluster: Cluster
    observed: Observations
    uses: tuple[Use, ...]
    breaking: tuple[Talk, ...]
    denied_today: tuple[Talk, ...]
    denied: tuple[Talk, ...]
    refused: tuple[Talk, ...]
    probes: tuple[Talk, ...]
    replies: tuple[Talk, ...]
    nodes: tuple[Talk, ...]
    unjudged: tuple[Talk, ...]
    foreign: tuple[Talk, ...]
    unclear: tuple[Talk, ...]
    adopted: tuple[Talk, ...]
    unplaced: tuple[Unplaced, ...]
    idle: tuple[str, ...]
    """Declared workloads of which nothing was seen at all."""

    @property
    def seen(self) -> tuple[Use, ...]:
        """Declared and seen."""
        return tuple(use for use in self.uses if use.usage.count)

    @property
    def never(self) -> tuple[Use, ...]:
        """Declared flows, never seen: candidates to remove. What was denied, or perhaps seen, is none of them."""
        unseen = (use for use in self.uses if not (use.usage.count or use.denied.count or use.perhaps.count))
        return tuple(use for use in unseen if isinstance(use.cause, Flow))
