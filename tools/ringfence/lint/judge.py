"""What each rule decides that nothing else does: the one judgement behind the checks of rules without effect.

For each view, the region that a rule matches is followed: less what earlier rules and tiers decide, less what other
rules of its tier would decide in the same way if it were gone. What remains is what the rule does. Rules are judged
from the last to the first, each against those that were not found to be superfluous before: all that are found can go
together. A claim holds whatever the facts that no file settles, since only sure matches of others are taken away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ringfence.connectivity.engine import Row
from ringfence.connectivity.resolve import Action
from ringfence.connectivity.tiers import within
from ringfence.lint import implied, regions
from ringfence.lint.judgement import Because, Effect, Judgement, joined
from ringfence.lint.views import Occurrence, Rule, Seen, Selecting, Stage, View, Views


class Judge:
    """Judges the rules of one cluster."""

    def __init__(self, views: Views) -> None:
        self._views = views
        space = views.result.space
        self._space = space
        self._declared = space.everything & ~space.unknown
        self._implied = implied.Implied(views.result)
        self._gone: set[int] = set()

    def all(self) -> list[Judgement]:
        """Every rule's judgement, in the order of rules."""
        found: dict[int, Judgement] = {}
        for rule in reversed(self._views.rules):
            found[rule.number] = self._keep(self._judged(rule, today=False))
        if self._declared & self._space.all_pods:
            for rule in reversed(self._views.rules):
                if found[rule.number].effect is Effect.DECIDES and self._of_declared(rule):
                    again = self._judged(rule, today=True)
                    found[rule.number].left_today = again.left
                    if again.effect in (Effect.SHADOWED, Effect.REDUNDANT):
                        found[rule.number] = self._keep(again)
        return [found[rule.number] for rule in self._views.rules]

    def whole(self) -> list[Judgement]:
        """Every written rule's judgement: one of several parts has no effect as a rule only where all have none."""
        parts: dict[object, list[Judgement]] = defaultdict(list)
        for item in self.all():
            parts[item.rule.key].append(item)
        return [items[0] if len(items) == 1 else joined(items) for items in parts.values()]

    def _keep(self, judgement: Judgement) -> Judgement:
        if judgement.effect in (Effect.SHADOWED, Effect.REDUNDANT):
            self._gone.add(judgement.rule.number)
        return judgement

    def _of_declared(self, rule: Rule) -> bool:
        """Whether each peer that a rule names is found among what is declared: else it is for what may come."""
        return all(found & self._declared for found in self._implied.peers(rule))

    def _judged(self, rule: Rule, today: bool) -> Judgement:
        because: dict[Because, None] = {}
        effect = Effect.IDLE
        left = []
        if above(rule) or rule.stands_for_doubt:
            return Judgement(rule, Effect.DECIDES)
        for place in rule.occurs:
            start = self._start(place, today)
            if not start:
                continue
            if not (rest := self._reaching(place, start, because)):
                effect = Effect.SHADOWED if effect is Effect.IDLE else effect
            elif rest := self._beyond_others(place, rest, because):
                left.append((place.view, rest))
            else:
                effect = Effect.REDUNDANT
        if left:
            return Judgement(rule, Effect.DECIDES, left=left)
        return Judgement(rule, effect, tuple(because), today)

    def _start(self, place: Occurrence, today: bool) -> Row:
        """The region that a rule may match; `today` without what only workloads that may come would add."""
        seen = place.seen
        part = regions.of((mask, where & ~place.view.itself) for mask, where in seen.possible.items())
        if today:
            known = {} if place.view.members & self._declared == 0 and not seen.sure else part
            part = regions.of(
                item
                for mask, where in known.items()
                for item in ((mask, where & self._declared), *within(seen.sure, mask, where).items())
            )
        return part

    def _reaching(self, place: Occurrence, start: Row, because: dict[Because, None]) -> Row:
        """The part of a region that no earlier tier, group or rule surely takes."""
        rest = start
        for stage in place.view.stages[: place.stage]:
            rest = self._through(place.selecting, stage, rest, because)
        stage = place.view.stages[place.stage]
        for group in stage.groups[: place.group]:
            for item in group.policies:
                rest = self._less(place, item.rules, rest, because)
        if stage.groups[place.group].action is None:
            rest = self._less(place, place.selecting.rules[: place.at], rest, because)
        return rest

    def _less(self, place: Occurrence, rules: Iterable[Seen], rest: Row, because: dict[Because, None]) -> Row:
        """A region less what rules of the same tier surely match."""
        for seen in rules:
            rest = self._taken(place, seen, rest, because)
        return rest

    def _taken(self, place: Occurrence, seen: Seen, rest: Row, because: dict[Because, None]) -> Row:
        """A region of a rule less what another rule of its tier surely matches, or matches wherever the first does."""
        if not rest or seen.rule.number in self._gone or seen is place.seen or above(seen.rule):
            return rest
        if regions.meet(seen.possible, rest) and self._implied.by(place.seen.rule, seen.rule):
            because[seen.rule] = None
            return {}
        return self._less_sure(place.selecting, seen, rest, because)

    def _sure(self, mine: Selecting, seen: Seen) -> Row:
        """What a rule surely matches wherever some policy selects the pods of a view."""
        if seen.sure is seen.given or mine.certain:
            return seen.sure
        return seen.given if self._implied.subject(mine.applied, seen.rule.applied) else seen.sure

    def _less_sure(self, mine: Selecting, seen: Seen, rest: Row, because: dict[Because, None]) -> Row:
        """A region less what a rule surely matches."""
        row = self._sure(mine, seen)
        if not regions.meet(row, rest):
            return rest
        because[seen.rule] = None
        return regions.minus(rest, row)

    def _through(self, mine: Selecting, stage: Stage, rest: Row, because: dict[Because, None]) -> Row:
        """The part of a region of a policy that may leave a tier undecided."""
        rest, passed = self._asked(mine, stage, rest, because, less=False)
        if stage.ends:
            if rest:
                isolating = (item for group in stage.groups for item in group.policies)
                because.update((item.applied, None) for item in isolating if item.certain and item.applied.isolates)
            rest = {}
        return regions.of([*rest.items(), *passed])

    def _asked(
        self, mine: Selecting, stage: Stage, rest: Row, because: dict[Because, None], *, less: bool
    ) -> tuple[Row, list[tuple[int, int]]]:
        """What the rules of a tier surely leave of a region, and what they may pass on; `less` the policy itself."""
        passed: list[tuple[int, int]] = []
        for group in stage.groups:
            before = rest
            for item in group.policies:
                here = before if len(group.policies) > 1 else rest
                for seen in item.rules if not less or item is not mine else ():
                    if seen.rule.number in self._gone:
                        continue
                    if seen.rule.action is Action.PASS:
                        passed += regions.common(seen.possible, here)
                        here = regions.minus(here, self._sure(mine, seen))
                    else:
                        here = self._less_sure(mine, seen, here, because)
                    rest = regions.minus(rest, self._sure(mine, seen))
        return rest, passed

    def undecided(self, view: View, number: int, mine: Selecting, because: dict[Because, None]) -> Row:
        """What may come to the end of a policy's tier in a view without the policy."""
        everything = {self._views.result.atoms.everything: self._space.everything & ~view.itself}
        region = everything
        for stage in view.stages[:number]:
            region = self._through(mine, stage, region, because)
        rest = self._asked(mine, view.stages[number], region, because, less=True)[0]
        last = (item for group in view.stages[number].groups for item in group.policies if item is not mine)
        for seen in (seen for item in last for seen in item.rules):
            if seen.rule in because and not regions.minus(everything, self._sure(mine, seen)):
                because.clear()
                because[seen.rule] = None
        return rest

    def _beyond_others(self, place: Occurrence, rest: Row, because: dict[Because, None]) -> Row:
        """The part of a region that no other rule of the tier would surely decide in the same way.

        Followed up to the first rule that could take part of it otherwise.
        """
        action = place.seen.rule.action
        rules = [seen for seen in _after(place) if seen.rule.number not in self._gone]
        in_order = any(seen.rule.action is not action for seen in rules)
        for seen in rules if in_order else self._whole_first(place.selecting, rules, rest):
            if seen.rule.action is action:
                rest = self._taken(place, seen, rest, because)
            elif regions.meet(seen.possible, rest):
                break
        return rest

    def _whole_first(self, mine: Selecting, rules: list[Seen], rest: Row) -> Iterator[Seen]:
        """Rules with one that takes all of a region before the others, so that one name is enough."""
        best = next((seen for seen in rules if not regions.minus(rest, self._sure(mine, seen))), None)
        if best is not None:
            yield best
        yield from (seen for seen in rules if seen is not best)


def _after(place: Occurrence) -> Iterator[Seen]:
    """The rules of a tier that would be asked if one were not there, in order where they have one."""
    stage, policy = place.view.stages[place.stage], place.selecting
    group = stage.groups[place.group]
    if group.action is None:
        yield from policy.rules[place.at + 1 :]
        if len(group.policies) > 1:
            return
    else:
        yield from (seen for seen in policy.rules if seen is not place.seen)
        yield from (seen for item in group.policies if item is not policy for seen in item.rules)
    for later in stage.groups[place.group + 1 :]:
        if later.action is None and len(later.policies) > 1:
            return
        yield from (seen for item in later.policies for seen in item.rules)


def above(rule: Rule) -> bool:
    """Whether a rule also decides above the port (layer 7), where two rules that open the same port can differ."""
    return bool(rule.rule.above)
