"""The plain stack, to compare with: ruamel.yaml and jsonschema, straight, with no cache.

    python benchmarks/plain.py SCHEMAS FILE...           read each file and hold it against the schema of its kind
    python benchmarks/plain.py --write SCHEMAS FILE...   read each file and write it again

Prints the number of documents. `SCHEMAS` is the folder of the schemas (`schemas/v1alpha1`).
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML


def main(schemas: Path, files: Sequence[str], *, write: bool) -> None:
    """Read, and validate or write."""
    yaml = YAML(typ="safe")
    yaml.Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)  # dates are text
    known: dict[str, Draft202012Validator] = {}
    number = 0
    for file in files:
        data: Any = yaml.load(Path(file))
        if write:
            yaml.dump(data, io.StringIO())
        else:
            kind = str(data["kind"])
            if kind not in known:
                known[kind] = Draft202012Validator(json.loads((schemas / f"{kind.lower()}.schema.json").read_text()))
            known[kind].validate(data)
        number += 1
    print(number)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--write"]
    main(Path(words[0]), words[1:], write="--write" in sys.argv)
