"""Two teams on three clusters: `prod` keeps names; `dev` and `staging` share a Kubernetes cluster."""

from __future__ import annotations

import pytest
from gitops_models import make_bundles, make_model

from ringfence.compile.bundle import Bundle
from ringfence.model.types import Model


@pytest.fixture
def model() -> Model:
    return make_model(
        {"shop": ["cart", "web"], "payments": ["payments"]},
        {
            "prod": ("prod", "prod", "{namespace}"),
            "dev": ("dev", "nonprod", "{namespace}-{environment}"),
            "staging": ("staging", "nonprod", "{namespace}-{environment}"),
        },
    )


@pytest.fixture
def bundles(model: Model) -> dict[str, list[Bundle]]:
    return make_bundles(model)
