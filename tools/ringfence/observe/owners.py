"""What a pod's name says about its owner: the patterns in which Kubernetes' controllers name pods."""

from __future__ import annotations

import re

_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
"""The characters of generated suffixes (k8s.io/apimachinery, util/rand)."""

_PATTERNS = (
    re.compile(rf"(.+)-{_SAFE}{{6,10}}-(?:{_SAFE}{{5}}|\*)"),  # a Deployment's: ReplicaSet hash, then a suffix
    re.compile(rf"(.+)-[0-9]{{8,10}}-{_SAFE}{{5}}"),  # a CronJob's: minutes since 1970, then a suffix
    re.compile(rf"(.+)-{_SAFE}{{6,10}}"),  # a ReplicaSet
    re.compile(r"(.+)-[0-9]{8,10}"),  # a Job of a CronJob
    re.compile(rf"(.+)-{_SAFE}{{5}}"),  # a DaemonSet's or Job's
    re.compile(r"(.+)-(?:[0-9]{1,4}|\*)"),  # a StatefulSet's, or what a log has made of all of them
)


def of_pod(name: str) -> tuple[str, ...]:
    """The names that the owner of a pod, ReplicaSet or Job may have, by its own name; itself first."""
    return tuple(dict.fromkeys([name, *(found[1] for one in _PATTERNS if (found := one.fullmatch(name)))]))
