"""Assertions on random clusters agree with what single questions about each pair answer."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

from clusters import ADDRESSES, clusters, files, names
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.connectivity import Profile, evaluate, from_directory
from ringfence.values.ports import ALL_PORTS
from ringfence.verify.asserted import judge
from ringfence.verify.assertions import read

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
PORTS = ("80/TCP", "79-443/TCP", "80/UDP", "1-65535/SCTP")


@SETTINGS
@given(clusters(), st.sampled_from([True, False, None]), st.booleans(), st.data())
def test_a_statement_fares_as_its_pairs_do(
    objects: list[Object], reading: bool | None, must: bool, data: st.DataObject
):
    result = evaluate(from_directory(files(objects), Profile("p", ip_blocks_match_pods=reading)))
    ends = st.lists(st.sampled_from([*names(objects), *ADDRESSES]), min_size=1, max_size=3, unique=True)
    sources, destinations = data.draw(ends), data.draw(ends)
    ports = data.draw(st.lists(st.sampled_from(PORTS), max_size=2, unique=True))
    statement = {"name": "x", "from": sources, "to": destinations, **({"ports": ports} if ports else {})}
    head = {"apiVersion": "ringfence.dev/v1alpha1", "kind": "Assertions"}
    found, findings = read("a.yaml", json.dumps({**head, "must" if must else "mustNot": [statement]}).encode())
    assert findings == []
    wanted = found[0].ports
    assert wanted == ALL_PORTS or ports
    pairs = [
        (one, other)
        for one, other in product(sources, destinations)
        if one != other and not (one in ADDRESSES and other in ADDRESSES)
    ]
    failed = undefined = 0
    for one, other in pairs:
        allowed, more = result.ports(one, other), result.undefined(one, other)
        sure, possible = allowed & wanted, (allowed | more) & wanted
        failed += (possible != wanted) if must else bool(sure)
        undefined += (sure != wanted) if must else bool(possible)
    (outcome,) = judge(found, result)
    expected = "error" if not pairs else "fail" if failed else "undefined" if undefined else "pass"
    assert outcome.result.value == expected
    if outcome.explanation is not None:
        assert outcome.broken
        assert outcome.ports <= wanted
