"""Which of some labelled things a selector matches, by an index from label to a set of positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.manifests import METADATA_NAME, Labels, Requirement, Selector


class LabelIndex:
    """An index of positions 0 to n-1 by their labels, and of `unknown` positions whose labels nobody knows.

    Where `names` is given, unknown things are namespaces whose name is none of them.
    """

    def __init__(self, labelled: Iterable[Labels], unknown: int = 0, names: frozenset[str] = frozenset()) -> None:
        pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
        keys: dict[str, list[int]] = defaultdict(list)
        count = 0
        for position, labels in enumerate(labelled):
            count += 1
            for pair in labels:
                pairs[pair].append(position)
                keys[pair[0]].append(position)
        self._pairs, self._keys = pairs, keys
        self._known = (1 << count) - 1
        self._unknown = unknown
        self._names = names
        self._memo: dict[Selector, Fuzzy] = {}

    def match(self, selector: Selector) -> Fuzzy:
        """The positions that a selector matches, surely and possibly."""
        if (found := self._memo.get(selector)) is None:
            found = (self._known | self._unknown,) * 2
            for requirement in selector.requirements:
                found = bits.both(found, self._requirement(requirement))
            self._memo[selector] = found
        return found

    def _requirement(self, item: Requirement) -> Fuzzy:
        if item.operator in ("In", "NotIn"):
            having = 0
            for value in item.values:
                having |= bits.of(self._pairs.get((item.key, value), ()))
        else:
            having = bits.of(self._keys.get(item.key, ()))
        known = having if item.operator in ("In", "Exists") else self._known & ~having
        sure, possible = self._of_unknown(item)
        return known | (self._unknown if sure else 0), known | (self._unknown if possible else 0)

    def _of_unknown(self, item: Requirement) -> tuple[bool, bool]:
        if not self._names or item.key != METADATA_NAME:
            return False, True
        if item.operator in ("Exists", "DoesNotExist"):
            return (item.operator == "Exists",) * 2
        known_names = self._names.issuperset(item.values)
        return (item.operator == "NotIn" and known_names, item.operator == "NotIn" or not known_names)
