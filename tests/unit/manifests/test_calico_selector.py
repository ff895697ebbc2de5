"""Calico's selector grammar: what parses, what it matches, and where an error points."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.manifests.calico.grammar import DEEPEST, SelectorError, parse
from ringfence.manifests.calico.selector import All, And, Compare, Expression, Global, Has, Not, Or, mentions_global

WORLDS = [
    {key: value for key, value in zip("ab", values, strict=True) if value is not None}
    for values in itertools.product((None, "", "x", "xy", "yx"), repeat=2)
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", All()),
        (" \t", All()),
        ("all()", All()),
        ("all( )", All()),
        ("global()", Global()),
        ("has(a/b.c_d-e)", Has("a/b.c_d-e")),
        ("has( a )", Has("a")),
        ("!has(a)", Not(Has("a"))),
        ("!!has(a)", Has("a")),
        ("! ! ! has(a)", Not(Has("a"))),
        ("!(!has(a))", Not(Not(Has("a")))),
        ("a=='x'", Compare("a", "==", ("x",))),
        ('a == "it\'s"', Compare("a", "==", ("it's",))),
        ("a != ''", Compare("a", "!=", ("",))),
        ("!a == 'x'", Not(Compare("a", "==", ("x",)))),
        ("a in {'y', 'x', 'y'}", Compare("a", "in", ("x", "y"))),
        ("a in{'x',}", Compare("a", "in", ("x",))),
        ("a in {}", Compare("a", "in", ())),
        ("a not in {'x'}", Compare("a", "not in", ("x",))),
        ("a notin {'x'}", Compare("a", "not in", ("x",))),
        ("a contains 'x'", Compare("a", "contains", ("x",))),
        ("a starts  with 'x'", Compare("a", "starts with", ("x",))),
        ("a endswith 'x'", Compare("a", "ends with", ("x",))),
        ("in in {'in'}", Compare("in", "in", ("in",))),
        ("has == 'x'", Compare("has", "==", ("x",))),
        ("a == 'all() && ('", Compare("a", "==", ("all() && (",))),
        ("has(a)&&has(b)||all()", Or((And((Has("a"), Has("b"))), All()))),
        ("has(a) && (has(b) || all())", And((Has("a"), Or((Has("b"), All()))))),
        ("(has(a) && has(b)) && all()", And((And((Has("a"), Has("b"))), All()))),
    ],
)
def test_parses(text: str, expected: Expression):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "why", "hint"),
    [
        ("app === 'web'", 7, "a quoted text belongs after `==`", "write `==`"),
        ("app = 'web'", 5, "an operator belongs after the label `app`", "write `==`"),
        ("app == web", 8, "a quoted text belongs after `==`", "write 'web'"),
        ("app == 'web", 8, "has no closing '", ""),
        ("app", 4, "an operator belongs after the label `app`, before the end", ""),
        ("app ==", 7, "a quoted text belongs after `==`, before the end", "write it as 'value'"),
        ("has(a) & has(b)", 8, "`&&`, `||` or the end is missing", "write `&&`"),
        ("has(a) | has(b)", 8, "`&&`, `||` or the end is missing", "write `||`"),
        ("has(a) has(b)", 8, "`&&`, `||` or the end is missing", ""),
        ("has(a) &&", 10, "a label, `has(...)`, `all()` or `(` belongs before the end", ""),
        ("has('a')", 5, "`has(` wants a label", "write the label without quotes"),
        ("has(a", 6, "`)` is missing after `has(`", ""),
        ("all(a)", 5, "`)` is missing after `all(`", ""),
        ("has (a)", 5, "an operator belongs after the label `has`", "without a blank"),
        ("(has(a)", 8, "`)` is missing before the end", ""),
        ("has(a))", 7, "`)` without `(`", "drop it"),
        ("a in ('x')", 6, "`{` belongs after `in`", "write in {'a', 'b'}"),
        ("a in {'x' 'y'}", 11, "`,` or `}` belongs", ""),
        ("a in {x}", 7, "`,` or `}` belongs", ""),
        ("a inside {'x'}", 5, "`{` belongs after `in`", ""),
        ("a == 'x'\n", 9, "`&&`, `||` or the end is missing", "one line"),
        ("a == 'x' &&\n b == 'y'", 12, "belongs before", "one line"),
        ("é == 'x'", 1, "a label", ""),
        ("!= 'x'", 1, "a label", ""),
    ],
)
def test_an_error_points_at_the_column(text: str, column: int, why: str, hint: str):
    with pytest.raises(SelectorError) as raised:
        parse(text)
    assert (raised.value.column, hint in raised.value.hint) == (column, True), raised.value.hint
    assert why in raised.value.why
    assert bool(raised.value.hint) or not hint


def test_nesting_has_a_limit_and_no_traceback():
    assert parse("(" * DEEPEST + "all()" + ")" * DEEPEST) == All()
    assert isinstance(parse(" || ".join(["(has(a))"] * 2 * DEEPEST)), Or)
    with pytest.raises(SelectorError, match=f"deeper than {DEEPEST}"):
        parse("(" * 100_000)
    assert parse("!" * 100_001 + "all()") == Not(All())


@pytest.mark.parametrize(
    ("text", "absent", "equal", "other"),
    [
        ("a == 'x'", False, True, False),
        ("a != 'x'", True, False, True),
        ("a in {'x'}", False, True, False),
        ("a not in {'x'}", True, False, True),
        ("a in {}", False, False, False),
        ("a not in {}", True, True, True),
        ("has(a)", False, True, True),
        ("!has(a)", True, False, False),
        ("a contains 'x'", False, True, True),
        ("a contains ''", False, True, True),
        ("a starts with 'x'", False, True, False),
        ("a ends with 'x'", False, True, True),
        ("all()", True, True, True),
    ],
)
def test_an_absent_label_meets_only_what_denies(text: str, absent: bool, equal: bool, other: bool):
    found = parse(text)
    assert (found.matches({}), found.matches({"a": "x"}), found.matches({"a": "yx"})) == (absent, equal, other)


def test_keys_and_global():
    assert parse("has(a) && !(b == 'x' || c in {'y'}) || all()").keys() == {"a", "b", "c"}
    assert mentions_global(parse("has(a) && !(all() || global())"))
    assert not mentions_global(parse("a == 'global()'"))
    assert Global().matches({})
    assert Global().keys() == frozenset()


texts = st.text("xy'", max_size=2) | st.sampled_from(['"', "x y", "&&", "", "}", "é"])
labels = st.sampled_from(["a", "b", "in", "not", "has", "all", "a/b.c-d_e", "0"])
atoms = (
    st.sampled_from([All(), Global()])
    | labels.map(Has)
    | st.builds(
        Compare, labels, st.sampled_from(["==", "!=", "contains", "starts with", "ends with"]), st.tuples(texts)
    )
    | st.builds(
        Compare,
        labels,
        st.sampled_from(["in", "not in"]),
        st.lists(texts, max_size=3).map(lambda values: tuple(sorted(set(values)))),
    )
)


def grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return inner.map(Not) | several.map(And) | several.map(Or)


expressions = st.recursive(atoms, grown, max_leaves=12)


@given(expressions)
def test_what_is_printed_parses_to_the_same(expression: Expression):
    assert parse(str(expression)) == expression


@given(st.text("ab()!&|=' \"{},in\thasloc\n", max_size=24))
def test_any_text_parses_or_points_inside_itself(text: str):
    try:
        found = parse(text)
    except SelectorError as error:
        assert 1 <= error.column <= len(text) + 1  # noqa: PT017 - both outcomes are right
    else:
        assert parse(str(found)) == found


def python_of(expression: Expression) -> str:
    """The same condition as a Python expression over a dict `w`: a second way to evaluate."""
    match expression:
        case All() | Global():
            return "True"
        case Has(key):
            return f"({key!r} in w)"
        case Not(item):
            return f"(not {python_of(item)})"
        case And(items):
            return "(" + " and ".join(map(python_of, items)) + ")"
        case Or(items):
            return "(" + " or ".join(map(python_of, items)) + ")"
        case Compare(key, "==" | "in", values):
            return f"any(w.get({key!r}) == v for v in {values!r})"
        case Compare(key, "!=" | "not in", values):
            return f"all(w.get({key!r}) != v for v in {values!r})"
        case Compare(key, "contains", (value,)):
            return f"({key!r} in w and w[{key!r}].find({value!r}) >= 0)"
        case Compare(key, "starts with", (value,)):
            return f"({key!r} in w and w[{key!r}][:{len(value)}] == {value!r})"
        case Compare(key, "ends with", (value,)):
            return f"({key!r} in w and w[{key!r}][max(0, len(w[{key!r}]) - {len(value)}):] == {value!r})"
    raise AssertionError(expression)


@given(expressions)
def test_evaluation_agrees_with_brute_force_on_every_small_world(expression: Expression):
    code = compile(python_of(expression), "selector", "eval")
    parsed = parse(str(expression))
    for world in WORLDS:
        assert parsed.matches(world) == eval(code, {"w": world})  # noqa: S307 - code made above from values
