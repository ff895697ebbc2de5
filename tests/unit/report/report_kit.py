"""Reports to write: one of a real change of the small repository, one of hostile names, one that is very long."""

from __future__ import annotations

import functools

from msgspec.structs import replace

from rendered_repository import Files, edited, impact_of, rendered
from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact import (
    Approval,
    Automatic,
    Cause,
    Change,
    Effect,
    Gate,
    Level,
    ObjectChange,
    Origin,
    Reason,
    Report,
)
from ringfence.values.ports import NO_PORTS, PortRange, PortSet
from small_repository import small

FLOWS = "teams/checkout/shop/flows.yaml"
NAMESPACE = "teams/payments/payments/namespace.yaml"

HOSTILE = (
    "a\nb\r\n::error file=x::owned ##[add-mask]y <script>alert(1)</script> </td></details> | `c` ``` "
    "[l](http://e.example) @all ]]> <![CDATA[ &amp; \" ' %0A %{init}% \x1b[31m \u202e \ufffe $x$ **b** # h"
)
"""What a name or reason might hold if nothing had been checked before."""


@functools.cache
def real() -> Report:
    """A change with one effect of each kind: world, flow, port, workload, labels, and a rule by hand."""
    base, _ = rendered()
    flows = (
        "  - {name: news, from: frontend, to: internet, ports: [https], reason: The page shows <b>news</b>}\n"
        "  - {name: call-back, from: checkout, to: frontend, ports: [http], reason: A | in a table, ticket: SEC-7, "
        "expires: 2099-01-31}\n"
    )
    workloads = "".join(
        f"  {name}: {{labels: {{app: {name}}}, ports: {{metrics: 9090}}}}\n" for name in ("ledger", "audit")
    )
    namespace = small()[NAMESPACE].replace("{app: api}", "{app: card-api}").replace("https: 8443", "https: 9443")
    head: Files = rendered({FLOWS: small()[FLOWS] + flows, NAMESPACE: namespace + workloads})[0]
    path = "policies/rendered/base/checkout/shop/checkout.yaml"
    head = edited(
        head, path, "          port: 9090\n", "          port: 9090\n        - protocol: TCP\n          port: 22\n"
    )
    return replace(impact_of(base, head), command="ringfence impact --base v1")


CHECK = Check("RF999", "made-up", Severity.ERROR, "A made-up check.\n\n## What it finds\n\nNothing.\n")


def ports(*numbers: int) -> PortSet:
    return PortSet.of(PortRange("TCP", number, number) for number in numbers)


def change(number: int = 0, *, world: bool = False, text: str = "") -> Change:
    """A change that no other one is like."""
    place = Location(f"teams/{text or 'a'}/flows.yaml", 3, 5)
    cause = Cause("flow", f"f{number}{text}", place, f"o{text}", f"why {number} {text}", "", text, "head", "added")
    return Change(
        Effect.OPENED,
        Reason.POLICY,
        f"shop/w{number}{text}",
        f"payments/w{number}{text}",
        NO_PORTS,
        ports(443),
        (cause, replace(cause, kind="rule")),
        NO_PORTS,
        world,
        ("prod", f"c{text}") if text else ("prod",),
    )


def made(changes: tuple[Change, ...], text: str = "", findings: int = 1, objects: int = 1) -> Report:
    """A report with those changes; `text` stands wherever a text of somebody else may."""
    found = tuple(
        Finding(
            CHECK,
            Location(f"teams/{text or 'a'}.yaml", number, 1),
            f"message {number} {text}",
            f"hint {text}",
            f"s{text}",
            ((Location(f"other{text}", 2, 3), f"note {text}"),),
        )
        for number in range(findings)
    )
    return Report(
        base=f"base{text}",
        head=f"head{text}",
        clusters=("prod", f"c{text}") if text else ("prod",),
        changes=changes,
        objects=tuple(ObjectChange("create", "NetworkPolicy", f"ns{text}", f"p{i}", ("prod",)) for i in range(objects)),
        approvals=(Approval((f"@o{text}",), f"team{text}", (f"path{text}",)),),
        findings=found,
        guardrails_checked=1,
        command=f"ringfence impact {text}",
        gates=(Gate("collateral", "RF601", Level.ERROR, False, f"because {text}"),),
        origins=(Origin("template", ("policies/rendered/x",), (f"t{text}",)),),
        automatic=Automatic(False, f"no {text}"),
    )


def hostile() -> Report:
    """A report in which every text is hostile."""
    return made((change(text=HOSTILE, world=True), change(1, text=HOSTILE)), HOSTILE)
