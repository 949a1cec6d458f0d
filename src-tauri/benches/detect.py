#!/usr/bin/env python3
"""Times the review of a case: built-in detections over many events, and Sigma rules over JSON events beside pySigma's
SQLite backend in the same run.

    python3 src-tauri/benches/detect.py --bin target/release --folder target/bench [--rows 10000000] [--events 1000000]

Needs `make_export` and `witnessmark` in --bin (`cargo xtask bench` builds them). The peer is measured where the packages
pysigma and pysigma-backend-sqlite are installed; otherwise it is left out and said so.
"""
import argparse
import json
import os
import random
import resource
import sqlite3
import subprocess
import time

ACTIONS = ["org.add_member", "repo.destroy", "repo.access", "git.clone", "org.disable_saml", "hook.create", "user.login", "team.add_member"]


def run(command):
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return time.monotonic() - begin, done.stdout


def peak():
    """Peak resident memory of the largest child so far, MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def built_in(args):
    export, case = f"{args.folder}/detect.csv", f"{args.folder}/detect.wmcase"
    if not os.path.exists(case):
        subprocess.run([f"{args.bin}/make_export", "csv", str(args.rows), export], check=True)
        subprocess.run([f"{args.bin}/witnessmark", "import", case, export, "--json"], check=True, stdout=subprocess.DEVNULL)
        os.remove(export)
    # A process of its own, so that the import's memory is not counted.
    code = f"import resource,subprocess,time;b=time.monotonic();subprocess.run({[args.bin + '/witnessmark', 'detect', case, '--json']!r},stdout=subprocess.DEVNULL);print(time.monotonic()-b,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)"
    wall, memory = subprocess.run(["python3", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    print(f"built-in detections, {args.rows:,} events: {float(wall):.1f} s, {memory} MB at most")


def event(n, dice):
    return {"@timestamp": 1_700_000_000_000 + n * 1000, "_document_id": f"d{n}", "action": dice.choice(ACTIONS), "actor": f"user{dice.randrange(500)}", "org": "acme",
            "repo": f"acme/r{dice.randrange(300)}", "actor_ip": f"203.0.113.{dice.randrange(256)}", "operation_type": "modify", "data": {"old": "a" * 40, "new": "b" * 40, "n": n}}


def rules(folder, many):
    os.makedirs(folder, exist_ok=True)
    for n in range(many):
        test = [f"    action: 'x{n}.create'", f"    action|contains: '{n}zz'", f"    actor|startswith: 'admin{n}'\n    action: repo.destroy", f"    data.new|endswith: 'q{n}'"][n % 4]
        if n == 0:
            test = "    action: repo.destroy"
        with open(f"{folder}/r{n}.yml", "w", encoding="utf-8") as out:
            out.write(f"title: r{n}\nid: 00000000-0000-4000-8000-{n:012d}\nstatus: test\nlogsource:\n  product: github\n  service: audit\ndetection:\n  selection:\n{test}\n  condition: selection\nlevel: low\n")


def sigma(args):
    dice = random.Random(1)
    log, case, folder = f"{args.folder}/sigma.ndjson", f"{args.folder}/sigma.wmcase", f"{args.folder}/rules"
    rules(folder, args.rules)
    with open(log, "w", encoding="utf-8") as out:
        for n in range(args.events):
            out.write(json.dumps(event(n, dice)) + "\n")
    if not os.path.exists(case):
        subprocess.run([f"{args.bin}/witnessmark", "import", case, log, "--json"], check=True, stdout=subprocess.DEVNULL)
    without, _ = run([f"{args.bin}/witnessmark", "detect", case, "--json", "--what-if", "impossible_travel.km=500"])
    wall, out = run([f"{args.bin}/witnessmark", "detect", case, "--json", "--rules", folder])
    report = json.loads(out)
    ours = max(wall - without, 1e-9)
    found = sum(len(f["events"]) for f in report["findings"] if f["detection"].startswith("sigma:"))
    print(f"{report['rules_run']} rules over {args.events:,} JSON events: {wall:.1f} s in all, {ours:.1f} s for rules, {args.events / ours:,.0f} events/s, {found:,} matches, {peak()} MB at most")
    try:
        from sigma.backends.sqlite import sqliteBackend
        from sigma.collection import SigmaCollection
    except ImportError:
        print("pySigma's SQLite backend is not installed: no ratio")
        return
    begin = time.monotonic()
    db = sqlite3.connect(":memory:")
    columns = ["action", "actor", "org", "repo", "actor_ip", "operation_type", "data.old", "data.new", "data.n"]
    db.execute("CREATE TABLE logs (" + ",".join(f'"{c}" TEXT COLLATE NOCASE' for c in columns) + ")")
    with open(log, encoding="utf-8") as lines:
        flat = ([e["action"], e["actor"], e["org"], e["repo"], e["actor_ip"], e["operation_type"], *e["data"].values()] for e in map(json.loads, lines))
        db.executemany("INSERT INTO logs VALUES (" + ",".join("?" * len(columns)) + ")", flat)
    loaded = time.monotonic()
    theirs = 0
    for name in sorted(os.listdir(folder)):
        with open(f"{folder}/{name}", encoding="utf-8") as text:
            for query in sqliteBackend().convert(SigmaCollection.from_yaml(text.read())):
                theirs += len(db.execute(query.replace("<TABLE_NAME>", "logs")).fetchall())
    queried = time.monotonic() - loaded
    print(f"pySigma's SQLite backend: {loaded - begin:.1f} s to load, {queried:.1f} s for queries, {theirs:,} matches; ratio {queried / ours:.1f} (queries), {(queried + loaded - begin) / ours:.1f} (with loading)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=300)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    built_in(args)
    sigma(args)


main()
