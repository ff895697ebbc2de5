"""Files that are not what they should be: everything wrong is counted, nothing is fatal, and memory is bounded."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as arrow
import pytest
from flow_lines import ARRIVING, NOW, brief, calico, goldmane, hubble, kinds, read, write

from ringfence import observe
from ringfence.errors import NothingToCheckError, UsageError
from ringfence.observe import Trouble
from ringfence.observe.compressed import BOMB_RATIO
from ringfence.observe.sieve import LONGEST

FLOW = json.dumps(hubble(**ARRIVING))
SEEN = ["shop/web-7848d6c4d5-th9v2 > shop/api 8080/TCP allowed {}"]


def of(path: Path, content: bytes) -> observe.Observations:
    path.write_bytes(content)
    return observe.read([path], now=NOW)


def zstd(data: bytes) -> bytes:
    sink = io.BytesIO()
    with arrow.CompressedOutputStream(arrow.PythonFile(sink, mode="w"), "zstd") as stream:
        stream.write(data)
        stream.flush()
        sink.close = lambda: None  # type: ignore[method-assign]
    return sink.getvalue()


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstd])
def test_compressed_logs_are_read_whatever_their_names(compress: Callable[[bytes], bytes], tmp_path: Path):
    found = of(tmp_path / "flows.log.1", compress(f"{FLOW}\n{FLOW}\n".encode()))
    assert (brief(found), found.troubles) == ([SEEN[0].format(2)], ())


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_rotated_files_that_were_put_together(compress: Callable[[bytes], bytes], tmp_path: Path):
    part = compress(f"{FLOW}\n".encode())
    found = of(tmp_path / "flows.gz", part + part + b"\0" * 512)
    assert (brief(found), found.troubles) == ([SEEN[0].format(2)], ())


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstd])
def test_a_compressed_file_that_ends_early(compress: Callable[[bytes], bytes], tmp_path: Path):
    """What could be decompressed counts."""
    lines = "".join(json.dumps(hubble(**ARRIVING, uuid=str(number**7))) + "\n" for number in range(4000))
    whole = compress(lines.encode())
    found = of(tmp_path / "flows", whole[: len(whole) * 2 // 3])
    assert set(kinds(found)) - {"truncated-line"} == {"truncated-file"}
    assert 0 < found.records < 4000
    assert brief(found) == [SEEN[0].format(found.records)]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstd])
def test_a_compressed_file_that_is_corrupt(compress: Callable[[bytes], bytes], tmp_path: Path):
    whole = bytearray(compress(FLOW.encode() * 50))
    whole[len(whole) // 2 : len(whole) // 2 + 8] = b"\xff" * 8
    # Without a checksum, what is decompressed may just be no JSON any more.
    assert set(kinds(of(tmp_path / "flows", bytes(whole)))) & {"corrupt-file", "truncated-file", "not-json"}


def test_garbage_after_compressed_data(tmp_path: Path):
    found = of(tmp_path / "flows.gz", gzip.compress(f"{FLOW}\n".encode()) + b"and more")
    assert (kinds(found), found.records) == ({"trailing-garbage": 1}, 1)


MEASURED = """
import re, sys
from pathlib import Path
from ringfence import observe
found = observe.read(sys.argv[1:], memory="200MB")
print([(item.kind, item.count, item.line) for item in found.troubles], found.records)
# what getrusage says goes on counting the process that this one was made by
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def measured(*paths: Path) -> tuple[str, int]:
    """What a process of its own says of some files, and its memory in megabytes."""
    run = [sys.executable, "-c", MEASURED, *map(str, paths)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    said, memory = done.stdout.splitlines()
    return said, int(memory)


def test_bombs_and_gigantic_lines_take_little_memory(tmp_path: Path):
    """An endless line in a little gzip; endless blank lines; a line of half a gigabyte as it is."""
    piece = b"x" * (1 << 20)
    one, two, three = tmp_path / "one.gz", tmp_path / "two.gz", tmp_path / "three.json"
    with gzip.open(one, "wb") as stream:
        stream.write(FLOW.encode() + b"\n")
        for _ in range(96):
            stream.write(piece)
    with gzip.open(two, "wb") as stream:
        stream.write(FLOW.encode() + b"\n")
        for _ in range(96):
            stream.write(b"\n" * (1 << 20))
    with three.open("wb") as stream:
        stream.write(FLOW.encode() + b"\n")
        stream.seek(1 << 29)
        stream.write(b"\n" + FLOW.encode() + b"\n")
    said, memory = measured(one, two, three)
    assert said.count("('gzip-bomb', 1, ") == 2
    assert said.count("('line-too-long', 1, 2)") == 2
    assert said.endswith("] 4")
    assert memory < 450, f"{memory} MB"


def test_logs_that_compress_well_are_no_bombs(tmp_path: Path):
    lines = (f"{FLOW}\n" * 100_000).encode()
    packed = gzip.compress(lines, 1)
    assert len(lines) / len(packed) < BOMB_RATIO
    assert brief(of(tmp_path / "flows.gz", packed)) == [SEEN[0].format(100_000)]


def test_lines_of_several_formats_and_of_none(tmp_path: Path):
    found = read(
        tmp_path,
        FLOW,
        '{"flow": {"time": "2026-',
        calico(),
        "",
        "  ",
        goldmane(),
        "level=info msg=hello",
        FLOW[:-1],
        "[1]",
    )
    assert found.troubles == (
        Trouble(str(tmp_path / "flows.json"), 2, "truncated-line", 2, '{"flow": {"time": "2026-'),
        Trouble(str(tmp_path / "flows.json"), 7, "not-json", 1, "level=info msg=hello"),
        Trouble(str(tmp_path / "flows.json"), 9, "unknown-record", 1, "[1]"),
    )
    assert found.records == 3


def test_the_longest_line_that_is_read(tmp_path: Path):
    def padded(size: int) -> bytes:
        return FLOW.encode()[:-1] + b" " * (size - len(FLOW)) + b"}"

    found = of(tmp_path / "flows", b"\n".join([FLOW.encode(), padded(LONGEST), padded(LONGEST + 1), FLOW.encode()]))
    assert (found.records, kinds(found)) == (3, {"line-too-long": 1})
    assert found.troubles[0].line == 3


def test_a_last_line_without_an_end(tmp_path: Path):
    found = of(tmp_path / "flows", f"{FLOW}\r\n{FLOW}".encode())
    assert (found.records, found.troubles) == (2, ())
    found = of(tmp_path / "flows", f"{FLOW}\n{FLOW[:40]}".encode())
    assert [(item.kind, item.line) for item in found.troubles] == [("truncated-line", 2)]


def test_bytes_that_are_no_text(tmp_path: Path):
    bad = FLOW.encode().replace(b"worker", b"w\xff\xferker")
    nul = FLOW.encode().replace(b"worker", b"w\0rker")
    found = of(tmp_path / "flows", b"\xef\xbb\xbf" + b"\n".join([FLOW.encode(), bad, nul, FLOW.encode(), b"\0" * 4096]))
    assert kinds(found) == {"not-utf8": 1, "nul-bytes": 2}
    assert found.records == 2
    assert all(item.example.isprintable() and len(item.example) <= 120 for item in found.troubles)


def test_escaped_and_absurd_values_in_json(tmp_path: Path):
    escaped = FLOW.replace("kind/worker", "a\\u0000b\\ud800")
    deep = '{"flow":' + '{"a":' * 5000 + "1" + "}" * 5001
    found = read(tmp_path, escaped, deep, '{"flow": 1e999}', '{"flow": "text"}', '{"verdict": ["FORWARDED"]}', FLOW)
    assert found.records in (2, 3)
    assert sum(kinds(found).values()) >= 3


def test_utf16_and_other_files(tmp_path: Path):
    assert kinds(of(tmp_path / "utf16", f"{FLOW}\n".encode("utf-16"))) == {"unknown-format": 1}
    assert kinds(of(tmp_path / "text", b"hello\nworld\n")) == {"unknown-format": 1}
    assert kinds(of(tmp_path / "empty", b"")) == {"empty-file": 1}
    assert kinds(of(tmp_path / "blank", b"\n \n\n")) == {"empty-file": 1}
    assert kinds(of(tmp_path / "empty.gz", gzip.compress(b""))) == {"empty-file": 1}
    assert kinds(of(tmp_path / "list", f"[{FLOW}]".encode())) == {"json-array": 1}
    assert kinds(of(tmp_path / "flows.parquet", b"PAR1 and nothing")) == {"corrupt-file": 1}
    assert kinds(observe.read([tmp_path])) == {"directory": 1}


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Failing(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    found = observe.read(["-"], stdin=Failing())  # type: ignore[arg-type]
    assert found.troubles == (Trouble("-", 0, "unreadable", 1, "Input/output error"),)


def test_standard_input(tmp_path: Path):
    other = write(tmp_path / "more.json", FLOW)
    found = observe.read(["-", other], now=NOW, stdin=io.BytesIO(gzip.compress(FLOW.encode())))
    assert (brief(found), found.files) == ([SEEN[0].format(2)], 2)


def test_no_files_and_no_such_file(tmp_path: Path):
    with pytest.raises(NothingToCheckError):
        observe.read([])
    with pytest.raises(UsageError, match=r"there is no file .*gone\.json"):
        observe.read([tmp_path / "gone.json"])


def test_clocks_that_jump(tmp_path: Path):
    """Records with a time that cannot be are kept; their times are used where there are no others."""
    good = calico()
    future = calico(start_time=1900000000, end_time=1900000300)
    ancient = calico(start_time=0, end_time=10)
    backwards = calico(start_time=1787314300, end_time=1787314000)
    other = calico(dest_port=9090, start_time=1900000000, end_time=1900000300)
    found = read(tmp_path, good, future, ancient, backwards, other)
    assert kinds(found) == {"clock-jump": 4}
    assert [(item.port, item.count) for item in found.seen] == [(8080, 4 * 37), (9090, 37)]
    first, last = datetime.fromtimestamp(1787314000, UTC), datetime.fromtimestamp(1787314300, UTC)
    assert (found.seen[0].first, found.seen[0].last) == (first, last) == (found.first, found.last)
    assert found.seen[1].first == datetime.fromtimestamp(1900000000, UTC)


def test_records_that_are_years_apart(tmp_path: Path):
    early = calico(start_time=1787314000 - 3 * 365 * 86400, end_time=1787314300 - 3 * 365 * 86400)
    found = read(tmp_path, early, calico())
    assert [(item.kind, item.count) for item in found.troubles] == [("clock-jump", 1)]
    assert found.last is not None
    assert found.last - (found.first or found.last) > timedelta(days=1000)


def test_troubles_are_of_their_files(tmp_path: Path):
    one = write(tmp_path / "a.json", FLOW, "no")
    two = write(tmp_path / "b.json", "{", FLOW, "{")
    found = observe.read([two, one], now=NOW)
    assert [(Path(item.where).name, item.kind, item.line, item.count) for item in found.troubles] == [
        ("a.json", "not-json", 2, 1),
        ("b.json", "truncated-line", 1, 2),
    ]
    assert brief(found) == [SEEN[0].format(2)]
