"""The findings of the rendered tree and of the templates that write it (RF400 to RF419)."""

from __future__ import annotations

from ringfence.findings import Check, Severity

MISSING = Check(
    "RF400",
    "rendered-missing",
    Severity.ERROR,
    """A rendered file is missing.

## What it finds

A file that the declarations call for and that is not in `policies/rendered/`.

## Why it matters

Clusters are synced from the rendered tree. Without the file the declared flow is not allowed, or the namespace is not
isolated.

## Fails

A flow was added under `teams/`, and only that file was committed.

## Passes

`ringfence render` was run, and `policies/rendered/` was committed with the flow.
""",
)
EXTRA = Check(
    "RF401",
    "rendered-extra",
    Severity.ERROR,
    """A file in the rendered tree has no declaration behind it.

## What it finds

Anything below `policies/rendered/` that the renderer would not write: leftovers, files added by hand (committed or not)
and empty folders that hold them.

## Why it matters

The rendered tree belongs to the renderer alone. A policy that nobody declared has no owner and no reason, and it opens
what no review saw.

## Fails

`policies/rendered/base/payments/payments/allow-debug.yaml` was put there by hand.

## Passes

The flow is declared under `teams/payments/`, and `ringfence render` wrote the tree.
""",
)
CHANGED = Check(
    "RF402",
    "rendered-changed",
    Severity.ERROR,
    """A rendered file differs from what the declarations mean.

## What it finds

A file of `policies/rendered/` with other bytes than the renderer writes; the first line that differs is named.

## Why it matters

Either a declaration changed and the tree was not rendered again, so that clusters run the old intent, or the file was
edited by hand, and the next render takes the edit away.

## Fails

`port: 8443` became `port: 443` in a file of `policies/rendered/`.

## Passes

The port is changed in the flow's file under `teams/`, and `ringfence render` wrote the tree.
""",
)
NOT_A_FILE = Check(
    "RF403",
    "rendered-not-a-file",
    Severity.ERROR,
    """Something else stands where a rendered file belongs.

## What it finds

A symbolic link, a folder, a device or an unreadable file at the path of a rendered file.

## Why it matters

A link can lead out of the repository, so that what is synced is not what was reviewed.

## Fails

`policies/rendered/base/shop/shop/baseline.yaml` is a link to another file.

## Passes

`ringfence render` replaced the link by a regular file.
""",
)
TEMPLATE_BROKEN = Check(
    "RF410",
    "template-broken",
    Severity.ERROR,
    """A template cannot be run.

## What it finds

A template of `policies/templates/` with a syntax error, with a name that does not exist, or with something that the
sandbox refuses; and a file there that is no template of a known name.

## Why it matters

Templates write every policy. One that half works must stop the render: a skipped rule is a silent change.

## Fails

`{{ nmae }}` in `policies/templates/kubernetes/policy.yaml.j2`.

## Passes

`{{ name }}`: one of the names that `docs/templates.md` lists.
""",
)
TEMPLATE_MEANING = Check(
    "RF411",
    "template-changes-meaning",
    Severity.ERROR,
    """A template wrote something else than what was compiled.

## What it finds

A rendered file that is not valid YAML, or that has another value than the compiled policy; the first difference is
named.

## Why it matters

Templates decide the looks of a file, never its meaning. A template that drops a rule, adds a port or leaves a selector
out would change the policy of every namespace behind the reviewers' backs.

## Fails

A `policy.yaml.j2` without the loop over `ports`: every rule would open all ports.

## Passes

A `policy.yaml.j2` that only orders keys and comments in another way.
""",
)

CHECKS = (MISSING, EXTRA, CHANGED, NOT_A_FILE, TEMPLATE_BROKEN, TEMPLATE_MEANING)
