"""The checks of reading: what a file must be before anything asks what it says (RF001–RF020).

Long because it is documentation: each check is its page.
"""

from __future__ import annotations

from ringfence.findings import Check, Severity


def _check(code: str, name: str, doc: str) -> Check:
    return Check(code, name, Severity.ERROR, doc.strip() + "\n")


NOT_UTF8 = _check(
    "RF001",
    "not-utf8",
    """
The file is not text in UTF-8.

## What it finds

Bytes that are not valid UTF-8, such as UTF-16 or Latin-1 text, or a binary file.

## Why it matters

Each reader would guess at the characters, so two tools could see different names in one file.

## Fails

```text
reason: caf<byte E9>
```

## Passes

```yaml
reason: café
```
""",
)
BYTE_ORDER_MARK = _check(
    "RF002",
    "byte-order-mark",
    """
The file starts with a byte order mark.

## What it finds

The invisible character U+FEFF at the start of a declaration. Kubernetes manifests may have it.

## Why it matters

Some tools take it for a part of the first key, which then is an unknown one.

## Fails

```text
<bytes EF BB BF>kind: Flows
```

## Passes

```yaml
kind: Flows
```
""",
)
FORBIDDEN_CHARACTER = _check(
    "RF003",
    "forbidden-character",
    """
The file holds a character that a person cannot see.

## What it finds

Control characters, NUL, lone carriage returns, the Unicode line separators, and the marks that turn the direction
of text, as they are or as escapes in a double-quoted text.

## Why it matters

A reviewer must see what a cluster gets. Such characters hide or reorder text, and end a line in one tool and not in
another.

## Fails

```yaml
reason: "Card authorisation \\u202e"
```

## Passes

```yaml
reason: Card authorisation
```
""",
)
TAB = _check(
    "RF004",
    "tab",
    """
A declaration holds a tab.

## What it finds

A tab anywhere in a declaration. Kubernetes manifests may have tabs where YAML allows them.

## Why it matters

YAML forbids tabs as indentation, and editors show them with different widths, so the nesting that a person sees can
be wrong.

## Fails

```yaml
ports:\t[https]
```

## Passes

```yaml
ports: [https]
```
""",
)
TOO_LARGE = _check(
    "RF005",
    "file-too-large",
    """
The file is larger than any that a person writes.

## What it finds

A declaration of more than 1 MiB, or a manifest of more than 64 MiB.

## Why it matters

A generated or wrong file would make every run slow, and nobody can review it.

## Fails

```text
flows.yaml, 3 MiB
```

## Passes

```yaml
kind: Flows
```
""",
)
EMPTY = _check(
    "RF006",
    "empty-file",
    """
The file holds no document.

## What it finds

A declaration that is empty or has comments only.

## Why it matters

A file whose content was lost must not look like a file that declares nothing.

## Fails

```yaml
# flows of the shop
```

## Passes

```yaml
kind: Flows
flows: []
```
""",
)
SYNTAX = _check(
    "RF007",
    "yaml-syntax",
    """
The file is not valid YAML.

## What it finds

The first place at which the text stops being YAML. What follows it is not read.

## Why it matters

Nothing that the file declares is known, so nothing of it is checked or rendered.

## Fails

```yaml
reason: note: orders
```

## Passes

```yaml
reason: "note: orders"
```
""",
)
DUPLICATE_KEY = _check(
    "RF008",
    "duplicate-key",
    """
A mapping has the same key twice.

## What it finds

Equal keys in one mapping, with both places.

## Why it matters

Most readers keep the last value silently, so a reviewed line can have no effect.

## Fails

```yaml
to: payments/api
to: internet
```

## Passes

```yaml
to: [payments/api, internet]
```
""",
)
ALIAS = _check(
    "RF009",
    "anchor-or-alias",
    """
A declaration uses an anchor or an alias.

## What it finds

`&name` and `*name` in a declaration. A manifest may have them, if they stay small and do not hold themselves.

## Why it matters

A part that stands elsewhere is changed from afar: the change of one line would alter flows that its diff does not show.

## Fails

```yaml
ports: &web [https]
other: *web
```

## Passes

```yaml
ports: [https]
other: [https]
```
""",
)
TAG = _check(
    "RF010",
    "tag",
    """
A value has a YAML tag.

## What it finds

`!name` and `!!name` before a value.

## Why it matters

A tag changes the type of a value in a way that each reader treats differently, up to running code.

## Fails

```yaml
name: !!str 8443
```

## Passes

```yaml
name: "8443"
```
""",
)
MERGE_KEY = _check(
    "RF011",
    "merge-key",
    """
A mapping merges another one.

## What it finds

The unquoted key `<<`.

## Why it matters

YAML 1.2 has no merge keys. Where they work, what a mapping holds is not written in it, and keys override each other
silently.

## Fails

```yaml
<<: {app: checkout}
```

## Passes

```yaml
app: checkout
```
""",
)
SEVERAL_DOCUMENTS = _check(
    "RF012",
    "several-documents",
    """
A declaration holds more than one document.

## What it finds

A second document after a line `---`. Kubernetes manifests may hold several.

## Why it matters

Many readers take the first document and drop the others silently. One file, one kind: the path then says what it is.

## Fails

```yaml
kind: Flows
---
kind: Namespace
```

## Passes

```yaml
kind: Flows
```
""",
)
DIRECTIVE = _check(
    "RF013",
    "directive",
    """
The file has a YAML directive.

## What it finds

A line such as `%YAML 1.1` or `%TAG` before the document.

## Why it matters

It changes what the words below it mean, and readers differ in whether they follow it.

## Fails

```yaml
%YAML 1.1
---
kind: Flows
```

## Passes

```yaml
---
kind: Flows
```
""",
)
TOO_DEEP = _check(
    "RF014",
    "nested-too-deep",
    """
The file nests deeper than 64 levels.

## What it finds

Lists and mappings inside one another, more than 64 of them.

## Why it matters

No document needs it, and deep nesting makes some readers crash.

## Fails

```yaml
[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
```

## Passes

```yaml
[[[1]]]
```
""",
)
KEY_NOT_TEXT = _check(
    "RF015",
    "key-not-text",
    """
A key is not text.

## What it finds

A key that is a number, a boolean, empty, a list or a mapping.

## Why it matters

JSON and Kubernetes have text keys only, and tools turn others into text in different ways.

## Fails

```yaml
8443: https
```

## Passes

```yaml
"8443": https
```
""",
)
AMBIGUOUS_SCALAR = _check(
    "RF016",
    "ambiguous-scalar",
    """
A value means different things to different YAML readers.

## What it finds

In a declaration: numbers with a leading zero (`010`, `0o17`) and whole numbers written as a fraction (`8443.0`). In a
manifest: unquoted words that some YAML reader takes for a boolean or a number, such as `yes`, `on`, `20:21` or `1_000`.

## Why it matters

What was reviewed and what a cluster enforces could differ.

## Fails

```yaml
port: 0443
```

## Passes

```yaml
port: 443
```
""",
)
NUMBER_OUT_OF_RANGE = _check(
    "RF017",
    "number-out-of-range",
    """
A number is endless, not a number, or too large.

## What it finds

`.inf`, `.nan`, and numbers that do not fit in 64 bits.

## Why it matters

Readers round or refuse them differently, and no comparison with `.nan` is ever true.

## Fails

```yaml
port: .inf
```

## Passes

```yaml
port: 443
```
""",
)
TOO_MANY_ALIASES = _check(
    "RF018",
    "aliases-too-large",
    """
The aliases of a manifest grow beyond measure or hold themselves.

## What it finds

A manifest whose aliases stand for more than a million values in all, or an alias inside the very value that it
stands for.

## Why it matters

A few lines of nested aliases stand for billions of values and exhaust the memory of whoever reads them.

## Fails

```text
a: &a [*a]
```

## Passes

```yaml
a: [b]
```
""",
)
NOT_IN_STYLE = _check(
    "RF020",
    "not-in-style",
    """
A declaration is not in the one style.

## What it finds

A file that `ringfence fmt` would change: indentation, trailing space, line ends, the final newline. Only
`ringfence fmt --check` reports it.

## Why it matters

With one style, a diff shows what changed in meaning and nothing else.

## Fails

```text
flows:
- name: authorise-card
```

## Passes

```yaml
flows:
  - name: authorise-card
```
""",
)

CHECKS: tuple[Check, ...] = (
    NOT_UTF8,
    BYTE_ORDER_MARK,
    FORBIDDEN_CHARACTER,
    TAB,
    TOO_LARGE,
    EMPTY,
    SYNTAX,
    DUPLICATE_KEY,
    ALIAS,
    TAG,
    MERGE_KEY,
    SEVERAL_DOCUMENTS,
    DIRECTIVE,
    TOO_DEEP,
    KEY_NOT_TEXT,
    AMBIGUOUS_SCALAR,
    NUMBER_OUT_OF_RANGE,
    TOO_MANY_ALIASES,
    NOT_IN_STYLE,
)
"""Every check of this stage, by code."""
