"""What hands the rendered policies to clusters and to reviewers: Argo CD, Flux, who may write, CODEOWNERS.

Owns the files below `policies/rendered/gitops/` and the rule of who approves which path. Knows nothing of connectivity,
and nothing of what stands inside a policy: a namespace's overlay is a folder here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.gitops.checks import CHECKS, OWNERS_DRIFT
from ringfence.gitops.owners import CODEOWNERS_PATH, codeowners, owners_of, team_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ringfence.compile.bundle import Bundle
    from ringfence.model.types import Model

__all__ = ["CHECKS", "CODEOWNERS_PATH", "OWNERS_DRIFT", "codeowners", "owners_of", "team_of", "tree"]


def tree(model: Model, bundles: Mapping[str, Sequence[Bundle]]) -> dict[str, bytes]:
    """Every file below `policies/rendered/gitops/`, by its path relative to the repository's root.

    `bundles` are those of each cluster, by the cluster's name (`compile.bundles`); clusters and bundles may come in any
    order. Each bundle stands for the overlay `policies/rendered/overlays/<cluster>/<team>/<namespace>/`. Raises
    `KeyError` for a cluster that the model does not have.
    """
    from ringfence.gitops import access, argocd, flux
    from ringfence.gitops.wide import Wide

    chosen = {name: sorted(bundles[name], key=lambda item: (item.team, item.namespace)) for name in sorted(bundles)}
    wide = Wide.of(model)
    return {**argocd.files(model, chosen, wide), **flux.files(model, chosen, wide), **access.files(model, chosen)}
