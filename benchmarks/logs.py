"""How fast flow logs are aggregated, and in how much memory: `make bench-logs`, or with the number of records.

    python benchmarks/logs.py [--records 20000000] [--form parquet|csv|hubble] [--folder DIR]

The log is made by DuckDB: 300 workloads with 2,000 pods and 3,000 connections between them, each seen at both ends, and
a hundredth of the records from addresses outside. It is deleted afterwards.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from ringfence import observe

PER_FILE = 10_000_000

PODS = """
SELECT i AS pod, i % 300 AS workload, format('ns-{}', i % 300 % 40) AS namespace, format('app-{}', i % 300) AS name,
    format('app-{}-{}-{}', i % 300, substr(md5((i % 300)::VARCHAR), 1, 9), substr(md5(i::VARCHAR), 1, 5)) AS pod_name
FROM range(2000) r(i)
"""
RECORDS = """
SELECT r.i, r.i % 100 = 7 AS outside, s.namespace AS source_namespace, s.name AS source_workload,
    s.pod_name AS source_pod, d.namespace AS destination_namespace, d.name AS destination_workload,
    d.pod_name AS destination_pod, CASE WHEN r.i % 50 = 3 THEN 'UDP' ELSE 'TCP' END AS protocol,
    (ARRAY[443, 8080, 5432, 6379, 53])[1 + edge % 5] AS port,
    CASE WHEN r.i % 1000 = 11 THEN 'DROPPED' ELSE 'FORWARDED' END AS verdict,
    CASE WHEN r.i % 2 = 0 THEN 'source' ELSE 'destination' END AS reporter,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_microseconds(r.i * 700) AS time,
    format('198.51.{}.{}', r.i // 100 % 4, r.i // 500 % 250) AS address
FROM (SELECT i, (hash(i // 2) % 3000)::BIGINT AS edge FROM range(FIRST, LAST) t(i)) r
JOIN pods s ON s.pod = edge % 300 + 300 * (hash(r.i // 2 + 1) % 6)::BIGINT
JOIN pods d ON d.pod = (edge * 7 + 1) % 300 + 300 * (hash(r.i // 2 + 2) % 6)::BIGINT
"""
COLUMNS = """
SELECT CASE WHEN NOT outside THEN source_namespace END AS source_namespace,
    CASE WHEN NOT outside THEN source_workload END AS source_workload,
    CASE WHEN NOT outside THEN source_pod END AS source_pod, CASE WHEN outside THEN address END AS source_address,
    destination_namespace, destination_workload, destination_pod, protocol, port, verdict, reporter, time
FROM (RECORDS)
"""
HUBBLE = """
SELECT to_json({
    flow: {
        time: strftime(time, '%Y-%m-%dT%H:%M:%S.%fZ'), uuid: md5(i::VARCHAR), verdict: verdict,
        ethernet: {source: '02:42:ac:11:00:02', destination: '02:42:ac:11:00:03'},
        IP: {source: '10.244.1.60', destination: '10.244.1.5', ipVersion: 'IPv4'},
        l4: {TCP: {source_port: 32768 + i % 28000, destination_port: port, flags: {SYN: true}}},
        source: {
            ID: 1, identity: 7, namespace: source_namespace,
            labels: ['k8s:app=' || source_workload, 'k8s:io.kubernetes.pod.namespace=' || source_namespace],
            pod_name: source_pod, workloads: [{name: source_workload, kind: 'Deployment'}]
        },
        destination: {
            ID: 2, identity: 8, namespace: destination_namespace,
            labels: ['k8s:app=' || destination_workload, 'k8s:io.kubernetes.pod.namespace=' || destination_namespace],
            pod_name: destination_pod, workloads: [{name: destination_workload, kind: 'Deployment'}]
        },
        "Type": 'L3_L4', node_name: 'node-1', event_type: {type: 4, sub_type: 3},
        traffic_direction: CASE WHEN reporter = 'source' THEN 'EGRESS' ELSE 'INGRESS' END,
        trace_observation_point: 'TO_STACK', is_reply: false, "Summary": 'TCP Flags: SYN'
    },
    node_name: 'node-1', time: strftime(time, '%Y-%m-%dT%H:%M:%S.%fZ')
})::VARCHAR AS line
FROM (RECORDS)
"""
FORMS = {
    "parquet": ("flows-{}.parquet", COLUMNS, "FORMAT parquet"),
    "csv": ("flows-{}.csv", COLUMNS, "FORMAT csv"),
    "csv.gz": ("flows-{}.csv.gz", COLUMNS, "FORMAT csv, COMPRESSION gzip"),
    "hubble": ("flows-{}.json", HUBBLE, "FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x01'"),
    "hubble.gz": ("flows-{}.json.gz", HUBBLE, "FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x01', COMPRESSION gzip"),
}


def make(folder: Path, records: int, form: str) -> list[Path]:
    """Write a log of so many records in some files."""
    name, select, options = FORMS[form]
    connection = duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": "false"})
    connection.execute(f"CREATE TABLE pods AS {PODS}")
    files = []
    for first in range(0, records, PER_FILE):
        path = folder / name.format(first // PER_FILE)
        inner = RECORDS.replace("FIRST", str(first)).replace("LAST", str(min(records, first + PER_FILE)))
        connection.execute(f"COPY ({select.replace('RECORDS', inner)}) TO '{path}' ({options})")
        files.append(path)
    connection.close()
    return files


def measure(files: list[Path], engine: str, memory: str) -> None:
    """Read the log, and print what that took."""
    begin, used = time.perf_counter(), time.process_time()
    found = observe.read(files, engine=engine, memory=memory)  # type: ignore[arg-type]
    wall, processor = time.perf_counter() - begin, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {found.records:,} records, {len(found.seen):,} different connections, {len(found.troubles)} troubles")
    print(f"  {wall:.1f} s, {processor:.1f} s of processors: {found.records / wall:,.0f} records a second")
    print(f"  {peak:,.0f} MB at most")


def main() -> None:
    """Make a log, and read it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000_000)
    parser.add_argument("--form", choices=sorted(FORMS), default="parquet")
    parser.add_argument("--engine", choices=["duckdb", "spark"], default="duckdb")
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ringfence-bench-", dir=arguments.folder))
    try:
        files = make(folder, arguments.records, arguments.form)
        size = sum(path.stat().st_size for path in files) / 1e6
        print(f"{arguments.records:,} records of {arguments.form} in {len(files)} files of {size:,.0f} MB", flush=True)
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=measure, args=(files, arguments.engine, arguments.memory))
        process.start()
        process.join()
        sys.exit(process.exitcode)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
