"""Runs the benchmarks: import and lens, interleaved with the peers, as ratios.

Owns: the data (made anew by a seed), the order of runs, the table. Never touches: the repository's own files but for
the JSON that --out names. Started by `cargo xtask bench`, which builds the binaries first.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from handover import handover


def run(command, **environment):
    """One process: wall seconds, processor seconds, peak megabytes."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, env={**os.environ, **environment})
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return {
        "wall": time.perf_counter() - begin,
        "cpu": usage.ru_utime + usage.ru_stime,
        "mb": usage.ru_maxrss / 1024,
        "out": out,
    }


def environment(folder):
    python = folder / "venv/bin/python"
    if not python.exists():
        subprocess.check_call([sys.executable, "-m", "venv", str(folder / "venv")])
        subprocess.check_call([str(python), "-m", "pip", "install", "--quiet", "duckdb==2.0.0", "pytz", "sqlite-utils"])
    return python


def spread(values):
    return f"{statistics.median(values):.2f} [{min(values):.2f}-{max(values):.2f}]"


def fresh(folder, name):
    """A path where nothing is."""
    for path in folder.glob(f"{name}*"):
        path.unlink()
    return folder / name


def ratio(ours, theirs, what):
    """Median and spread of the ratios of runs that stood beside each other."""
    return spread([o[what] / t[what] for o, t in zip(ours, theirs)])


def imports(args, folder, python, kind, data):
    """Ours and DuckDB in turns."""
    ours, theirs = [], []
    for _ in range(args.rounds):
        case = fresh(folder, f"{kind}.wmcase")
        ours.append(run([args.bin / "witnessmark", "import", case, data, "--json"]))
        if python:
            base = fresh(folder, f"{kind}.duckdb")
            theirs.append(run([python, Path(__file__).with_name("peers.py"), "load", kind, data, base]))
    size, source = case.stat().st_size, data.stat().st_size
    result = {
        "rows": args.rows,
        "wall_s": statistics.median(o["wall"] for o in ours),
        "cpu_s": statistics.median(o["cpu"] for o in ours),
        "peak_mb": max(o["mb"] for o in ours),
        "events_per_s": args.rows / statistics.median(o["wall"] for o in ours),
        "busy_cores": statistics.median(o["cpu"] / o["wall"] for o in ours),
        "size_ratio": size / source,
    }
    print(f"\nimport {kind}, {args.rows} rows, {source / 1e6:.0f} MB")
    print(f"  witnessmark  wall {result['wall_s']:.2f} s  cpu {result['cpu_s']:.2f} s  peak {result['peak_mb']:.0f} MB  "
          f"{result['events_per_s']:.0f} events/s  case {result['size_ratio']:.3f} of the source  {result['busy_cores']:.2f} cores busy")
    if theirs:
        result["wall_ratio_duckdb"] = statistics.median(o["wall"] / t["wall"] for o, t in zip(ours, theirs))
        result["cpu_ratio_duckdb"] = statistics.median(o["cpu"] / t["cpu"] for o, t in zip(ours, theirs))
        result["duckdb_peak_mb"] = max(t["mb"] for t in theirs)
        print(f"  duckdb       wall {statistics.median(t['wall'] for t in theirs):.2f} s  cpu {statistics.median(t['cpu'] for t in theirs):.2f} s  "
              f"peak {result['duckdb_peak_mb']:.0f} MB")
        print(f"  ratio        wall {ratio(ours, theirs, 'wall')}  cpu {ratio(ours, theirs, 'cpu')}")
    return result


def other_peers(args, folder, python, data):
    """The shell of SQLite and sqlite-utils on the same CSV, once each: they are slower by so much that one run tells."""
    ours = run([args.bin / "witnessmark", "import", fresh(folder, "peer.wmcase"), data, "--json"])
    base = fresh(folder, "peer.sqlite3")
    script = folder / "import.sql"
    script.write_text(f".mode csv\n.import '{data}' events\n")
    peers = {"sqlite3 .import": ["sqlite3", base, f".read {script}"]}
    if args.rows <= 1_000_000:
        tool = python.with_name("sqlite-utils")
        peers["sqlite-utils insert --csv"] = [tool, "insert", fresh(folder, "utils.sqlite3"), "events", data, "--csv", "--silent"]
    result = {}
    for name, command in peers.items():
        theirs = run(command)
        result[name] = {"wall": ours["wall"] / theirs["wall"], "cpu": ours["cpu"] / theirs["cpu"]}
        print(f"  beside {name:26} wall {result[name]['wall']:.2f}  cpu {result[name]['cpu']:.2f} of theirs")
    return result


def against_ourselves(args, folder, kind, data, twice):
    """What encryption costs, and what twice the rows cost, in turns with the plain import."""
    plain, secret, double = [], [], []
    command = [args.bin / "witnessmark", "import"]
    for _ in range(args.rounds):
        plain.append(run([*command, fresh(folder, "plain.wmcase"), data, "--json"]))
        secret.append(run([*command, fresh(folder, "secret.wmcase"), data, "--json"], WITNESSMARK_PASSPHRASE="correct horse battery staple"))
        double.append(run([*command, fresh(folder, "double.wmcase"), twice, "--json"]))
    print(f"  encrypted    wall {ratio(secret, plain, 'wall')}  cpu {ratio(secret, plain, 'cpu')} of plain")
    print(f"  twice {kind:6} wall {ratio(double, plain, 'wall')}  cpu {ratio(double, plain, 'cpu')} of once")
    return {
        "encrypted_wall": statistics.median(s["wall"] / p["wall"] for s, p in zip(secret, plain)),
        "twice_wall": statistics.median(d["wall"] / p["wall"] for d, p in zip(double, plain)),
        "twice_cpu": statistics.median(d["cpu"] / p["cpu"] for d, p in zip(double, plain)),
    }


def lens(args, folder, python):
    case, base = folder / "csv.wmcase", folder / "csv.duckdb"
    ours = json.loads(run([args.bin / "examples/lens_times", case, args.times])["out"])
    result = {"witnessmark": ours}
    if python:
        run([python, Path(__file__).with_name("peers.py"), "layout", base])
        result["duckdb"] = json.loads(run([python, Path(__file__).with_name("peers.py"), "queries", base, max(3, args.times // 5)])["out"])
    print(f"\nlens, {args.rows} rows, milliseconds p50 / p95")
    for name, t in ours["times"].items():
        line = f"  {name:34} {t['p50']:9.2f} / {t['p95']:9.2f}"
        peers = [result["duckdb"][k][name] for k in ("events", "best") if name in result.get("duckdb", {}).get(k, {})]
        if peers:
            best = min(p["p50"] for p in peers)
            line += f"   duckdb best {best:9.2f}   ratio 1/{best / max(t['p50'], 0.001):.1f}"
        print(line)
    print(f"  resident after all of it {ours['resident_mb']} MB")
    return result


def text(args, folder, figures):
    """Text search against ripgrep over the same originals, both from the page cache."""
    rg = shutil.which("rg")
    if not rg:
        print("\ntext: rg is not installed, so the search has no peer here (Debian: ripgrep)")
        return None
    data = folder / f"saas-{args.rows}.csv"
    needles = {
        "text in 2 % of the originals": 'reason given: ""quarterly review',
        "text in one session": "sess_9e3779b97f4a",
        "text that is nowhere": "no such text in here",
    }
    result = {}
    print(f"\ntext, {args.rows} rows, milliseconds")
    for name, needle in needles.items():
        walls = []
        for _ in range(5):
            begin = time.perf_counter()
            subprocess.run([rg, "--count", "--ignore-case", "--fixed-strings", needle, str(data)], stdout=subprocess.DEVNULL)
            walls.append((time.perf_counter() - begin) * 1000)
        peer = statistics.median(walls)
        ours = figures["witnessmark"]["times"][name]
        result[name] = {"rg_ms": peer, "ratio": ours["p50"] / peer}
        first = f"first hit {ours['first']:.0f}" if ours.get("first") else "no hit"
        print(f"  {name:34} {ours['p50']:9.0f}   rg {peer:9.0f}   ratio {ours['p50'] / peer:.2f}   {first}")
    return result


def forty(args, folder):
    """The rows of the CSV in forty files of forty imports: what many sources cost."""
    data, case = folder / f"saas-{args.rows}.csv", folder / "forty.wmcase"
    for path in folder.glob("forty.wmcase*"):
        path.unlink()
    with open(data, "rb") as lines:
        header = lines.readline()
        share = -(-args.rows // 40)
        for part in range(40):
            piece = folder / "piece.csv"
            with open(piece, "wb") as out:
                out.write(header)
                out.writelines(itertools.islice(lines, share))
            run([args.bin / "witnessmark", "import", case, piece, "--json"])
    ours = json.loads(run([args.bin / "examples/lens_times", case, args.times])["out"])
    print(f"\nlens after forty imports, {args.rows} rows, milliseconds p50 / p95")
    for name, t in ours["times"].items():
        print(f"  {name:34} {t['p50']:9.2f} / {t['p95']:9.2f}")
    return ours


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="folder of the release binaries")
    parser.add_argument("--folder", type=Path, required=True, help="folder for data and cases")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="imports of each, interleaved")
    parser.add_argument("--times", type=int, default=50, help="repeats of each query")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json-rows", type=int, help="rows of the JSON imports; a fifth of --rows if not given")
    parts = ["csv", "ndjson", "records", "peers", "ourselves", "lens", "handover"]
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="these parts; lens looks at the case that csv made")
    parser.add_argument("--forty", action="store_true", help="also the same rows in forty imports")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    args = parser.parse_args()
    folder = args.folder / str(args.rows)
    folder.mkdir(parents=True, exist_ok=True)
    python = None if args.no_peers else environment(args.folder)
    figures = {}

    def made(kind, rows):
        data = folder / f"saas-{rows}.{kind}"
        if not data.exists():
            run([args.bin / "examples/make_export", kind, rows, data])
        return data

    json_rows = args.json_rows or args.rows // 5
    for kind, rows in (("csv", args.rows), ("ndjson", json_rows), ("records", json_rows)):
        if kind in args.only:
            part = argparse.Namespace(**{**vars(args), "rows": rows})
            figures[f"import {kind}"] = imports(part, folder, python, kind, made(kind, rows))
    if python and "peers" in args.only:
        figures["peers"] = other_peers(args, folder, python, made("csv", args.rows))
    if "ourselves" in args.only:
        figures["ourselves"] = against_ourselves(args, folder, "csv", made("csv", args.rows), made("csv", args.rows * 2))
    if "lens" in args.only:
        figures["lens"] = lens(args, folder, python)
        figures["text"] = text(args, folder, figures["lens"])
        if args.forty:
            figures["forty"] = forty(args, folder)
    if "handover" in args.only:
        figures["handover"] = handover(args, folder, run, spread)
    if args.out:
        args.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
