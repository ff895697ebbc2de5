"""The Jinja2 templates: where they come from, the sandbox that they run in, and errors that name template and line.

Only this module imports `jinja2`. A template sees text, integers and tuples of them, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ringfence.errors import RingfenceError
from ringfence.findings import Finding, Location
from ringfence.render import checks, quoting
from ringfence.values.nearest import did_you_mean

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = "policies/templates"
POLICY = "kubernetes/policy.yaml.j2"
PATCH = "kubernetes/patch.yaml.j2"
KUSTOMIZATION = "kubernetes/kustomization.yaml.j2"
PEERS = "kubernetes/peers.yaml.j2"
PORTS = "kubernetes/ports.yaml.j2"
WHY = "kubernetes/why.yaml.j2"
PERMISSIVE = "kubernetes/permissive.yaml.j2"
GUARDRAIL = "guardrails/policy.yaml.j2"
TIER = "calico/tier.yaml.j2"
BLOCKS = (PEERS, PORTS, WHY)
"""Those whose output stands in what policy and patch write."""
_WHOLE = ("kustomization", "permissive", "policy", "rules", "why")
"""The templates of the dialects that are written whole."""
NAMES = (
    *(f"calico/{name}.yaml.j2" for name in (*_WHOLE, "tier")),
    *(f"cilium/{name}.yaml.j2" for name in _WHOLE),
    GUARDRAIL,
    KUSTOMIZATION,
    PATCH,
    PEERS,
    PERMISSIVE,
    POLICY,
    PORTS,
    WHY,
)
"""The templates that there are, below a `policies/templates/` folder."""


class TemplateError(RingfenceError):
    """A template that cannot be run, or that changes the meaning of what it writes; `finding` says where."""

    exit_code = 1

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.where}: {finding.message}", finding.hint)
        self.finding = finding


class ReadableTree(Protocol):
    """What is needed of a tree of files (see `ringfence.sources`)."""

    def files(self, under: str = "") -> list[str]:
        """The paths of the regular files below a folder."""

    def read(self, path: str) -> bytes:
        """The bytes of one of them."""


def own_templates(tree: ReadableTree) -> dict[str, str]:
    """A repository's own templates, name (`kubernetes/policy.yaml.j2`) to text; they stand in for the packaged ones.

    Hidden files are left out. Raises `TemplateError` for a file that is no template of a known name or is not UTF-8.
    """
    own = {}
    for path in tree.files(FOLDER):
        name = path.removeprefix(f"{FOLDER}/")
        if Path(name).name.startswith("."):
            continue
        _must_be_known(name)
        try:
            own[name] = tree.read(path).decode()
        except UnicodeDecodeError as error:
            where = Location(path)
            message = f"the template is not UTF-8: {error.reason} at byte {error.start}"
            raise TemplateError(checks.TEMPLATE_BROKEN.at(where, message, hint="save it as UTF-8")) from None
    return own


def packaged(name: str) -> str:
    """The text of a template that comes with the package."""
    here = Path(__file__).resolve()
    for folder in (here.parents[1] / "data" / "templates", here.parents[3] / FOLDER):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise RingfenceError(f"the packaged template {name} is missing", "install ringfence again")


class Templates:
    """The compiled templates of one tree."""

    def __init__(self, own: Mapping[str, str] | None) -> None:
        """Take a repository's own templates (see `own_templates`). Raises `TemplateError` for an unknown name."""
        self._own = dict(own or {})
        for name in self._own:
            _must_be_known(name)
        self._compiled: dict[str, Callable[..., str]] = {}

    def run(self, name: str, values: Mapping[str, Any]) -> str:
        """What a template writes for these values. Raises `TemplateError`, with the line, for all that goes wrong."""
        try:
            compiled = self._compiled.get(name)
            if compiled is None:
                compiled = self._compiled[name] = self._compile(name)
            return compiled(values)
        except TemplateError:
            raise
        except Exception as error:  # a template can raise anything; none of it is a fault of this program
            raise TemplateError(_explained(name, error)) from error

    def block(self, name: str, values: Mapping[str, Any]) -> quoting.Yaml:
        """What a template writes for a part of a file, without the end of the last line."""
        return quoting.Yaml(self.run(name, values).removesuffix("\n"))

    def is_own(self, name: str) -> bool:
        """Whether a template is the repository's own, or one whose block stands in what it writes."""
        return not self._own.keys().isdisjoint(_with_blocks(name))

    def suspect(self, name: str) -> Location:
        """The place of a template; of one whose block stands in it where only that is the repository's own."""
        return Location(f"{FOLDER}/{next((item for item in _with_blocks(name) if item in self._own), name)}")

    def _compile(self, name: str) -> Callable[..., str]:
        return _runnable(name, self._own[name] if name in self._own else packaged(name))


def _with_blocks(name: str) -> tuple[str, ...]:
    """A template and those whose blocks stand in what it writes."""
    if name in (POLICY, PATCH):
        return (name, *BLOCKS)
    folder, _, file = name.partition("/")
    return (name, f"{folder}/rules.yaml.j2", f"{folder}/why.yaml.j2") if file == "policy.yaml.j2" else (name,)


@lru_cache(maxsize=2 * len(NAMES))
def _runnable(name: str, source: str) -> Callable[..., str]:
    """What runs the text of a template; compiled once, however many trees have the same one."""
    environment = _environment()
    code = environment.compile(source, name=name, filename=f"{FOLDER}/{name}")
    return environment.template_class.from_code(environment, code, {}).render


@lru_cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def printed(value: Any) -> quoting.Yaml:
        try:
            return quoting.scalar(value)
        except TypeError:
            if isinstance(value, StrictUndefined):
                str(value)  # raises, and says which name it is
            raise

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,  # the output is YAML, not HTML: `finalize` quotes every value
        finalize=printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=0,
    )
    environment.filters["comment"] = quoting.comment
    environment.filters["block"] = quoting.block
    environment.globals.clear()
    del environment.filters["random"]  # the same tree gives the same bytes
    return environment


def _must_be_known(name: str) -> None:
    if name in NAMES:
        return
    hint = did_you_mean(name, NAMES) or "remove it"
    message = f"there is no template of this name, so it would never be used; the names are {', '.join(NAMES)}"
    raise TemplateError(checks.TEMPLATE_BROKEN.at(Location(f"{FOLDER}/{quoting.visible(name)}"), message, hint=hint))


def _explained(name: str, error: Exception) -> Finding:
    path = f"{FOLDER}/{name}"
    line = getattr(error, "lineno", None)
    if not line:
        import traceback

        frames = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == path), None)
    text = quoting.visible(error) or type(error).__name__
    return checks.TEMPLATE_BROKEN.at(
        Location(path, line or 0, 1 if line else 0),
        f"the template fails: {text}",
        hint="docs/templates.md lists the names and filters that a template may use",
    )
