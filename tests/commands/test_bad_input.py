"""Bad input of every kind through the command line: a finding or a clear error, and nothing half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_kit import CATALOG, FLOWS, NAMESPACE, Cli, command, edit, snapshot

from git_repository import GitRepository

SETTINGS = "policies/ringfence.yaml"
BASELINE = "policies/baseline/platform.yaml"
CLUSTER = "policies/clusters/dev.yaml"
TEAM = "teams/checkout/team.yaml"
HEAD = "apiVersion: ringfence.dev/v1alpha1\n"
ROWS = "kind: Flows\nflows:\n"
FLOW = "  - name: a\n    from: frontend\n    to: checkout\n    ports: [grpc]\n    reason: A test\n"
GOOD = HEAD + ROWS + FLOW


def flow(**values: str) -> str:
    """A document of one flow, with some of its values written as given."""
    row = {"name": "a", "from": "frontend", "to": "checkout", "ports": "[grpc]", "reason": "A test", **values}
    return HEAD + ROWS + "  -\n" + "".join(f"    {key}: {value}\n" for key, value in row.items())


def workload(name: str = "frontend", labels: str = "{app: frontend}", ports: str = "{http: 8080}") -> str:
    return HEAD + f"kind: Namespace\nworkloads:\n  {name}:\n    labels: {labels}\n    ports: {ports}\n"


Change = Callable[[Path], None]


def link(path: str, target: str) -> Change:
    def change(root: Path) -> None:
        if (root / path).is_dir():
            shutil.rmtree(root / path)
        (root / path).unlink(missing_ok=True)
        (root / path).symlink_to(target)

    return change


def folder(path: str) -> Change:
    def change(root: Path) -> None:
        (root / path).unlink(missing_ok=True)
        (root / path).mkdir()
        (root / path / "inside.yaml").touch()

    return change


def pipe(path: str) -> Change:
    return lambda root: os.mkfifo(root / path)


def nested(path: str) -> Change:
    def change(root: Path) -> None:
        (root / path).mkdir(parents=True)
        (root / path / "HEAD").write_text("ref: refs/heads/main\n")

    return change


def second_claim(root: Path) -> None:
    text = (root / TEAM).read_text()
    (root / TEAM).write_text(text.replace("[shop]", "[shop, payments]"))


def case(
    code: str, path: str = FLOWS, content: str | bytes = "", change: Change | None = None
) -> tuple[str, str, Change]:
    """The code to expect, the place to find it, and what to do to the repository."""
    raw = content.encode() if isinstance(content, str) else content
    return code, path, change or (lambda root: _write(root / path, raw))


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)


DEEP = 10_000
TABLE: dict[str, tuple[str, str, Change]] = {
    "broken": case("RF007", content=HEAD + "kind: Flows\nflows: [\n"),
    "unfinished text": case("RF007", content=HEAD + 'kind: "Flows\n'),
    "unfinished merge": case("RF007", content=HEAD + "<<<<<<< HEAD\n" + ROWS + "=======\n" + FLOW + ">>>>>>> other\n"),
    "tab": case("RF004", content=GOOD.replace("    from", "\tfrom")),
    "duplicate key": case("RF008", content=GOOD + "    name: b\n"),
    "duplicate top key": case("RF008", content=GOOD + "kind: Team\n"),
    "anchor": case("RF009", content=GOOD.replace("from: frontend", "from: &a frontend")),
    "alias": case(
        "RF009", content=GOOD.replace("from: frontend", "from: &a frontend").replace("to: checkout", "to: *a")
    ),
    "billion laughs": case(
        "RF009",
        content=HEAD
        + "a: &a [x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1 or ''}, *a{n - 1 or ''}]\n" for n in range(1, 40)),
    ),
    "merge key": case("RF011", content=GOOD.replace("    from: frontend\n", "    <<: {from: frontend}\n")),
    "several documents": case("RF012", content=GOOD + "---\n" + GOOD),
    "tag": case("RF010", content=GOOD.replace("from: frontend", "from: !!str frontend")),
    "python tag": case("RF010", content=flow(reason="!!python/object/apply:os.system ['touch evil']")),
    "directive": case("RF013", content="%YAML 1.2\n---\n" + GOOD),
    "NUL": case("RF003", content=GOOD.replace("A test", "A\0test")),
    "bell": case("RF003", content=GOOD.replace("A test", "A\atest")),
    "escape": case("RF003", content=GOOD.replace("A test", "A \033[31mtest")),
    "right to left": case("RF003", content=GOOD.replace("A test", "A \u202etest")),
    "escaped control": case("RF003", content=flow(reason='"A \\e[31m test"')),
    "UTF-16": case("RF001", content=GOOD.encode("utf-16")),
    "UTF-32": case("RF001", content=GOOD.encode("utf-32")),
    "latin-1": case("RF001", content=GOOD.replace("A test", "café").encode("latin-1")),
    "byte order mark": case("RF002", content=GOOD.encode("utf-8-sig")),
    "binary": case("RF001", content=bytes(range(256)) * 16),
    "10 MB": case("RF005", content=GOOD + "# long\n" * 1_500_000),
    "20 MB": case("RF041", content=GOOD + "# long\n" * 3_000_000),
    "one line of 10 MB": case("RF005", content=HEAD + "kind: " + "x" * 10_000_000),
    "depth of lists": case("RF014", content=HEAD + "kind: " + "[" * DEEP + "]" * DEEP + "\n"),
    "depth of mappings": case("RF014", content=HEAD + "kind: " + "{a: " * DEEP + "1" + "}" * DEEP + "\n"),
    "depth by dashes": case("RF014", content="- " * DEEP + "a\n"),
    "depth never closed": case("RF014", content="[" * DEEP),
    "depth by indent": case("RF014", content="".join(" " * n + "a:\n" for n in range(300))),
    "key that is a list": case("RF015", content=GOOD + "[a, b]: c\n"),
    "ambiguous word": case("RF016", content=flow(ports="[0443]")),
    "endless number": case("RF017", content=flow(ports="[.inf]")),
    "enormous number": case("RF017", content=flow(ports=f"[{'9' * 5000}]")),
    "empty": case("RF006"),
    "only a comment": case("RF006", content="# nothing\n"),
    "only a line": case("RF006", content="\n"),
    "list": case("RF030", content="- a\n"),
    "text": case("RF030", content="a\n"),
    "null": case("RF006", content="null\n"),
    "other format": case("RF031", content=GOOD.replace("v1alpha1", "v2")),
    "unknown kind": case("RF032", content=GOOD.replace("Flows", "Flow")),
    "kind that is a list": case("RF032", content=GOOD.replace("kind: Flows", "kind: [Flows]")),
    "unknown key": case("RF033", content=flow(frm="frontend")),
    "no kind": case("RF032", content=HEAD + "flows: []\n"),
    "name in capitals": case("RF036", content=flow(name="Place-Order")),
    "name with a space": case("RF036", content=flow(name="place order")),
    "name with a dot": case("RF036", content=flow(name="place.order")),
    "name of 64": case("RF036", content=flow(name="a" * 64)),
    "name with a path": case("RF036", content=flow(name="../../etc/passwd")),
    "name with unicode": case("RF036", content=flow(name="plåce")),
    "name with Jinja": case("RF036", content=flow(name='"{{ 7 * 7 }}"')),
    "workload with a path": case("RF036", NAMESPACE, workload("../../../../x")),
    "workload in capitals": case("RF036", NAMESPACE, workload("Frontend")),
    "workload with Jinja": case("RF036", NAMESPACE, workload('"{{ x }}"')),
    "workload of a reserved name": case("RF117", NAMESPACE, workload("kustomization")),
    "label with Jinja": case("RF036", NAMESPACE, workload(labels='{app: "{{ 7 * 7 }}"}')),
    "label with a line break": case("RF036", NAMESPACE, workload(labels='{app: "a\\nb"}')),
    "port name with Jinja": case("RF036", NAMESPACE, workload(ports='{"{{x}}": 1}')),
    "port 0": case("RF124", NAMESPACE, workload(ports="{http: 0}")),
    "port 65536": case("RF124", NAMESPACE, workload(ports="{http: 65536}")),
    "port of odd text": case("RF111", content=flow(ports="[https//]")),
    "range backwards": case("RF124", content=flow(ports='["300-200/TCP"]')),
    "reason of two lines": case("RF036", content=flow(reason='"A\\nB"')),
    "reason as a block": case("RF036", content=flow(reason="|\n      A\n      B")),
    "reason that breaks out": case("RF036", content=flow(reason='"A\\n  spec: {}\\n---\\nkind: Namespace"')),
    "reason of 501": case("RF036", content=flow(reason="x" * 501)),
    "empty reason": case("RF036", content=flow(reason='""')),
    "reason of blanks": case("RF036", content=flow(reason='"   "')),
    "reason that is a mapping": case("RF035", content=flow(reason="{a: b}")),
    "no such day": case("RF125", content=flow(expires="2027-02-30")),
    "no date": case("RF125", content=flow(expires="soon")),
    "CIDR with host bits": case(
        "RF130",
        CATALOG,
        HEAD + "kind: Catalog\npeers:\n  x:\n    description: X\n    owner: platform\n    cidrs: [10.0.0.1/8]\n",
    ),
    "CIDR too long": case(
        "RF130",
        CATALOG,
        HEAD + "kind: Catalog\npeers:\n  x:\n    description: X\n    owner: platform\n    cidrs: [10.0.0.0/99]\n",
    ),
    "unknown end": case("RF110", content=flow(to="nowhere")),
    "a namespace of another team": case("RF202", TEAM, change=second_claim),
    "file name with a space": case("RF104", "teams/check out/team.yaml", HEAD + "kind: Team\n"),
    "file name with unicode": case("RF104", "policies/clusters/prød.yaml", HEAD + "kind: Cluster\n"),
    "file name with a line break": case(
        "RF044",
        "teams/checkout/shop/a\\nb.yaml",
        change=lambda root: (root / "teams/checkout/shop/a\nb.yaml").touch(),
    ),
    "file name of bytes": case(
        "RF044",
        "teams/checkout/shop/\\udcff.yaml",
        change=lambda root: Path(os.fsdecode(bytes(root) + b"/teams/checkout/shop/\xff.yaml")).touch(),
    ),
    "file of another kind": case(
        "RF101", "teams/checkout/shop/guard.yaml", HEAD + "kind: Guardrails\nguardrails: []\n"
    ),
    "file of another ending": case("RF100", "teams/checkout/shop/flows.json", "{}"),
    "yml": case("RF100", "teams/checkout/shop/more.yml", GOOD),
    "link out of the repository": case("RF040", change=link(FLOWS, "/etc/passwd")),
    "link to nothing": case("RF040", change=link(FLOWS, "/nowhere")),
    "link to itself": case("RF040", change=link(FLOWS, "flows.yaml")),
    "link inside": case("RF040", change=link(FLOWS, "namespace.yaml")),
    "folder that is a link": case("RF040", "teams/checkout/shop", change=link("teams/checkout/shop", "/etc")),
    "folder of teams that is a link": case("RF040", "teams/checkout", change=link("teams/checkout", "../../..")),
    "folder where a file should be": case("RF043", change=folder(FLOWS)),
    "pipe": case("RF042", "teams/checkout/shop/pipe.yaml", change=pipe("teams/checkout/shop/pipe.yaml")),
    "repository inside": case("RF045", "teams/checkout/more", change=nested("teams/checkout/more/.git")),
    "empty settings": case("RF006", SETTINGS),
    "binary settings": case("RF001", SETTINGS, bytes(range(256))),
    "settings that are a folder": case("RF043", SETTINGS, change=folder(SETTINGS)),
    "settings that are a link": case("RF040", SETTINGS, change=link(SETTINGS, "/etc/passwd")),
    "settings of two documents": case("RF012", SETTINGS, "---\na: b\n---\nc: d\n"),
    "broken cluster": case("RF007", CLUSTER, "kind: ["),
    "broken baseline": case("RF007", BASELINE, "kind: ["),
    "broken catalogue": case("RF007", CATALOG, "kind: ["),
    "broken team": case("RF007", TEAM, "kind: ["),
}


@pytest.mark.parametrize(("code", "path", "change"), TABLE.values(), ids=TABLE)
def test_a_finding_and_all_other_files_are_still_read(
    plain: GitRepository, ringfence: Cli, code: str, path: str, change: Change
) -> None:
    edit(plain, "teams/payments/team.yaml", "kind: Team\n", "kind: Team\ncolour: red\n")
    change(plain.path)
    before = snapshot(plain.path)
    done = ringfence("validate", "--format", "json")
    assert done.code == 1
    found = {(item["code"], item["path"]) for item in done.json["findings"]}
    assert (code, path) in found
    assert ("RF033", "teams/payments/team.yaml") in found
    assert all(item["message"] for item in done.json["findings"])
    refused = ringfence("render")
    assert refused.code == 1
    assert not {"\x1b", "\u202e", "\a", "\0"} & set(refused.out)
    assert snapshot(plain.path) == before


HOSTILE = (
    "{{ 7 * 191 }} {% for x in y %} {# gone #} {{ ''.__class__ }}",
    "a: [b] # c - d & e *f !!python/object:os.system 'g' \"h\"",
    "--- kind: Namespace",
    "$(touch evil) `touch evil` ${HOME} %(x)s {0} \\\\n \\\\u0041",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_rendered_literally(plain: GitRepository, ringfence: Cli, text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    plain.write(FLOWS, flow(reason=quoted))
    edit(plain, CATALOG, "The payment provider", "'{{ 7 * 191 }}'")
    edit(plain, BASELINE, "Every pod resolves names", quoted)
    edit(plain, SETTINGS, "Example Commerce", quoted)
    edit(plain, TEAM, "Basket and checkout", quoted)
    edit(plain, "teams/payments/payments/namespace.yaml", "    accepts: [shop/checkout]\n", "")
    assert ringfence("render").code == 0
    assert ringfence("verify").code == 0
    assert ringfence("owners").code == 0
    rendered = plain.path / "policies/rendered"
    assert text in (rendered / "base/checkout/shop/frontend.yaml").read_text()
    everything = "".join(path.read_text() for path in rendered.rglob("*") if path.is_file())
    assert "1337" not in everything
    assert "&lt;" not in everything
    assert not (plain.path / "evil").exists()
    assert ringfence("render", "--check").code == 0


def test_jinja_in_an_address_is_no_address(plain: GitRepository, ringfence: Cli) -> None:
    edit(plain, SETTINGS, "https://gitlab.example.com/platform/network-policies.git", "'{{ 7 * 191 }}'")
    edit(plain, CLUSTER, "https://dev.example.com:6443", "'{{ 7 * 191 }}'")
    done = ringfence("validate", "--format", "json")
    assert done.code == 1
    assert {(item["code"], item["path"]) for item in done.json["findings"]} == {("RF036", SETTINGS), ("RF036", CLUSTER)}


def test_paths_with_spaces_and_unicode(plain: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    place = tmp_path / "Ünïcode ünd \U0001f600 'quotes' $HOME"
    plain.path.rename(place)
    (place / "teams/checkout/shop/flows.yaml").rename(place / "teams/checkout/shop/öur \U0001f600 flows.yaml")
    moved = GitRepository(place)
    moved.git("init", "--quiet")
    assert ringfence("render", "-C", place).code == 0
    moved.commit()
    for words in (["validate"], ["render", "--check"], ["verify"], ["impact"], ["fmt", "--check"], ["owners"]):
        assert ringfence(*words, "-C", place / "teams").code == 0
    edit(moved, "teams/checkout/shop/öur \U0001f600 flows.yaml", "to: checkout", "to: nowhere")
    assert "teams/checkout/shop/öur \U0001f600 flows.yaml:6:9: error RF110" in ringfence("validate", "-C", place).out


def test_missing_settings(plain: GitRepository, ringfence: Cli) -> None:
    (plain.path / SETTINGS).unlink()
    done = ringfence("validate")
    assert (done.code, done.out) == (2, "")
    assert "policies/ringfence.yaml" in done.err


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (SETTINGS, "organisation:", "expiry: {warnDays: 99999999999999999999}\norganisation:"),
        (SETTINGS, "organisation:", "expiry: {warnDays: 1000000000}\norganisation:"),
        (SETTINGS, "organisation:", "expiry: {warnDays: -1}\norganisation:"),
        (SETTINGS, '["@example/platform"]', '[""]'),
        (SETTINGS, '["@example/platform"]', '["@a b # c"]'),
        (CLUSTER, "[10.0.0.0/14]", "['::/0', 0.0.0.0/0]"),
        (CLUSTER, "[10.0.0.0/14]", "[]"),
        (CLUSTER, "{name: calico}", "{name: }"),
        (CLUSTER, "{name: calico}", "calico"),
        (CATALOG, "[53/UDP, 53/TCP]", "[0-65535/UDP]"),
        (CATALOG, "[192.0.2.0/24]", "[" + ", ".join(["192.0.2.0/24"] * 2000) + "]"),
        (CATALOG, "https: 443}\n  internet", "https: []}\n  internet"),
        (BASELINE, "ports: [dns]", "ports: []"),
        ("policies/guardrails/platform.yaml", "{from: {environments: [dev]}", "{from: []"),
        ("policies/guardrails/platform.yaml", "payments/*", "'*'"),
        ("policies/guardrails/platform.yaml", "payments/*", "'**/[a-z]/../*'"),
        (NAMESPACE, "{app: frontend}", "{? [a, b] : c}"),
        (NAMESPACE, "{app: frontend}", "{app: 7}"),
        (NAMESPACE, "http: 8080", "http: 1e3"),
        (FLOWS, "to: checkout", "to: [checkout, [payments/api]]"),
        (FLOWS, "to: checkout", "to: []"),
        (FLOWS, "to: checkout", "to: null"),
        (FLOWS, "to: checkout", "to: " + "a" * 100_000),
        (FLOWS, "ports: [grpc]", "ports: ['1-2-3', 7.5, true, null, {}, '99999999999999999999/TCP', '53/QUIC']"),
        (FLOWS, "ports: [grpc]", "ports: [" + ", ".join(str(port) for port in range(1, 300)) + "]"),
    ],
    ids=lambda value: value[:40],
)
def test_odd_values_never_crash(plain: GitRepository, ringfence: Cli, path: str, old: str, new: str) -> None:
    edit(plain, path, old, new)
    done = ringfence("validate", "--format", "json")
    assert done.code in (0, 1)
    if done.code == 0:
        assert ringfence("render").code == 0
        assert ringfence("verify").code == 0


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day(plain: GitRepository, ringfence: Cli, day: str) -> None:
    edit(plain, FLOWS, "    reason: The basket", f"    expires: {day}\n    reason: The basket")
    for at in ("0001-01-01", "2026-01-01", "9999-12-31"):
        codes = ringfence("validate", "--at", at, "--format", "json").codes
        assert "RF036" in codes
        assert ("RF320" in codes) == (day < at)


def test_thousands_of_findings(plain: GitRepository, ringfence: Cli) -> None:
    rows = "".join(
        FLOW.replace("name: a", f"name: a{n}").replace("to: checkout", f"to: chekout{n}") for n in range(3000)
    )
    plain.write(FLOWS, HEAD + ROWS + rows)
    done = ringfence("validate")
    assert done.code == 1
    assert done.out.endswith("; 3,000 errors\n")


def limited(*words: str, cwd: Path, first: str) -> subprocess.CompletedProcess[str]:
    """A run under limits that a shell sets first."""
    return subprocess.run(
        ["sh", "-c", f'{first} exec "$@"', "sh", *command(*words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.mark.parametrize("words", [["render"], ["fmt"], ["owners"], ["init", "new"]])
def test_a_full_disk(plain: GitRepository, words: list[str]) -> None:
    """No file may grow beyond one block: what a full disk does to a write, without filling one."""
    ports = ", ".join(str(port) for port in range(1000, 1300))
    edit(plain, FLOWS, "ports: [grpc]", f"ports: [{ports}]")
    (plain.path / "CODEOWNERS").unlink()
    if words == ["fmt"]:
        edit(plain, FLOWS, "flows:", "flows:  ")
    owners = ", ".join(f'"@example/{"x" * 60}{number}"' for number in range(20))
    edit(plain, TEAM, '["@example/checkout"]', f"[{owners}]")
    before = snapshot(plain.path)
    done = limited(*words, cwd=plain.path, first="ulimit -f 1;")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(plain.path) == before


def closed(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A run to which permissions apply, also where the tests run as root."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("as root, permissions can be tested only with setpriv")
        prefix = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this root may not drop its capabilities")
    return subprocess.run([*prefix, *command(*words)], cwd=cwd, capture_output=True, text=True, check=False)


def test_a_file_without_permission(plain: GitRepository) -> None:
    edit(plain, "teams/payments/team.yaml", "kind: Team\n", "kind: Team\ncolour: red\n")
    (plain.path / FLOWS).chmod(0)
    try:
        done = closed("validate", cwd=plain.path)
        assert done.returncode == 1
        assert f"{FLOWS}: error RF041 unreadable-file" in done.stdout
        assert "error RF033" in done.stdout
        listed = closed("fmt", "--check", cwd=plain.path)
        assert listed.returncode == 1
        assert "RF041" in listed.stdout
    finally:
        (plain.path / FLOWS).chmod(0o644)


def test_a_folder_without_permission(plain: GitRepository) -> None:
    hidden = plain.path / "teams/checkout/shop"
    hidden.chmod(0)
    try:
        done = closed("validate", cwd=plain.path)
        assert done.returncode == 1
        assert "teams/checkout/shop: error RF041" in done.stdout
    finally:
        hidden.chmod(0o755)


def test_a_rendered_folder_that_may_not_be_written(plain: GitRepository) -> None:
    edit(plain, NAMESPACE, "grpc: 5050", "grpc: 5051")
    before = snapshot(plain.path)
    shut = plain.path / "policies/rendered/base/checkout/shop"
    shut.chmod(0o555)
    try:
        done = closed("render", cwd=plain.path)
        assert done.returncode == 2
        assert "Permission denied" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        shut.chmod(0o755)
    assert snapshot(plain.path) == before


def test_settings_without_permission(plain: GitRepository) -> None:
    (plain.path / SETTINGS).chmod(0)
    try:
        done = closed("validate", cwd=plain.path)
        assert done.returncode == 1
        assert f"{SETTINGS}: error RF041" in done.stdout
    finally:
        (plain.path / SETTINGS).chmod(0o644)
