"""The findings of what stands beside the rendered policies (RF420 to RF429)."""

from __future__ import annotations

from ringfence.findings import Check, Severity

OWNERS_DRIFT = Check(
    "RF420",
    "owners-drift",
    Severity.ERROR,
    """CODEOWNERS is not what the teams say.

## What it finds

A `CODEOWNERS` file at the root of the repository that is missing or has other bytes than `ringfence owners` writes.

## Why it matters

GitLab and GitHub ask for approvals by this file. A team that is missing from it is not asked when others change what
may reach its workloads; a team that has left still approves.

## Fails

`owners` changed in `teams/payments/team.yaml`, and only that file was committed.

## Passes

`ringfence owners` was run, and `CODEOWNERS` was committed with the change.
""",
)

CHECKS = (OWNERS_DRIFT,)
