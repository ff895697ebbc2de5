"""The data that ships with the tool: JSON Schemas, default templates, a pipeline, profiles of network plugins.

Profiles lie in the package. The others lie in `ringfence/data` in a wheel, and at the repository's top level in a
checkout, editable installs included. Knows neither what a schema says nor how a template is filled.
"""

from __future__ import annotations

from pathlib import Path

from ringfence.errors import RingfenceError

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent
VERSION = "v1alpha1"


class MissingDataError(RingfenceError):
    """A file that ships with the tool is not where it was installed."""


def schema_text(kind: str) -> str:
    """The JSON text of the schema file of a kind in lower case, or of `ringfence`, which tells the kinds apart.

    Raises `MissingDataError`.
    """
    return _read(_folder("schemas") / VERSION / f"{kind}.schema.json")


def templates() -> dict[str, str]:
    """The text of each default template, keyed by its path below the templates folder, sorted.

    Raises `MissingDataError`, also where the folder holds no template.
    """
    folder = _folder("templates")
    found = {path.relative_to(folder).as_posix(): _read(path) for path in sorted(folder.rglob("*.j2"))}
    if not found:
        raise MissingDataError(f"there is no template in {folder}", _REINSTALL)
    return found


def pipeline() -> str:
    """The text of the pipeline for GitLab that repositories of policies include. Raises `MissingDataError`."""
    return _read(_folder("ci") / "policy.gitlab-ci.yml")


def profile_names() -> list[str]:
    """The names of the profiles of network plugins, as their files are called without `.yaml`, sorted.

    Raises `MissingDataError` where there is none.
    """
    names = sorted(path.stem for path in (_PACKAGE / "profiles").glob("*.yaml"))
    if not names:
        raise MissingDataError(f"there is no profile in {_PACKAGE / 'profiles'}", _REINSTALL)
    return names


def profile_text(name: str) -> bytes:
    """The YAML text of one of `profile_names`. Raises `MissingDataError`."""
    return _read(_PACKAGE / "profiles" / f"{name}.yaml").encode()


_REINSTALL = "the installation is incomplete: install ringfence again, or run it from a whole checkout"


def _folder(name: str) -> Path:
    packaged = _PACKAGE / "data" / name
    checkout = _CHECKOUT / {"schemas": "schemas", "templates": "policies/templates", "ci": "tools/ci"}[name]
    for folder in (packaged, checkout):
        if folder.is_dir():
            return folder
    raise MissingDataError(
        f"the {name} that ship with ringfence are neither in {packaged} nor in {checkout}", _REINSTALL
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingDataError(f"cannot read {path}, which ships with ringfence: {error}", _REINSTALL) from error
