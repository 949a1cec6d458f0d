"""Times the review of a case: built-in detections over many events, and Sigma rules over JSON events, the latter in turns
with pySigma's SQLite backend, which is also how Zircolite works (events flattened into a table in memory, one query a rule).

Owns: the data (made anew by a seed), the order of runs, the table. Never touches: the repository's own files but for the
JSON that --out names. Started by `cargo xtask bench detect`, which builds the binaries first.

    cargo xtask bench detect                        # 1 M events, 300 rules over 1 M JSON events
    cargo xtask bench detect --rows 10000000        # 10 M events
    cargo xtask bench detect --only builtin         # without the rules; `sigma` without the detections
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

PEERS = ["pysigma==2.0.1", "pysigma-backend-sqlite==2.1.1"]
ACTIONS = ["org.add_member", "repo.destroy", "repo.access", "git.clone", "org.disable_saml", "hook.create", "user.login", "team.add_member"]


def measure(command):
    """One process: wall seconds, processor seconds, peak megabytes, what it printed. Exit code 1 means findings."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        sys.exit(f"{command} ended with {code}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024, "out": out}


def spread(values):
    return f"{statistics.median(values):.2f} [{min(values):.2f}-{max(values):.2f}]"


def load():
    return f"load {os.getloadavg()[0]:.1f}"


def anew(folder, turn):
    """A rule for a log that no case has. What a case keeps of a review is kept by its rules too, so that another rule makes
    it look anew; this one costs nothing, because it does not run."""
    path = folder / "anew.yml"
    path.write_text(f"title: nothing {turn}\nid: 00000000-0000-4000-9000-{turn:012d}\nlogsource: {{product: no_such_product}}\ndetection: {{s: {{a: b}}, condition: s}}\n")
    return path


def made(args, case, log, make):
    """Imports a log into a case unless that was done before."""
    if case.exists():
        return
    make()
    got = measure([args.bin / "witnessmark", "import", case, log, "--json"])
    print(f"  imported in {got['wall']:.1f} s, {got['mb']:.0f} MB")


def built_in(args, folder):
    case, log = folder / f"detect-{args.rows}.wmcase", folder / f"detect-{args.rows}.csv"
    made(args, case, log, lambda: measure([args.bin / "examples/make_export", "csv", args.rows, log]))
    log.unlink(missing_ok=True)
    runs = []
    for turn in range(args.rounds):
        runs.append(measure([args.bin / "witnessmark", "detect", case, "--json", "--rules", anew(folder, turn + int(time.time()))]))
        report = json.loads(runs[-1]["out"])
        print(f"  {runs[-1]['wall']:.1f} s wall, {runs[-1]['cpu']:.1f} s cpu, {runs[-1]['mb']:.0f} MB, {len(report['findings']):,} findings in {report['events']:,} events, {load()}")
    print(f"built-in detections, {args.rows:,} events: wall {spread([r['wall'] for r in runs])} s, cpu {spread([r['cpu'] for r in runs])} s, {max(r['mb'] for r in runs):.0f} MB at most")
    return {"rows": args.rows, "wall_s": statistics.median(r["wall"] for r in runs), "cpu_s": statistics.median(r["cpu"] for r in runs), "peak_mb": max(r["mb"] for r in runs)}


def event(n, dice):
    return {"@timestamp": 1_700_000_000_000 + n * 1000, "_document_id": f"d{n}", "action": dice.choice(ACTIONS), "actor": f"user{dice.randrange(500)}", "org": "acme",
            "repo": f"acme/r{dice.randrange(300)}", "actor_ip": f"203.0.113.{dice.randrange(256)}", "operation_type": "modify", "data": {"old": "a" * 40, "new": "b" * 40, "n": n}}


def events(path, many):
    dice = random.Random(1)
    with open(path, "w", encoding="utf-8") as out:
        for n in range(many):
            out.write(json.dumps(event(n, dice)) + "\n")


def rules(folder, many):
    """Rules of the shapes that SigmaHQ's have: one value, part of a value, two fields, an end, several values, a pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yml"):
        old.unlink()
    for n in range(many):
        tests = [f"    action: 'x{n}.create'", f"    action|contains: '{n}zz'", f"    actor|startswith: 'admin{n}'\n    action: repo.destroy", f"    data.new|endswith: 'q{n}'",
                 f"    action:\n      - 'a{n}'\n      - 'b{n}'\n      - 'c{n}'", f"    repo|re: '^acme/x{n}[0-9]+$'"]
        test = tests[n % len(tests)] if n else "    action: repo.destroy"
        text = f"title: r{n}\nid: 00000000-0000-4000-8000-{n:012d}\nstatus: test\nlogsource:\n  product: github\n  service: audit\ndetection:\n  selection:\n{test}\n  condition: selection\nlevel: low\n"
        (folder / f"r{n}.yml").write_text(text, encoding="utf-8")


def peer(args):
    """The same rules by pySigma's SQLite backend, in a process of its own."""
    import re
    import sqlite3

    from sigma.backends.sqlite import sqliteBackend
    from sigma.collection import SigmaCollection

    texts = [path.read_text(encoding="utf-8") for path in sorted(args.rule_folder.glob("*.yml"))]
    backend = sqliteBackend()
    begin = time.perf_counter()
    queries = [query for text in texts for query in backend.convert(SigmaCollection.from_yaml(text))]
    converted = time.perf_counter()
    db = sqlite3.connect(":memory:")
    db.create_function("REGEXP", 2, lambda pattern, value: value is not None and re.search(pattern, value) is not None, deterministic=True)
    columns = ["action", "actor", "org", "repo", "actor_ip", "operation_type", "data.old", "data.new", "data.n"]
    db.execute("CREATE TABLE logs (" + ",".join(f'"{c}" TEXT COLLATE NOCASE' for c in columns) + ")")
    with open(args.log, encoding="utf-8") as lines:
        flat = ([e["action"], e["actor"], e["org"], e["repo"], e["actor_ip"], e["operation_type"], *e["data"].values()] for e in map(json.loads, lines))
        db.executemany("INSERT INTO logs VALUES (" + ",".join("?" * len(columns)) + ")", flat)
    loaded = time.perf_counter()
    found = sum(len(db.execute(query.replace("<TABLE_NAME>", "logs")).fetchall()) for query in queries)
    print(json.dumps({"convert": converted - begin, "load": loaded - converted, "query": time.perf_counter() - loaded, "found": found}))


def peers(folder):
    """A virtual environment with the peer, or nothing where it cannot be had."""
    python = folder / "venv-sigma/bin/python"
    if python.exists():
        return python
    try:
        subprocess.check_call([sys.executable, "-m", "venv", str(folder / "venv-sigma")])
        subprocess.check_call([str(python), "-m", "pip", "install", "--quiet", *PEERS])
    except subprocess.CalledProcessError:
        return None
    return python


def sigma(args, folder):
    case, log, rule_folder = folder / f"sigma-{args.events}.wmcase", folder / f"sigma-{args.events}.ndjson", folder / f"rules-{args.rules}"
    rules(rule_folder, args.rules)
    if not log.exists():
        events(log, args.events)
    made(args, case, log, lambda: None)
    python = None if args.no_peers else peers(args.folder)
    plain, ours, theirs = [], [], []
    for turn in range(args.rounds):
        rule = anew(folder, turn + int(time.time()))
        plain.append(measure([args.bin / "witnessmark", "detect", case, "--json", "--rules", rule]))
        ours.append(measure([args.bin / "witnessmark", "detect", case, "--json", "--rules", rule_folder, "--rules", rule]))
        report = json.loads(ours[-1]["out"])
        found = sum(len(f["events"]) + f["left_out"] for f in report["findings"] if f["detection"].startswith("sigma:"))
        line = f"  {ours[-1]['wall']:.2f} s with rules, {plain[-1]['wall']:.2f} s without, {ours[-1]['cpu']:.1f} s cpu, {ours[-1]['mb']:.0f} MB, {report['rules_run']} rules ran, {found:,} matches"
        if python:
            got = measure([python, __file__, "--peer", "--log", log, "--rule-folder", rule_folder])
            theirs.append({**json.loads(got["out"]), "wall": got["wall"], "mb": got["mb"]})
            line += f"; SQLite {theirs[-1]['load']:.1f} s load, {theirs[-1]['query']:.1f} s query, {theirs[-1]['mb']:.0f} MB, {theirs[-1]['found']:,} matches"
            if theirs[-1]["found"] != found:
                sys.exit(f"{line}\nthe two found different numbers of events")
        print(f"{line}, {load()}")
    alone = [max(o["wall"] - p["wall"], 0.001) for o, p in zip(ours, plain)]
    result = {"events": args.events, "rules": args.rules, "wall_s": statistics.median(o["wall"] for o in ours), "rules_s": statistics.median(alone), "peak_mb": max(o["mb"] for o in ours)}
    print(f"{args.rules} rules over {args.events:,} JSON events: {spread([o['wall'] for o in ours])} s in all, {spread(alone)} s for the rules, {args.events / statistics.median(alone):,.0f} events/s, {args.events / result['wall_s']:,.0f} events/s in all")
    if theirs:
        result["ratio_queries"] = statistics.median(t["query"] / a for t, a in zip(theirs, alone))
        result["ratio_all"] = statistics.median((t["load"] + t["query"]) / o["wall"] for t, o in zip(theirs, ours))
        print(f"SQLite backend: queries {spread([t['query'] / a for t, a in zip(theirs, alone)])} times as long as the rules alone; loading and queries {spread([(t['load'] + t['query']) / o['wall'] for t, o in zip(theirs, ours)])} times as long as all of ours")
    else:
        print("pySigma's SQLite backend is not there: no ratio")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, help="folder of the release binaries")
    parser.add_argument("--folder", type=Path, help="folder for data and cases")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rules", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", nargs="+", choices=["builtin", "sigma"], default=["builtin", "sigma"])
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rule-folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        peer(args)
        return
    if not args.bin or not args.folder:
        parser.error("--bin and --folder are needed; `cargo xtask bench detect` gives them")
    folder = args.folder / "detect"
    folder.mkdir(parents=True, exist_ok=True)
    figures = {}
    if "builtin" in args.only:
        figures["builtin"] = built_in(args, folder)
    if "sigma" in args.only:
        figures["sigma"] = sigma(args, folder)
    if args.out:
        args.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
