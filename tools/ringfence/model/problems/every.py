"""The kinds of findings of the model all together."""

from ringfence.findings import Check
from ringfence.model.problems import addresses, adopted, clusters, files, flows, names, profiles, waivers, workloads

ALSO_SCHEMA = frozenset(
    {
        addresses.BAD_CIDR,
        addresses.BAD_DNS_NAME,
        clusters.BAD_PATTERN,
        flows.BAD_DATE,
        flows.BAD_PORT,
        flows.REPEATED_VALUE,
        names.RESERVED_NAME,
        names.UNKNOWN_END,
        names.UNKNOWN_ENVIRONMENT,
        names.UNKNOWN_NAMESPACE,
        names.UNKNOWN_PORT,
        names.UNKNOWN_TEAM,
        workloads.HOST_NETWORK,
        workloads.NO_LABELS,
    }
)
"""Checks of single values that a schema may refuse too: here the message knows why, so the schema's is dropped."""

CHECKS: tuple[Check, ...] = (
    *files.CHECKS,
    *names.CHECKS,
    *waivers.CHECKS,
    *flows.CHECKS,
    *addresses.CHECKS,
    *clusters.CHECKS,
    *profiles.CHECKS,
    *workloads.CHECKS,
    *adopted.CHECKS,
)
