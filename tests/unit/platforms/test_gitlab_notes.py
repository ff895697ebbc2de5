from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator

import pytest

from notes_server import NOTES, SOMEBODY, TOKEN, Accident, Server, done_and_lost, hang_up, serving, slow, status
from ringfence.errors import RingfenceError, UsageError
from ringfence.platforms import PlatformError, RefusedError, api, gitlab, merge_request
from ringfence.platforms.gitlab import Action

PATH = NOTES.removeprefix("/api/v4")
OURS = "<!-- ringfence:impact pipeline=499 -->\nold\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(api, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(api, "TIMEOUT", 0.5)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as made:
        yield made


def publish(server: Server, text: str = "new\n", *, changed: bool = True) -> Action:
    return gitlab.publish(merge_request(server.environ), text, changed=changed)


def bodies(server: Server) -> list[str]:
    return [note["body"] for note in server.notes]


def test_a_note_is_created(server: Server) -> None:
    server.add("a review")
    assert publish(server) is Action.CREATED
    assert bodies(server) == ["a review", "<!-- ringfence:impact pipeline=500 -->\nnew\n"]
    assert server.requests == [f"GET {PATH}", f"POST {PATH}"]


def test_nothing_is_created_where_nothing_changed(server: Server) -> None:
    assert publish(server, changed=False) is Action.NONE
    assert server.notes == []


@pytest.mark.parametrize("changed", [True, False])
def test_the_one_note_is_updated(server: Server, changed: bool) -> None:
    server.add(OURS)
    server.add("a review")
    assert publish(server, changed=changed) is Action.UPDATED
    assert bodies(server) == ["<!-- ringfence:impact pipeline=500 -->\nnew\n", "a review"]


def test_a_note_that_says_it_already_is_left(server: Server) -> None:
    server.add(OURS.replace("\n", "\r\n"))
    assert publish(server, "old\n\n") is Action.UNCHANGED
    assert server.requests == [f"GET {PATH}", "GET /user"]


def test_a_later_pipeline_is_not_overwritten(server: Server) -> None:
    server.add(OURS.replace("499", "501"))
    assert publish(server) is Action.SUPERSEDED
    assert bodies(server) == [OURS.replace("499", "501")]


def test_of_several_notes_of_ours_one_stays(server: Server) -> None:
    for text in (OURS, "a review", OURS, OURS):
        server.add(text)
    assert publish(server) is Action.UPDATED
    assert bodies(server) == ["<!-- ringfence:impact pipeline=500 -->\nnew\n", "a review"]


def test_the_note_is_found_on_a_later_page(server: Server) -> None:
    server.page_limit = 2
    for number in range(5):
        server.add(f"review {number}")
    server.add(OURS)
    assert publish(server) is Action.UPDATED
    assert server.requests.count(f"GET {PATH}") == 3


def test_a_note_of_somebody_else_is_not_ours_whatever_it_says(server: Server) -> None:
    server.add(OURS, SOMEBODY)
    server.add(f"> quoted\n{OURS}")
    assert publish(server) is Action.CREATED
    assert publish(server, "newer") is Action.UPDATED
    assert bodies(server)[:2] == [OURS, f"> quoted\n{OURS}"]
    assert len(server.notes) == 3


def test_a_token_that_may_not_ask_who_it_is(server: Server) -> None:
    server.user_status = 403
    server.add(OURS)
    assert publish(server) is Action.UPDATED


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "accident", [status(429), status(429, Retry_After="0"), status(429, Retry_After="soon")], ids=["", "0", "soon"]
)
def test_too_many_requests(server: Server, method: str, accident: Accident) -> None:
    if method == "PUT":
        server.add(OURS)
    server.befall(method, accident, accident)
    assert publish(server) in (Action.CREATED, Action.UPDATED)
    assert len(server.notes) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_server_says_how_long_to_wait(server: Server, form: str) -> None:
    until = "1" if form == "seconds" else email.utils.formatdate(time.time() + 2, usegmt=True)
    server.befall("POST", status(429, Retry_After=until))
    start = time.monotonic()
    assert publish(server) is Action.CREATED
    assert 0.9 < time.monotonic() - start < 4


def test_too_long_to_wait(server: Server) -> None:
    server.befall("GET", status(429, Retry_After="3600"))
    with pytest.raises(PlatformError, match="asks to wait 3,600 seconds") as caught:
        publish(server)
    assert not isinstance(caught.value, RefusedError)


def test_too_long_to_wait_in_all(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "BUDGET", 1.5)
    server.befall("GET", *[status(429, Retry_After="1")] * 2)
    with pytest.raises(PlatformError, match="asks to wait 1 seconds"):
        publish(server)
    assert len(server.requests) == 2


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "accident", [status(500), status(503, b"<html>"), hang_up, slow(0.8)], ids=["500", "503", "hang up", "slow"]
)
def test_a_server_that_is_away_for_a_moment(server: Server, method: str, accident: Accident) -> None:
    if method == "PUT":
        server.add(OURS)
    server.befall(method, accident)
    assert publish(server) in (Action.CREATED, Action.UPDATED)
    assert {*bodies(server)} == {"<!-- ringfence:impact pipeline=500 -->\nnew\n"}


def test_a_note_that_was_created_unheard_is_not_created_again(server: Server) -> None:
    server.befall("POST", done_and_lost)
    assert publish(server) is Action.CREATED
    assert len(server.notes) == 1
    assert server.requests == [f"GET {PATH}", f"POST {PATH}", f"GET {PATH}", "GET /user"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_server_that_stays_away(server: Server, method: str) -> None:
    if method == "PUT":
        server.add(OURS)
    server.befall(method, *[status(503)] * 20)
    with pytest.raises(PlatformError, match="answers 503") as caught:
        publish(server)
    assert not isinstance(caught.value, RefusedError)
    assert server.requests.count(f"{method} {PATH}{'/1000' if method == 'PUT' else ''}") == 5


def test_nobody_listens(server: Server) -> None:
    environ = {**server.environ, "CI_API_V4_URL": "http://127.0.0.1:9/api/v4"}
    with pytest.raises(PlatformError, match=r"127\.0\.0\.1:9 does not answer \(ConnectError\)"):
        gitlab.publish(merge_request(environ), "x", changed=True)


@pytest.mark.parametrize("code", [401, 403, 404])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_token_that_may_not(server: Server, code: int, method: str) -> None:
    if method == "PUT":
        server.add(OURS)
    server.befall(method, status(code))
    with pytest.raises(RefusedError, match=f"answers {code} to {method}: {code} said"):
        publish(server)


def test_no_token(server: Server) -> None:
    with pytest.raises(RefusedError, match="RINGFENCE_GITLAB_TOKEN is not set"):
        gitlab.publish(merge_request({**server.environ, "RINGFENCE_GITLAB_TOKEN": ""}), "x", changed=True)
    assert server.requests == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Server, code: int) -> None:
    with serving() as elsewhere:
        server.befall("GET", status(code, Location=f"{elsewhere.api}{PATH}"))
        with pytest.raises(PlatformError, match=r"redirects to 127\.0\.0\.1, and a token does not follow"):
            publish(server)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("accident", "said"),
    [
        (status(200, b"<html>sign in</html>", Content_Type="text/html"), r"not JSON \(text/html\)"),
        (status(200, b'[{"id": 1'), "not JSON"),
        (status(200, {"notes": []}), "no list"),
        (status(200, b"[" * 100_000), "JSON that is nested too deeply"),
        (status(400, b"[" * 100_000), "answers 400 to GET: Bad Request"),
        (status(400, {"message": {"body": ["is too long"]}}), "answers 400 to GET: {'body': "),
        (status(418, b""), "answers 418"),
    ],
)
def test_what_is_not_gitlab(server: Server, accident: Accident, said: str) -> None:
    server.befall("GET", accident)
    with pytest.raises(PlatformError, match=said):
        publish(server)


def test_strange_notes_are_passed_over(server: Server) -> None:
    server.notes += [{}, {"id": "x", "body": OURS}, {"id": 5, "body": None}, {"id": 6, "body": OURS, "author": None}]
    server.befall("GET", status(200, [1, None, "x"], X_Next_Page="2"))
    server.page_limit = 1
    assert publish(server) is Action.CREATED


@pytest.mark.parametrize("header", ["1", "-1", "x", "99999999999999999999"])
def test_a_page_number_that_leads_nowhere(server: Server, header: str) -> None:
    server.befall("GET", status(200, [], X_Next_Page=header), status(200, [], X_Next_Page="1"))
    assert publish(server) is Action.CREATED


def test_the_token_is_never_said(server: Server) -> None:
    accidents = [
        status(403, {"message": f"bad token {TOKEN}\x1b[31m"}),
        status(302, Location=f"http://{TOKEN}.example.com/?private_token={TOKEN}"),
        status(200, b"x", Content_Type=f"text/{TOKEN}"),
        status(500, {"message": TOKEN}),
    ]
    assert TOKEN not in repr(merge_request(server.environ))
    for accident in accidents:
        server.accidents["GET"] = [accident] * 9
        with pytest.raises(RingfenceError) as caught:
            publish(server)
        error: BaseException | None = caught.value
        while error is not None:
            assert TOKEN.lower() not in f"{error} {error!r} {getattr(error, 'hint', '')}".lower()
            assert "\x1b" not in str(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "schlüssel", "\x00"])
def test_a_token_that_is_none(server: Server, token: str) -> None:
    with pytest.raises(UsageError, match="holds blanks or characters") as caught:
        merge_request({**server.environ, "RINGFENCE_GITLAB_TOKEN": f"a{token}b"})
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CI_MERGE_REQUEST_IID", "", "no merge request pipeline"),
        ("CI_MERGE_REQUEST_IID", "../3", "CI_MERGE_REQUEST_IID is needed"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "group/project", "CI_PROJECT_ID is needed"),
        ("CI_API_V4_URL", "", "CI_API_V4_URL is needed: it is missing"),
        ("CI_API_V4_URL", "file:///etc", "is not one"),
        ("CI_API_V4_URL", "https://user:secret@gitlab.example.com", "cannot be right"),
    ],
)
def test_variables_that_cannot_be_right(server: Server, name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        merge_request({**server.environ, name: value})
    assert "secret" not in str(caught.value)


def test_certificates_that_cannot_be_read(server: Server) -> None:
    environ = {**server.environ, "CI_SERVER_TLS_CA_FILE": "/no/such/file"}
    with pytest.raises(UsageError, match="No such file"):
        gitlab.publish(merge_request(environ), "x", changed=True)


def test_a_report_that_is_too_long_is_cut_and_says_so(server: Server) -> None:
    request = merge_request(server.environ)
    line = "ä" * 99 + "\n"
    whole = line * 9_999
    assert gitlab.body(whole, request).endswith(line)
    text = gitlab.body(line * 20_000, request)
    assert gitlab.LIMIT - 200 < len(text) <= gitlab.LIMIT
    assert text.endswith(
        f"{line}\n**The report is longer than a note may be; the rest is in [the artifacts of the job]"
        "(https://gitlab.example.com/p/-/jobs/9/artifacts/browse).**\n"
    )
