"""Requests to an API over HTTP: time-outs, polite repetition, and errors that never hold the token.

Redirects are not followed: the token would go to wherever they lead.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ringfence.errors import RingfenceError, UsageError

if TYPE_CHECKING:
    import httpx

TIMEOUT = 20.0
"""Seconds until a server that does not answer counts as away, for each step of a request."""

BUDGET = 120.0
"""Seconds that one connection, as an `Api` is, waits in all between repetitions."""

FIRST_PAUSE = 1.0
"""Seconds before the first repetition; each further one waits twice as long, or as long as the server says."""

ATTEMPTS = 5
MANY = 429
AGAIN = (MANY, 500, 502, 503, 504)
"""Answers after which the same request may succeed."""


class PlatformError(RingfenceError):
    """The host of the merge request cannot be reached, or does not answer as documented (exit 2)."""


class RefusedError(PlatformError):
    """The token may not do this, or there is none."""


class AwayError(PlatformError):
    """The server did not answer, or said that it cannot now; whether it did what was asked is not known."""


class Api:
    """An API at an address, used as a context manager. Methods raise `PlatformError`, which never holds the token."""

    def __init__(self, address: str, token: str, certificates: str = "") -> None:
        """Prepare a connection. Raises `UsageError` where the library or the file of certificates is missing."""
        try:
            import httpx
        except ImportError:
            raise UsageError(
                "talking to GitLab needs a library that is not installed", "pip install 'ringfence[gitlab]'"
            ) from None
        self._address = address
        self._token = token
        self._left = BUDGET
        context = httpx.create_ssl_context()
        if certificates:
            try:
                context.load_verify_locations(certificates)
            except OSError as error:
                raise UsageError(
                    f"cannot read the certificates of CI_SERVER_TLS_CA_FILE: {error.strerror or error}",
                    "it must name a file in PEM form",
                ) from None
        self._client = httpx.Client(
            headers={"PRIVATE-TOKEN": token, "User-Agent": "ringfence"},
            timeout=TIMEOUT,
            verify=context,
            follow_redirects=False,
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> tuple[Any, Mapping[str, str]]:
        """The JSON at a path, and the headers of the answer; repeated while the server is away."""
        return self._repeated("GET", path, query=query)

    def put(self, path: str, data: Mapping[str, str]) -> Any:
        """Replace something, which may be repeated: the outcome is the same."""
        return self._repeated("PUT", path, data=data)[0]

    def delete(self, path: str) -> None:
        """Remove something, which may be repeated."""
        self._repeated("DELETE", path)

    def post(self, path: str, data: Mapping[str, str]) -> Any:
        """Create something, once: raises `AwayError` where it may exist or not, for the caller to look."""
        return self._once("POST", path, None, data)[0]

    def pauses(self) -> Iterator[None]:
        """Wait, longer each time, as often as a request may be repeated."""
        for number in range(ATTEMPTS - 1):
            self._wait(FIRST_PAUSE * 2**number)
            yield

    def _repeated(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        try:
            return self._once(method, path, query, data)
        except AwayError as error:
            last = error
        for _ in self.pauses():
            try:
                return self._once(method, path, query, data)
            except AwayError as error:
                last = error
        raise last

    def _once(
        self, method: str, path: str, query: Mapping[str, str | int] | None, data: Mapping[str, str] | None
    ) -> tuple[Any, Mapping[str, str]]:
        """One request; only what the server refused unread (429) is sent again here."""
        import httpx

        for _ in range(ATTEMPTS):
            try:
                answer = self._client.request(method, f"{self._address}{path}", params=query, json=data)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                # the error may hold the request, and that the token
                raise AwayError(f"{self._host} does not answer ({type(error).__name__})", _HINT) from None
            if answer.status_code != MANY:
                return self._judged(method, answer)
            self._wait(_retry_after(answer.headers.get("Retry-After", "")) or FIRST_PAUSE)
        raise AwayError(f"{self._host} goes on asking to wait (429)", _HINT)

    def _judged(self, method: str, answer: httpx.Response) -> tuple[Any, Mapping[str, str]]:
        status = answer.status_code
        if status in (401, 403, 404):
            raise RefusedError(f"{self._host} answers {status} to {method}: {self._said(answer)}")
        if status in AGAIN:
            raise AwayError(f"{self._host} answers {status}", _HINT)
        if 300 <= status < 400:
            target = urlsplit(answer.headers.get("Location", "")).hostname or "another place"
            raise PlatformError(
                f"{self._host} redirects to {self._clean(target)}, and a token does not follow",
                "CI_API_V4_URL must be the address that GitLab itself uses (`external_url`)",
            )
        if not 200 <= status < 300:
            raise PlatformError(f"{self._host} answers {status} to {method}: {self._said(answer)}", _HINT)
        if not answer.content:
            return None, answer.headers
        try:
            return answer.json(), answer.headers
        except ValueError:
            kind = answer.headers.get("Content-Type", "no type")
            raise PlatformError(
                f"{self._host} answers with something that is not JSON ({self._clean(kind)})",
                "is CI_API_V4_URL the address of GitLab's API, and not of a sign-in page or proxy?",
            ) from None
        except RecursionError:
            raise PlatformError(f"{self._host} answers with JSON that is nested too deeply", _HINT) from None

    def _wait(self, seconds: float) -> None:
        if seconds > self._left:
            raise PlatformError(
                f"{self._host} asks to wait {seconds:,.0f} seconds, which is longer than this job does", _HINT
            )
        self._left -= seconds
        time.sleep(seconds)

    @property
    def _host(self) -> str:
        return urlsplit(self._address).netloc

    def _said(self, answer: httpx.Response) -> str:
        """What the server says, in one line of at most 200 characters."""
        try:
            data = answer.json()
        except (ValueError, RecursionError):
            data = None
        said = (data.get("message") or data.get("error")) if isinstance(data, dict) else None
        return self._clean(str(said or answer.reason_phrase or "nothing more"))

    def _clean(self, text: str) -> str:
        from ringfence.report.text import one_line

        # without regard to case, since the name of a host comes in lower case
        line = one_line(re.sub(re.escape(self._token), "[token]", text, flags=re.IGNORECASE) if self._token else text)
        return line if len(line) <= 200 else f"{line[:199]}…"


_HINT = "the report is in the artifacts of this job; run the job again to post it"


def _retry_after(text: str) -> float | None:
    """The seconds that a header asks to wait: a number, or a date (RFC 9110, 10.2.3); None where it says neither."""
    from email.utils import parsedate_to_datetime

    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
