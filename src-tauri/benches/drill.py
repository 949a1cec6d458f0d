"""The pages of the drill-downs, the actor's beside DuckDB's best layout of the same data, in turns.

Owns: the order of runs, the queries of the peer, the table. Never touches: the data (run.py makes the same), the repository's
own files but for the JSON that --out names. Started by `cargo xtask bench drill`, which builds the binaries first.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from run import environment, fresh, run

# One actor's page as ten questions, each answered for the rows of one actor.
PAGE = {
    "identity": "SELECT count(*), min(timestamp), max(timestamp), count(*) FILTER (outcome = 'failure') FROM {t} WHERE actor_email = ?",
    "heat map": "SELECT isodow(timestamp), hour(timestamp), count(*) FROM {t} WHERE actor_email = ? GROUP BY ALL",
    "verbs": "SELECT action, count(*), min(timestamp), max(timestamp) FROM {t} WHERE actor_email = ? GROUP BY ALL ORDER BY 2 DESC LIMIT 100",
    "addresses": "SELECT source_ip, count(*), min(timestamp), max(timestamp), list(DISTINCT country) FROM {t} WHERE actor_email = ? GROUP BY ALL ORDER BY 2 DESC LIMIT 100",
    "others": "SELECT source_ip, count(DISTINCT actor_email) FROM {t} WHERE source_ip IN (SELECT source_ip FROM {t} WHERE actor_email = ? "
    "GROUP BY ALL ORDER BY count(*) DESC LIMIT 100) GROUP BY ALL",
    "devices": "SELECT user_agent, count(*), min(timestamp), max(timestamp) FROM {t} WHERE actor_email = ? GROUP BY ALL ORDER BY 2 DESC LIMIT 100",
    "countries": "SELECT country, count(*), min(timestamp), max(timestamp) FROM {t} WHERE actor_email = ? GROUP BY ALL ORDER BY 2 DESC LIMIT 100",
    "sessions": "SELECT session_id, min(timestamp) AS first, max(timestamp), count(*) FROM {t} WHERE actor_email = ? GROUP BY ALL ORDER BY first DESC LIMIT 60",
    "records": "SELECT target_id, count(*), min(timestamp), max(timestamp) FROM {t} WHERE actor_email = ? GROUP BY ALL ORDER BY 2 DESC LIMIT 100",
    "failed verbs": "SELECT action, count(*) FROM {t} WHERE actor_email = ? AND outcome = 'failure' GROUP BY ALL ORDER BY 2 DESC LIMIT 20",
}


def connect(path):
    import duckdb

    con = duckdb.connect(str(path))
    con.execute("SET TimeZone='UTC'")
    return con


def layout(path):
    """The same events sorted by time and sorted by actor, repeating text as enums: whichever is faster counts."""
    con = connect(path)
    text = ["action", "outcome", "country", "user_agent", "source_ip", "actor_email"]
    for column in text:
        con.execute(f"CREATE TYPE {column}_t AS ENUM (SELECT DISTINCT {column} FROM events WHERE {column} IS NOT NULL ORDER BY 1)")
    cast = ", ".join(f"{c}::{c}_t AS {c}" for c in text)
    con.execute(f"CREATE TABLE by_time AS SELECT timestamp, session_id, target_id, {cast} FROM events ORDER BY timestamp")
    con.execute("CREATE TABLE by_actor AS SELECT * FROM by_time ORDER BY actor_email, timestamp")
    con.execute("CHECKPOINT")
    con.close()


def profile(path, actors, busiest):
    con = connect(path)
    out = {}
    for table in ("by_time", "by_actor"):
        for name, list_of in (("actor", actors), ("actor, the busiest", [busiest] * min(5, len(actors)))):
            times = []
            for actor in [list_of[0], *list_of]:
                begin = time.perf_counter()
                for question in PAGE.values():
                    con.execute(question.format(t=table), [actor]).fetchall()
                times.append((time.perf_counter() - begin) * 1000)
            # The first one loads what the others find in memory.
            times = sorted(times[1:])
            figures = {"p50": times[len(times) // 2], "p95": times[min(len(times) - 1, len(times) * 95 // 100)]}
            best = out.get(name)
            if best is None or figures["p50"] < best["p50"]:
                out[name] = {**figures, "table": table}
    print(json.dumps(out))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="folder of the release binaries")
    parser.add_argument("--folder", type=Path, required=True, help="folder for data and cases")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="ours and DuckDB in turns, so often")
    parser.add_argument("--times", type=int, default=40, help="repeats of each page")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    args = parser.parse_args()
    folder = args.folder / str(args.rows)
    folder.mkdir(parents=True, exist_ok=True)
    python = None if args.no_peers else environment(args.folder)
    cases = {}
    # A tenth of the events are errors, in a case of their own.
    for kind, rows in (("csv", args.rows), ("threats", max(args.rows // 10, 1))):
        data = folder / f"saas-{rows}.{kind}"
        if not data.exists():
            run([args.bin / "examples/make_export", kind, rows, data])
        cases[kind] = folder / f"drill-{kind}.wmcase"
        if not cases[kind].exists():
            run([args.bin / "witnessmark", "import", fresh(folder, cases[kind].name), data, "--json"])
    base = folder / "drill.duckdb"
    if python and not base.exists():
        run([python, Path(__file__).with_name("peers.py"), "load", "csv", folder / f"saas-{args.rows}.csv", base])
        run([python, __file__, "layout", base])
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(json.loads(run([args.bin / "examples/drill_times", cases["csv"], args.times, cases["threats"]])["out"]))
        if python:
            asked = folder / "drill-actors.json"
            asked.write_text(json.dumps({"actors": ours[-1]["actors"][: max(5, args.times // 2)], "busiest": ours[-1]["busiest"]}))
            theirs.append(json.loads(run([python, __file__, "profile", base, asked])["out"]))
    print(f"\ndrill-downs, {args.rows} rows, milliseconds p50 / p95 (medians of {args.rounds} rounds)")
    figures = {}
    for name in ours[0]["times"]:
        of = {what: statistics.median(o["times"][name][what] for o in ours) for what in ("p50", "p95", "first")}
        figures[name] = of
        line = f"  {name:32} {of['p50']:9.1f} / {of['p95']:9.1f}   first {of['first']:9.0f}"
        if theirs and name in theirs[0]:
            ratios = [t[name]["p50"] / o["times"][name]["p50"] for o, t in zip(ours, theirs)]
            of["duckdb_p50"] = statistics.median(t[name]["p50"] for t in theirs)
            of["ratio"] = statistics.median(ratios)
            line += f"   duckdb best {of['duckdb_p50']:7.0f} ({theirs[0][name]['table']})   1/{of['ratio']:.1f} [1/{max(ratios):.1f}-1/{min(ratios):.1f}]"
        print(line)
    resident = max(o["resident_mb"] for o in ours)
    print(f"  resident after all of it {resident} MB")
    if args.out:
        args.out.write_text(json.dumps({"rows": args.rows, "resident_mb": resident, "times": figures}, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["layout"]:
        layout(sys.argv[2])
    elif sys.argv[1:2] == ["profile"]:
        asked = json.loads(Path(sys.argv[3]).read_text())
        profile(sys.argv[2], asked["actors"], asked["busiest"])
    else:
        main()
