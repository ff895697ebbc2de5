"""Who approves a changed path: the rule, and the CODEOWNERS file that states it to GitLab and GitHub.

One section without a name, in which the last match wins: GitLab and GitHub then read the file alike (GitHub knows no
sections). In review mode this is what asks for consent: a flow changes the rendered policies of its destination, in a
folder that belongs to the destination's team.
"""

from __future__ import annotations

from ringfence.model.types import Model, Team

CODEOWNERS_PATH = "CODEOWNERS"
"""Both GitLab and GitHub look for the file at the root."""

_HEADER = """\
# Written by `ringfence owners` from policies/ringfence.yaml and teams/*/team.yaml. Change those and write it again.
# The last line that matches a path names those who approve a change of it.
"""


def codeowners(model: Model) -> bytes:
    """The CODEOWNERS file: everything is the platform's, except what stands in a team's folders."""
    settings = model.settings
    lines = [_HEADER, _line("*", settings.platform_owners)]
    for team in model.teams.values():
        lines.append("\n")
        lines += [_line(pattern, team.owners) for pattern in _patterns(team.name)]
    return "".join(lines).encode()


def owners_of(model: Model, path: str) -> tuple[str, ...]:
    """The owners who approve a change of one file, by its path relative to the repository's root.

    Those of its team (`team_of`), else the platform's. Says the same as the file that `codeowners` writes.
    """
    team = team_of(model, path)
    return team.owners if team else model.settings.platform_owners


def team_of(model: Model, path: str) -> Team | None:
    """The team whose file it is: in `teams/<team>/`, or in its folders of the rendered base and overlays."""
    match path.split("/"):
        case ["teams", name, _, *_]:
            pass
        case ["policies", "rendered", "base", name, _, *_]:
            pass
        case ["policies", "rendered", "overlays", _, name, _, *_]:
            pass
        case _:
            return None
    return model.teams.get(name)


def _patterns(team: str) -> tuple[str, ...]:
    return (f"/teams/{team}/", f"/policies/rendered/base/{team}/", f"/policies/rendered/overlays/*/{team}/")


def _line(pattern: str, owners: tuple[str, ...]) -> str:
    return f"{pattern} {' '.join(owners)}\n"
