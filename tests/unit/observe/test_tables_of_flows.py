"""CSV and Parquet with a column map, and the same records through both engines and a plain loop."""

from __future__ import annotations

import csv
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from flow_lines import ARRIVING, NOW, brief, calico, endpoint, goldmane, hubble, kinds, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence import observe
from ringfence.errors import UsageError
from ringfence.observe import Observations, extras

MAP = {"source_workload": "src", "destination_workload": "dst", "protocol": "proto", "verdict": "what", "time": "at"}
ROWS = """src,dst,proto,port,what,at
web,api,tcp,443,allow,2026-01-01T00:00:00+01:00
web,api,TCP,443,ACCEPT,1767222000
web,"a
pi",6,443,drop,1767222000000
"""


def table(path: Path, text: str = ROWS, columns: dict[str, str] | None = None) -> Observations:
    path.write_text(text)
    return observe.read([path], columns=columns or MAP, now=NOW)


def test_csv_with_a_map(tmp_path: Path):
    found = table(tmp_path / "flows.csv")
    assert brief(found) == ["web > a\npi 443/TCP denied 1", "web > api 443/TCP allowed 2"]
    assert {item.first for item in found.seen} == {datetime(2025, 12, 31, 23, tzinfo=UTC)}
    assert (found.records, found.troubles) == (3, ())


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(delimiter: str, tmp_path: Path):
    assert len(table(tmp_path / "flows.txt", ROWS.replace(",", delimiter)).seen) == 2


def test_parquet_with_its_own_types(tmp_path: Path):
    path = tmp_path / "flows[1].parquet"
    rows = "('web', ['a.example.com'], 443::USMALLINT, now()), ('web', NULL, 53, NULL)"
    duckdb.sql(f"SELECT * FROM (VALUES {rows}) t(w, n, p, t)").write_parquet(str(path))  # noqa: S608
    columns = {"source_workload": "w", "destination_names": "n", "port": "p", "time": "t", "verdict": "=allowed"}
    found = observe.read([path], columns={**columns, "protocol": "=TCP", "destination_entity": "=world"})
    assert brief(found) == ["web > world:a.example.com 443/TCP allowed 1"]
    assert kinds(found) == {"no-time": 1}


def test_columns_with_our_names_need_no_map(tmp_path: Path):
    header = (
        "source_namespace,source_pod,source_labels,destination_address,protocol,port,verdict,first,last,count,reply"
    )
    text = f"{header}\nshop,web-0,app=web|tier=front,10.0.0.1,UDP,53,audited,1767222000,1767222060,12,false\n"
    found = table(tmp_path / "flows.csv", text + text.split("\n")[1].replace("false", "true") + "\n", {})
    (seen,) = found.seen
    assert seen.source == observe.Side("shop", pod="web-0", labels=(("app", "web"), ("tier", "front")))
    assert (seen.destination.address, seen.count, seen.verdict) == ("10.0.0.1", 12, "audited")
    assert seen.last - seen.first == timedelta(minutes=1)
    assert (found.records, found.troubles) == (2, ())


def test_rows_that_say_nothing(tmp_path: Path):
    more = ["web,api,tcp,443", "web,api,tcp,x,allow,1", "web,api,tcp,1,maybe,1", "web,api,tcp,1,allow,x"]
    found = table(tmp_path / "flows.csv", ROWS + "\n".join([*more, ",api,tcp,1,allow,1767222000", ""]))
    assert kinds(found) == {"bad-row": 1, "bad-port": 1, "unknown-version": 1, "no-ends": 1, "no-time": 1}
    assert len(found.seen) == 2


def test_a_quote_that_never_ends(tmp_path: Path):
    found = table(tmp_path / "flows.csv", ROWS + 'web,"api,tcp,1,allow,1\n' + "web,api,tcp,1,allow,1\n" * 300_000)
    assert set(kinds(found)) <= {"corrupt-file", "bad-row"}
    assert found.troubles


def test_columns_that_are_missing(tmp_path: Path):
    found = table(tmp_path / "flows.csv", columns={"source_workload": "source"})
    assert [(item.kind, item.example.split(" not among")[0]) for item in found.troubles] == [
        ("missing-columns", "source_workload, destination_workload, protocol, verdict, time")
    ]


def test_a_map_of_what_no_column_can_be(tmp_path: Path):
    with pytest.raises(UsageError, match="names 'source_ns'") as raised:
        table(tmp_path / "flows.csv", columns={"source_ns": "src"})
    assert raised.value.hint == "did you mean source_names?"


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def refuse(name: str, package: str | None = None) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(UsageError) as raised:
        table(tmp_path / "flows.csv")
    assert raised.value.hint == "pip install 'ringfence[learn]'"
    with pytest.raises(UsageError) as raised:
        extras.needed("pyspark")
    assert raised.value.hint == "pip install 'ringfence[spark]'"


def test_engines_are_imported_when_they_are_needed():
    engines = ("duckdb", "ibis", "numpy", "pandas", "pyarrow", "pyspark")
    code = f"import sys, ringfence.observe; print([name for name in {engines} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_many_addresses_become_networks(tmp_path: Path):
    header = "destination_workload,source_address,source_entity,protocol,port,verdict,time\n"
    lines = [f"api,10.{n // 256}.{n % 256}.7,world,TCP,443,allow,1767222000\n" for n in range(2000)]
    few = [f"api,192.0.2.{n},world,TCP,80,allow,1767222000\n" for n in range(200)]
    random.Random(7).shuffle(lines)  # noqa: S311
    found = table(tmp_path / "flows.csv", header + "".join(lines + few), {})
    assert kinds(found) == {"many-addresses": 1}
    folded = [item for item in found.seen if item.port == 443]
    assert [item.source.address for item in folded] == [f"10.{n}.0.0/16" for n in range(8)]
    assert sum(item.count for item in folded) == 2000
    assert len(found.seen) == 208


WORKLOADS = ["web", "api", "db", "cron"]
TIMES = st.integers(min_value=1_780_000_000, max_value=1_780_000_900)
RECORD = st.tuples(
    st.sampled_from(WORKLOADS),
    st.sampled_from(WORKLOADS),
    st.sampled_from(["TCP", "UDP"]),
    st.sampled_from([53, 443]),
    st.sampled_from(["allowed", "denied"]),
    st.sampled_from(["source", "destination"]),
    TIMES,
    st.integers(min_value=1, max_value=9),
)
Record = tuple[str, str, str, int, str, str, int, int]


def looped(records: Iterable[Record]) -> list[tuple[Any, ...]]:
    """What was seen, by a loop that shares nothing with the engines."""
    found: dict[tuple[Any, ...], dict[tuple[str, str], list[int]]] = {}
    for source, destination, protocol, port, verdict, reporter, at, count in records:
        tally = found.setdefault((source, destination, protocol, port), {}).setdefault((verdict, reporter), [0, at, at])
        tally[0] += count
        tally[1], tally[2] = min(tally[1], at), max(tally[2], at)
    rows = []
    for key, tallies in found.items():
        denied = [tallies[name] for name in tallies if name[0] == "denied"]
        allowed = [tallies[name] for name in tallies if name[0] == "allowed"]
        if ("denied", "destination") in tallies:
            allowed = [tallies["allowed", "destination"]] if ("allowed", "destination") in tallies else []
        for verdict, of, count in (("denied", denied, sum), ("allowed", allowed, max)):
            if of:
                rows.append((*key, verdict, min(t[1] for t in of), max(t[2] for t in of), count(t[0] for t in of)))
    return sorted(rows)


def rows_of(found: Observations) -> list[tuple[Any, ...]]:
    return sorted(
        (
            item.source.workload,
            item.destination.workload,
            item.protocol,
            item.port,
            item.verdict,
            int(item.first.timestamp()),
            int(item.last.timestamp()),
            item.count,
        )
        for item in found.seen
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORD, min_size=1, max_size=60), st.integers(min_value=1, max_value=3))
def test_the_engine_agrees_with_a_loop(tmp_path: Path, records: list[Record], files: int):
    names = ("source_workload", "destination_workload", "protocol", "port", "verdict", "reporter", "time", "count")
    paths = []
    for number in range(files):
        part = records[number::files]
        if part:
            paths.append(tmp_path / f"{number}.csv")
            with paths[-1].open("w", newline="") as stream:
                csv.writer(stream).writerows([names, *part])
    found = observe.read(paths, now=NOW)
    assert rows_of(found) == looped(records)
    assert (found.records, found.troubles) == (len(records), ())


def mixed(seed: int, count: int) -> list[str]:
    """Lines of all formats, good and bad."""
    chance = random.Random(seed)  # noqa: S311
    lines = []
    for _ in range(count):
        one, other = chance.sample(WORKLOADS, 2)
        when = f"2026-08-21T12:{chance.randrange(60):02}:18.510175415Z"
        port = chance.choice([80, 443, 50051])
        verdict = chance.choice(["FORWARDED"] * 5 + ["DROPPED", "AUDIT", "ERROR", "SHINY"])
        l4 = {"TCP": {"source_port": chance.choice([80, 44916]), "destination_port": port, "flags": {"ACK": True}}}
        reply = chance.choice([False, False, False, True, None])
        ends = {"source": endpoint(one), "destination": endpoint(other, workload=False)}
        flow = hubble(**ends, verdict=verdict, is_reply=reply, l4=l4, time=when)
        arrived = {**flow, **ARRIVING, "source": endpoint(one, workload=False), "destination": endpoint(other)}
        net = {"dest_type": "net", "dest_name_aggr": chance.choice(["pub", "pvt"]), "dest_namespace": "-"}
        record = chance.choice([flow, arrived, {"flow": arrived}, calico(), calico(**net), goldmane()])
        lines.append(chance.choice([json.dumps(record)] * 12 + ['{"flow": {', "", "text", '{"a": "ü"}']))
    return lines


@pytest.fixture(scope="module")
def spark() -> Any:
    """Nothing, where Spark cannot run: the test is skipped with the reason."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not installed")
    pytest.importorskip("pyspark")
    with pytest.MonkeyPatch.context() as patch:
        # Compiling Java would take longer than so few records.
        conf = {
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
        }
        options = " ".join(f"--conf {name}={value}" for name, value in conf.items())
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[2] {options} pyspark-shell")
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        interrupted = signal.getsignal(signal.SIGINT)
        yield
    # Spark takes Ctrl-C for itself and leaves its Java behind: other tests of this process have use for both
    from pyspark import SparkContext

    signal.signal(signal.SIGINT, interrupted)
    gateway: Any = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(60)
        SparkContext._gateway = SparkContext._jvm = None


@pytest.mark.usefixtures("spark")
@pytest.mark.filterwarnings("ignore")
def test_both_engines_say_the_same(tmp_path: Path):
    lines = write(tmp_path / "flows.json", *mixed(11, 600))
    rows = tmp_path / "flows.csv"
    rows.write_text(ROWS + "web,api\nweb,api,tcp,x,allow,1\nweb,api,17,53,deny,2026-08-21 12:00:00.25\n")
    parquet = tmp_path / "flows.parquet"
    typed = (
        "SELECT 'web' AS src, 'db' AS dst, 'TCP' AS proto, p AS port, 'allow' AS what, t AS at FROM (VALUES {}) v(p, t)"
    )
    duckdb.sql(typed.format("(443, TIMESTAMP '2026-08-21 12:00:00.123456'), (99999, NULL)")).write_parquet(str(parquet))
    found = [observe.read([lines, rows, parquet], columns=MAP, now=NOW, engine=name) for name in ("duckdb", "spark")]
    assert found[0] == found[1]
    assert len(found[0].seen) > 20
    assert len(found[0].troubles) > 8


def test_spark_without_java_says_so(tmp_path: Path):
    pytest.importorskip("pyspark", reason="the extra for Spark is not installed")
    (tmp_path / "flows.csv").write_text(ROWS)
    code = f"from ringfence.observe import read; read([{str(tmp_path / 'flows.csv')!r}], engine='spark')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "JAVA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ringfence.errors.UsageError: Spark does not start: a Java runtime is needed")
