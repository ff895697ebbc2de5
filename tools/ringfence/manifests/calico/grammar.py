"""The grammar of Calico's selectors: text to expression, with errors that name the column.

    or     = and ("||" and)*
    and    = term ("&&" term)*
    term   = "!"* ( "(" or ")" | "all()" | "global()" | "has(" label ")" | label operator )
    operator = ("==" | "!=" | "contains" | "starts with" | "ends with") string
             | ("in" | "not in") "{" [string ("," string)* [","]] "}"

Source: libcalico-go lib/selector. A string has no escapes; only blanks and tabs separate words: a line break is an
error there, so also here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ringfence.manifests.calico.selector import All, And, Compare, Expression, Global, Has, Not, Or

DEEPEST = 100
"""How far parentheses may nest. Calico has no limit of its own, and nobody writes more."""

_BLANK = re.compile(r"[ \t]*")
_LABEL = re.compile(r"[A-Za-z0-9_./-]+")
_FUNCTION = re.compile(r"(has|all|global)\([ \t]*")
_OPERATOR = re.compile(r"==|!=|contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in|in")


class SelectorError(ValueError):
    """Why a text is no selector; `column` counts its characters from 1, `hint` is the likely fix or empty."""

    def __init__(self, column: int, why: str, hint: str = "") -> None:
        super().__init__(f"column {column}: {why}")
        self.column = column
        self.why = why
        self.hint = hint


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Expression:
    """The expression of a selector; blanks alone select everything. Raises `SelectorError`."""
    return _Parser(text).whole()


class _Parser:
    """Walks the text once, from left to right; `position` counts from 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def whole(self) -> Expression:
        if not self.rest():
            return All()
        result = self.any_of()
        if self.rest():
            if self.rest().startswith(")"):
                raise self.error("`)` without `(`", "drop it")
            raise self.error(f"`&&`, `||` or the end is missing before {self.here()}")
        return result

    def any_of(self) -> Expression:
        items = [self.all_of()]
        while self.take("||"):
            items.append(self.all_of())
        return items[0] if len(items) == 1 else Or(tuple(items))

    def all_of(self) -> Expression:
        items = [self.term()]
        while self.take("&&"):
            items.append(self.term())
        return items[0] if len(items) == 1 else And(tuple(items))

    def term(self) -> Expression:
        negated = False
        while not self.text.startswith("!=", self.skip()) and self.take("!"):
            negated = not negated
        item = self.plain_term()
        return Not(item) if negated else item

    def plain_term(self) -> Expression:
        if self.take("("):
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.error(f"parentheses nest deeper than {DEEPEST}")
            result = self.any_of()
            if not self.take(")"):
                raise self.error(f"`)` is missing before {self.here()}")
            self.depth -= 1
            return result
        if function := _FUNCTION.match(self.text, self.skip()):
            return self.function(function)
        label = _LABEL.match(self.text, self.skip())
        if label is None:
            raise self.error(f"a label, `has(...)`, `all()` or `(` belongs before {self.here()}", self.advice())
        self.position = label.end()
        return self.comparison(label[0])

    def function(self, found: re.Match[str]) -> Expression:
        name, self.position = found[1], found.end()
        key = _LABEL.match(self.text, self.position) if name == "has" else None
        if name == "has":
            if key is None:
                hint = "write the label without quotes" if self.rest()[:1] in ("'", '"') else ""
                raise self.error(f"`has(` wants a label, not {self.here()}", hint)
            self.position = key.end()
        if not self.take(")"):
            raise self.error(f"`)` is missing after `{name}(`, before {self.here()}")
        return Has(key[0]) if key else All() if name == "all" else Global()

    def comparison(self, key: str) -> Expression:
        found = _OPERATOR.match(self.text, self.skip())
        if found is None:
            hint = self.advice()
            if self.rest()[:1] == "(":
                hint = "the functions are `has()`, `all()` and `global()`, without a blank before `(`"
            raise self.error(f"an operator belongs after the label `{key}`, before {self.here()}", hint)
        word = re.sub(r"[ \t]", "", found[0])
        operator = {"startswith": "starts with", "endswith": "ends with", "notin": "not in"}.get(word, word)
        self.position = found.end()
        if operator not in ("in", "not in"):
            return Compare(key, operator, (self.string(operator),))
        if not self.take("{"):
            raise self.error(f"`{{` belongs after `{operator}`, before {self.here()}", "write in {'a', 'b'}")
        values = []
        while self.rest()[:1] in ("'", '"'):
            values.append(self.string(operator))
            if not self.take(","):
                break
        if not self.take("}"):
            raise self.error(f"`,` or `}}` belongs before {self.here()}", "write in {'a', 'b'}")
        return Compare(key, operator, tuple(sorted(set(values))))

    def string(self, operator: str) -> str:
        quote = self.rest()[:1]
        if quote not in ("'", '"'):
            label = _LABEL.match(self.text, self.position)
            hint = self.advice() or (f"write '{label[0]}'" if label else "write it as 'value'")
            raise self.error(f"a quoted text belongs after `{operator}`, before {self.here()}", hint)
        end = self.text.find(quote, self.position + 1)
        if end < 0:
            raise self.error(f"the text that starts here has no closing {quote}")
        value = self.text[self.position + 1 : end]
        self.position = end + 1
        return value

    def skip(self) -> int:
        """The position after blanks."""
        found = _BLANK.match(self.text, self.position)
        self.position = found.end() if found else self.position
        return self.position

    def rest(self) -> str:
        """What is left, without blanks in front."""
        return self.text[self.skip() :]

    def take(self, token: str) -> bool:
        """Step over a token if it is next."""
        if self.text.startswith(token, self.skip()):
            self.position += len(token)
            return True
        return False

    def here(self) -> str:
        """What stands at the position, for a message."""
        rest = self.rest()
        return repr(rest[:20] + ("…" if len(rest) > 20 else "")) if rest else "the end"

    def advice(self) -> str:
        """The likely fix for what stands here."""
        rest = self.rest()
        if rest[:1] in ("\n", "\r"):
            return "selectors stand on one line: fold with `>-`, which leaves no line break"
        if rest.startswith("="):
            return "write `==`"
        for single in "&|":
            if rest.startswith(single) and not rest.startswith(single * 2):
                return f"write `{single * 2}`"
        return ""

    def error(self, why: str, hint: str = "") -> SelectorError:
        return SelectorError(self.skip() + 1, why, hint or self.advice())
