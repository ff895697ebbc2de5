"""Which of some labelled things a selector matches, by an index from label to a set of positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.manifests import METADATA_NAME, Labels, Requirement, Selector

_REMEMBERED = 1_000
"""So many selectors, and conditions, are kept with what they match, which is as long as the cluster is large."""

Key = TypeVar("Key")


class LabelIndex:
    """An index of positions 0 to n-1 by their labels, and of `unknown` positions whose labels nobody knows.

    Where `names` is given, unknown things are namespaces whose name is none of them. `named` are positions of which
    only this is known: the selector that they meet. No other selector matches them, unless that one implies it.
    """

    def __init__(
        self,
        labelled: Iterable[Labels],
        unknown: int = 0,
        names: frozenset[str] = frozenset(),
        named: Mapping[int, Selector] | None = None,
    ) -> None:
        pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
        keys: dict[str, list[int]] = defaultdict(list)
        self._labels = list(labelled)
        for position, labels in enumerate(self._labels):
            for pair in labels:
                pairs[pair].append(position)
                keys[pair[0]].append(position)
        self._pairs, self._keys = pairs, keys
        self._known = (1 << len(self._labels)) - 1
        self._unknown = unknown
        self._names = names
        self._named = _Named(named or {})
        self._all: Fuzzy = (self._known | unknown | self._named.all,) * 2
        self._memo: dict[Selector, Fuzzy] = {}
        self._single: dict[Requirement, Fuzzy] = {}

    def match(self, selector: Selector) -> Fuzzy:
        """The positions that a selector matches, surely and possibly."""
        if (found := self._memo.get(selector)) is None:
            found = self._all
            for requirement in selector.requirements:
                if (one := self._single.get(requirement)) is None:
                    one = self._requirement(requirement)
                    _remember(self._single, requirement, one)
                found = bits.both(found, one)
            _remember(self._memo, selector, found)
        return found

    def few(self, selector: Selector, most: int) -> list[int] | None:
        """The labelled positions that a selector of single values matches; None where none of these has so few of them.

        A set is as long as there are positions, so a look at the labels of a few is quicker.
        """
        asked = selector.requirements
        pairs = [(item.key, item.values[0]) for item in asked if item.operator == "In" and len(item.values) == 1]
        if not pairs or len(pairs) < len(asked):
            return None
        found = min((self._pairs.get(pair, []) for pair in pairs), key=len)
        if len(found) > most:
            return None
        for pair in pairs:
            found = [at for at in found if pair in self._labels[at]]
        return found

    def meeting(self, item: Requirement) -> int:
        """The named positions for which a condition follows. That a namespace has a name is known of each."""
        if self._names and item.key == METADATA_NAME and item.operator == "Exists":
            return self._named.all
        return self._named.meeting(item)

    def _requirement(self, item: Requirement) -> Fuzzy:
        if item.operator in ("In", "NotIn"):
            having = 0
            for value in item.values:
                having |= bits.of(self._pairs.get((item.key, value), ()))
        else:
            having = bits.of(self._keys.get(item.key, ()))
        known = having if item.operator in ("In", "Exists") else self._known & ~having
        known |= self.meeting(item)
        if not self._unknown:
            return known, known
        sure, possible = self._of_unknown(item)
        return known | (self._unknown if sure else 0), known | (self._unknown if possible else 0)

    def _of_unknown(self, item: Requirement) -> tuple[bool, bool]:
        if not self._names or item.key != METADATA_NAME:
            return False, True
        if item.operator in ("Exists", "DoesNotExist"):
            return (item.operator == "Exists",) * 2
        known_names = self._names.issuperset(item.values)
        return (item.operator == "NotIn" and known_names, item.operator == "NotIn" or not known_names)


class _Named:
    """Positions by the conditions that are known to hold for them, to find those from which another follows."""

    def __init__(self, named: Mapping[int, Selector]) -> None:
        self.all = bits.of(named)
        self._values: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._having: dict[str, int] = defaultdict(int)
        self._others: dict[str, dict[Requirement, int]] = defaultdict(lambda: defaultdict(int))
        for position, selector in named.items():
            for item in selector.requirements:
                if item.operator == "In" and len(item.values) == 1:
                    self._values[item.key][item.values[0]] |= 1 << position
                    self._having[item.key] |= 1 << position
                else:
                    self._others[item.key][item] |= 1 << position

    def meeting(self, item: Requirement) -> int:
        """The positions for which a condition follows from one that is known."""
        if not self.all:
            return 0
        found = 0
        if item.operator in ("In", "NotIn") and (values := self._values.get(item.key)):
            for value in item.values:
                found |= values.get(value, 0)
        having = self._having.get(item.key, 0)
        found = {"In": found, "NotIn": having & ~found, "Exists": having, "DoesNotExist": 0}[item.operator]
        for known, where in self._others.get(item.key, {}).items():
            found |= where if follows(known, item) else 0
        return found


def _remember(memo: dict[Key, Fuzzy], key: Key, found: Fuzzy) -> None:
    if len(memo) >= _REMEMBERED:
        memo.clear()
    memo[key] = found


def follows(known: Requirement, item: Requirement) -> bool:
    """Whether a condition follows from one that is known: every label that meets the one meets the other."""
    if known == item or known.key != item.key:
        return known == item
    if known.operator == "In":
        return all(item.matches({known.key: value}) for value in known.values)
    if known.operator == "Exists" or item.operator != "NotIn":
        return False
    return known.operator == "DoesNotExist" or set(known.values).issuperset(item.values)
