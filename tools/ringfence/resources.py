"""The data that ships with the tool: JSON Schemas, default templates, a pipeline, profiles of network plugins.

Profiles lie in the package. The others lie in `ringfence/data` in a wheel, and at the repository's top level in a
checkout, editable installs included. Knows neither what a schema says nor how a template is filled. Does without
`pathlib`: a hook starts with it.
"""

from __future__ import annotations

import os

from ringfence.errors import RingfenceError

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_CHECKOUT = os.path.dirname(os.path.dirname(_PACKAGE))
VERSION = "v1alpha1"


class MissingDataError(RingfenceError):
    """A file that ships with the tool is not where it was installed."""


def schema_text(kind: str) -> str:
    """The JSON text of the schema file of a kind in lower case, or of `ringfence`, which tells the kinds apart.

    Raises `MissingDataError`.
    """
    return _read(os.path.join(_folder("schemas"), VERSION, f"{kind}.schema.json"))


def templates() -> dict[str, str]:
    """The text of each default template, keyed by its path below the templates folder, sorted.

    Raises `MissingDataError`, also where the folder holds no template.
    """
    from pathlib import Path

    folder = Path(_folder("templates"))
    found = {path.relative_to(folder).as_posix(): _read(str(path)) for path in sorted(folder.rglob("*.j2"))}
    if not found:
        raise MissingDataError(f"there is no template in {folder}", _REINSTALL)
    return found


def pipeline() -> str:
    """The text of the pipeline for GitLab that repositories of policies include. Raises `MissingDataError`."""
    return _read(os.path.join(_folder("ci"), "policy.gitlab-ci.yml"))


def profile_names() -> list[str]:
    """The names of the profiles of network plugins, as their files are called without `.yaml`, sorted.

    Raises `MissingDataError` where there is none.
    """
    folder = os.path.join(_PACKAGE, "profiles")
    files = os.listdir(folder) if os.path.isdir(folder) else []
    names = sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml"))
    if not names:
        raise MissingDataError(f"there is no profile in {folder}", _REINSTALL)
    return names


def profile_text(name: str) -> bytes:
    """The YAML text of one of `profile_names`. Raises `MissingDataError`."""
    return _read(os.path.join(_PACKAGE, "profiles", f"{name}.yaml")).encode()


_REINSTALL = "the installation is incomplete: install ringfence again, or run it from a whole checkout"


def _folder(name: str) -> str:
    packaged = os.path.join(_PACKAGE, "data", name)
    checkout = os.path.join(
        _CHECKOUT, {"schemas": "schemas", "templates": "policies/templates", "ci": "tools/ci"}[name]
    )
    for folder in (packaged, checkout):
        if os.path.isdir(folder):
            return folder
    raise MissingDataError(
        f"the {name} that ship with ringfence are neither in {packaged} nor in {checkout}", _REINSTALL
    )


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise MissingDataError(f"cannot read {path}, which ships with ringfence: {error}", _REINSTALL) from error
