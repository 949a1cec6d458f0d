"""The same work in DuckDB, for run.py. Owns nothing of ours; each call is one process so that its memory can be read."""

import json
import os
import sys
import time

import duckdb

FACETS = ["action", "outcome", "country", "user_agent", "source_ip", "actor_email"]
FILTERS = {
    "10 %": "country = 'PH'",
    "47 %": "action IN ('user.login', 'payment.viewed')",
    "94 %": "outcome = 'success'",
}


def connect(path):
    con = duckdb.connect(path)
    con.execute("SET TimeZone='UTC'")
    return con


def load(kind, source, path):
    con = connect(path)
    if kind == "records":
        # One object, which DuckDB must be allowed to hold whole, and every field of every record.
        size = os.path.getsize(source) + 1024
        con.execute(f"CREATE TABLE events AS SELECT unnest(Records, recursive := true) FROM read_json_auto(?, maximum_object_size = {size})", [source])
    else:
        reader = {"csv": "read_csv_auto", "ndjson": "read_json_auto"}[kind]
        con.execute(f"CREATE TABLE events AS SELECT * FROM {reader}(?)", [source])
    con.execute("CHECKPOINT")
    con.close()


def layout(path):
    """DuckDB's own best layout: enums for what repeats, sorted by time."""
    con = connect(path)
    for column in FACETS:
        con.execute(f"CREATE TYPE {column}_t AS ENUM (SELECT DISTINCT {column} FROM events WHERE {column} IS NOT NULL ORDER BY 1)")
    cast = ", ".join(f"{c}::{c}_t AS {c}" for c in FACETS)
    con.execute(f"CREATE TABLE best AS SELECT timestamp, session_id, target_id, details, {cast} FROM events ORDER BY timestamp")
    con.execute("CHECKPOINT")
    con.close()


def timed(con, sql, rounds):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        con.execute(sql).fetchall()
        times.append((time.perf_counter() - begin) * 1000)
    times.sort()
    return {"p50": times[len(times) // 2], "p95": times[min(len(times) - 1, len(times) * 95 // 100)]}


def queries(path, rounds):
    con = connect(path)
    out = {}
    for table in ("events", "best"):
        t = {}
        t["page, three filters"] = timed(
            con,
            f"SELECT * FROM {table} WHERE outcome = 'failure' AND country = 'PH' AND action = 'user.login' ORDER BY timestamp DESC LIMIT 100",
            rounds,
        )
        for name, where in FILTERS.items():
            begin = []
            for _ in range(rounds):
                start = time.perf_counter()
                for column in FACETS:
                    con.execute(f"SELECT {column}, count(*) AS n FROM {table} WHERE {where} GROUP BY 1 ORDER BY n DESC LIMIT 20").fetchall()
                begin.append((time.perf_counter() - start) * 1000)
            begin.sort()
            t[f"six facets, {name}"] = {"p50": begin[len(begin) // 2], "p95": begin[min(len(begin) - 1, len(begin) * 95 // 100)]}
        low, high = con.execute(f"SELECT min(timestamp), max(timestamp) FROM {table}").fetchone()
        width = (high - low).total_seconds() / 200 or 1
        # The native type, without a cast: the cast costs several times the histogram.
        bucket = f"time_bucket(INTERVAL '{max(1, int(width))} seconds', timestamp)"
        t["histogram, 200 bins, all"] = timed(con, f"SELECT {bucket} AS b, count(*) FROM {table} GROUP BY 1 ORDER BY 1", rounds)
        t["histogram, 200 bins, 10 %"] = timed(
            con, f"SELECT {bucket} AS b, count(*) FROM {table} WHERE {FILTERS['10 %']} GROUP BY 1 ORDER BY 1", rounds
        )
        t["text, rare"] = timed(con, f"SELECT count(*) FROM {table} WHERE details ILIKE '%quarterly review%'", max(3, rounds // 3))
        out[table] = t
    print(json.dumps(out))


if __name__ == "__main__":
    if sys.argv[1] == "load":
        load(sys.argv[2], sys.argv[3], sys.argv[4])
    elif sys.argv[1] == "layout":
        layout(sys.argv[2])
    else:
        queries(sys.argv[2], int(sys.argv[3]))
