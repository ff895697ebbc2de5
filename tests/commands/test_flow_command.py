from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from command_kit import FLOWS, NAMESPACE, Cli, command, edit, snapshot

from git_repository import GitRepository

PAYMENTS = "teams/payments/payments/flows.yaml"
ADD = ("flow", "add", "--reason", "A test")
CALL_BACK = (*ADD, "--from", "shop/checkout", "--to", "shop/frontend", "--port", "http")
WRITTEN = """\
  - name: checkout-to-frontend
    from: checkout
    to: frontend
    ports: [http]
    reason: A test
"""


def is_clean(ringfence: Cli) -> bool:
    return ringfence("fmt", "--check").code == 0 and ringfence("validate").code == 0


def test_a_flow_is_written_where_and_as_it_belongs(small: GitRepository, ringfence: Cli) -> None:
    before = snapshot(small.path)
    done = ringfence(*CALL_BACK)
    assert done.code == 0
    after = snapshot(small.path)
    assert {path for path in after if after[path] != before.get(path)} == {FLOWS}
    assert after[FLOWS] == (before[FLOWS] or b"") + WRITTEN.encode()
    assert done.out.splitlines()[:3] == [f"--- a/{FLOWS}", f"+++ b/{FLOWS}", "@@ -11,3 +11,8 @@"]
    assert [line for line in done.out.splitlines() if line.startswith("+ ")] == [
        f"+{line}" for line in WRITTEN.splitlines()
    ]
    assert done.err.splitlines() == [
        f"1 flow added to {FLOWS}: shop/checkout-to-frontend; no findings",
        "next:",
        "  ringfence render    writes the policies",
        "  ringfence impact    says what opens",
    ]
    assert is_clean(ringfence)
    assert ringfence("render").code == 0
    assert ringfence("verify").code == 0


def test_all_that_a_flow_can_say(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence(
        *("flow", "add", "--name", "audit", "--reason", "Why: “it’s” #1", "--ticket", "SEC-1"),
        *("--from", "payments/api", "--to", "shop/checkout", "--to", "shop/frontend", "--expires", "2199-01-31"),
        *("--port", "8443", "--port", "53/UDP", "--port", "metrics", "--env", "prod", "--env", "dev", "--env", "prod"),
        *("--format", "json"),
    )
    assert done.code == 0, done
    assert (
        (small.path / PAYMENTS)
        .read_text()
        .endswith("""\
  - name: audit
    from: api
    to: [shop/checkout, shop/frontend]
    ports: [8443, 53/UDP, metrics]
    reason: "Why: “it’s” #1"
    environments: [prod, dev]
    expires: 2199-01-31
    ticket: SEC-1
""")
    )
    data = done.json
    assert (data["flow"], data["path"], data["written"], data["findings"]) == ("payments/audit", PAYMENTS, True, [])
    assert data["asked"] == [{"for": "checkout", "owners": ["@example/checkout"]}]
    assert is_clean(ringfence)


@pytest.mark.parametrize("text", ["null", "yes", "1e3", "# 'a' \"b\" \\ {c} [d]", "&a *b !c %d @e `f", "a: b - c, d"])
def test_words_that_mean_something_in_yaml_stay_words(small: GitRepository, ringfence: Cli, text: str) -> None:
    done = ringfence(*CALL_BACK, "--reason", text)
    assert done.code == 0
    assert is_clean(ringfence)
    (row,) = ringfence("flows", "shop/checkout-to-frontend", "--format", "json").json["flows"]
    assert row["reason"] == text


def test_a_flow_that_another_covers_and_one_that_covers_another(small: GitRepository, ringfence: Cli) -> None:
    for port in ("grpc", "5050/TCP"):
        done = ringfence(*ADD, "--from", "shop/frontend", "--to", "shop/checkout", "--port", port)
        assert (done.code, done.out) == (2, "")
        assert f"flow shop/place-order allows all of that already: {FLOWS}:4:5" in done.err
    assert small.git("status", "--porcelain") == ""
    done = ringfence(*ADD, "--from", "shop/frontend", "--to", "shop/checkout", "--port", "grpc", "--port", "metrics")
    assert done.code == 0
    assert "warning RF126 repeated-flow: flow shop/frontend-to-checkout already allows all" in done.err


def test_a_flow_from_outside_goes_to_its_destination(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence(
        *ADD, "--from", "prometheus", "--to", "shop/checkout", "--port", "grpc", "--dry-run", "-C", "teams"
    )
    assert done.code == 0
    assert f"+++ b/{FLOWS}" in done.out
    assert "+    from: prometheus\n+    to: checkout\n" in done.out
    assert done.err.startswith(f"1 flow would be added to {FLOWS}: shop/prometheus-to-checkout; no findings\n")
    assert "next:" not in done.err
    assert small.git("status", "--porcelain") == ""


def test_the_file_is_made_where_there_is_none(small: GitRepository, ringfence: Cli) -> None:
    (small.path / PAYMENTS).unlink()
    done = ringfence(*ADD, "--from", "payments/api", "--to", "stripe", "--port", "https")
    assert done.code == 0
    assert done.out.startswith(f"--- /dev/null\n+++ b/{PAYMENTS}\n@@ -0,0 +1,8 @@\n")
    assert (small.path / PAYMENTS).read_text() == (
        "apiVersion: ringfence.dev/v1alpha1\nkind: Flows\nflows:\n"
        "  - name: api-to-stripe\n    from: api\n    to: stripe\n    ports: [https]\n    reason: A test\n"
    )
    assert is_clean(ringfence)


def test_a_new_file_has_the_line_for_editors_where_the_schemas_are(small: GitRepository, ringfence: Cli) -> None:
    small.write("schemas/v1alpha1/flows.schema.json", "{}")
    (small.path / PAYMENTS).unlink()
    assert ringfence(*ADD, "--from", "payments/api", "--to", "stripe", "--port", "https").code == 0
    first = (small.path / PAYMENTS).read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../../schemas/v1alpha1/flows.schema.json"
    assert (small.path / PAYMENTS).parent.joinpath(first.partition("=")[2]).resolve().is_file()


def test_the_only_file_of_flows_is_used_whatever_its_name(small: GitRepository, ringfence: Cli) -> None:
    (small.path / FLOWS).rename(small.path / "teams/checkout/shop/calls.yaml")
    assert "+++ b/teams/checkout/shop/calls.yaml" in ringfence(*CALL_BACK).out
    small.write(
        "teams/checkout/shop/more.yaml",
        "apiVersion: ringfence.dev/v1alpha1\nkind: Flows\nflows:\n"
        "  - {name: m, from: frontend, to: stripe, ports: [https], reason: A test}\n",
    )
    done = ringfence(*ADD, "--from", "shop/frontend", "--to", "shop/checkout", "--port", "9090")
    assert f"+++ b/{FLOWS}" in done.out
    assert is_clean(ringfence)


def test_comments_and_windows_line_ends(small: GitRepository, ringfence: Cli) -> None:
    text = (small.path / FLOWS).read_text().replace("  - name: authorise-card", "  # cards\n  - name: authorise-card")
    text = text.replace("to: checkout\n", "to: checkout   # the basket\n") + "# the end\n"
    (small.path / FLOWS).write_bytes(text.replace("\n", "\r\n").encode())
    assert ringfence(*CALL_BACK).code == 0
    raw = (small.path / FLOWS).read_bytes()
    assert b"\r" not in raw
    for comment in (b"  # cards\n  - name: auth", b"to: checkout  # the basket\n", b"# the end\n"):
        assert comment in raw
    assert is_clean(ringfence)


def test_a_bare_name_is_not_written_where_a_peer_has_it(small: GitRepository, ringfence: Cli) -> None:
    edit(
        small,
        "policies/catalog/platform.yaml",
        "  stripe:",
        "  frontend:\n    description: A site\n    owner: platform\n    cidrs: [198.51.100.0/24]\n  stripe:",
    )
    edit(small, FLOWS, "from: frontend", "from: shop/frontend")
    done = ringfence(*CALL_BACK)
    assert "+    to: shop/frontend\n" in done.out
    assert is_clean(ringfence)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "shop/chekout", "--to", "stripe", "--port", "1"), "did you mean shop/checkout?"),
        (("--from", "checkout", "--to", "stripe", "--port", "1"), "did you mean shop/checkout?"),
        (("--from", "shop/*", "--to", "stripe", "--port", "1"), "there is no end 'shop/*'"),
        (("--from", "shop/checkout", "--to", "payments/api", "--port", "htps"), "did you mean https?"),
        (("--from", "shop/checkout", "--to", "prometheus", "--port", "web"), "it has no named ports"),
        (("--from", "stripe", "--to", "internet", "--port", "1"), "neither stripe nor internet is a workload"),
        (("--from", "shop/checkout", "--from", "payments/api", "--to", "stripe", "--port", "1"), "one flow for each"),
        (("--from", "shop/checkout", "--to", "stripe", "--port", "1", "--env", "prodd"), "did you mean prod?"),
        (("--from", "shop/checkout", "--to", "stripe", "--port", "1", "--expires", "2020-01-01"), "is over"),
        (("--from", "shop/checkout", "--to", "stripe", "--port", "1", "--expires", "soon"), "is not a date"),
        (
            ("--from", "shop/checkout", "--to", "stripe", "--port", "1", "--reason", "a\tb"),
            "--reason holds the control",
        ),
        (("--from", "shop/checkout", "--to", "stripe", "--port", "1", "--ticket", "\udcff"), "half of a character"),
        (("--from", "shop/checkout", "--to", "stripe", "--port", "1", "--reason", "\u202e"), "turns the direction"),
        (
            ("--from", "shop/checkout", "--to", "stripe", "--port", "1", "--name", "place-order"),
            f"already: {FLOWS}:4:5",
        ),
    ],
)
def test_what_cannot_be_declared(small: GitRepository, ringfence: Cli, words: tuple[str, ...], said: str) -> None:
    done = ringfence(*ADD, *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert small.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--from", "shop/frontend", "--to", "payments/api", "--port", "https"), "RF301"),
        (("--from", "shop/frontend", "--to", "stripe", "--port", "70000"), "RF124"),
        (("--from", "shop/frontend", "--to", "stripe", "--port", "0443"), "RF036"),
        (("--from", "shop/frontend", "--to", "shop/frontend", "--port", "http"), "RF120"),
        (("--from", "shop/frontend", "--to", "stripe", "--port", "1", "--name", "No_Name"), "RF036"),
        (("--from", "shop/frontend", "--to", "stripe", "--port", "1", "--reason", "two\nlines"), "RF036"),
    ],
)
def test_what_validate_would_refuse(small: GitRepository, ringfence: Cli, words: tuple[str, ...], code: str) -> None:
    done = ringfence(*ADD, *words, "--format", "json")
    assert (done.code, done.codes) == (1, [code])
    assert done.err.startswith("Nothing was written: ")
    assert small.git("status", "--porcelain") == ""


def test_nothing_is_added_to_declarations_in_error(small: GitRepository, ringfence: Cli) -> None:
    edit(small, PAYMENTS, "to: stripe", "to: stripes")
    before = snapshot(small.path)
    done = ringfence(*CALL_BACK)
    assert done.code == 1
    assert "did you mean `stripe`?" in done.out
    assert snapshot(small.path) == before


def test_what_is_expired_elsewhere_is_no_hindrance(small: GitRepository, ringfence: Cli) -> None:
    edit(small, PAYMENTS, "ports: [https]", "ports: [https]\n    expires: 2020-01-01")
    assert ringfence("validate").code == 1
    assert ringfence(*CALL_BACK).code == 0


def test_a_bom_or_an_anchor_is_said_and_kept(small: GitRepository, ringfence: Cli) -> None:
    for old, new, code in (("apiVersion", "\ufeffapiVersion", "RF002"), ("[grpc]", "&p [grpc]", "RF009")):
        text = (small.path / FLOWS).read_text()
        (small.path / FLOWS).write_text(text.replace(old, new, 1), encoding="utf-8")
        done = ringfence(*CALL_BACK, "--format", "json")
        assert (done.code, done.codes) == (1, [code])
        (small.path / FLOWS).write_text(text)


def test_a_name_that_is_taken_or_too_long(small: GitRepository, ringfence: Cli) -> None:
    assert ringfence(*CALL_BACK).code == 0
    done = ringfence(*CALL_BACK[:-1], "metrics")
    assert (done.code, "--name" in done.err) == (2, True)
    assert ringfence(*CALL_BACK[:-1], "metrics", "--name", "call-metrics").code == 0
    long = "a" * 60
    edit(small, NAMESPACE, "workloads:\n", f"workloads:\n  {long}:\n    labels: {{app: long}}\n")
    done = ringfence(*ADD, "--from", f"shop/{long}", "--to", "stripe", "--port", "1")
    assert (done.code, "is too long" in done.err) == (2, True)


def test_a_folder_that_cannot_be_written(small: GitRepository, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    done = ringfence(*CALL_BACK)
    assert (done.code, "No space left on device" in done.err) == (2, True)
    assert small.git("status", "--porcelain") == ""


def test_ctrl_c_leaves_the_old_file_or_the_new_one(small: GitRepository) -> None:
    old = (small.path / FLOWS).read_text()
    for wait in (0.05, 0.15, 0.25, 0.35):
        running = subprocess.Popen(command(*CALL_BACK), cwd=small.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            running.wait(wait)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
        assert (small.path / FLOWS).read_text() in (old, old + WRITTEN)
        assert not list(Path(small.path).rglob(".ringfence-*"))
