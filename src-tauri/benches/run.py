"""Runs the benchmarks: import and lens, interleaved with the peers, as ratios.

Owns: the data (made anew by a seed), the order of runs, the table. Never touches: the repository's own files but for
the JSON that --out names. Started by `cargo xtask bench`, which builds the binaries first.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path


def run(command):
    """One process: wall seconds, processor seconds, peak megabytes."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE)
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
        subprocess.check_call([str(python), "-m", "pip", "install", "--quiet", "duckdb==2.0.0", "pytz"])
    return python


def spread(values):
    return f"{statistics.median(values):.2f} [{min(values):.2f}-{max(values):.2f}]"


def imports(args, folder, python, kind, data):
    case, base = folder / f"{kind}.wmcase", folder / f"{kind}.duckdb"
    ours, theirs = [], []
    for _ in range(args.rounds):
        for path in list(folder.glob(f"{kind}.wmcase*")) + list(folder.glob(f"{kind}.duckdb*")):
            path.unlink()
        ours.append(run([args.bin / "witnessmark", "import", case, data, "--json"]))
        if python:
            theirs.append(run([python, Path(__file__).with_name("peers.py"), "load", kind, data, base]))
    size, source = case.stat().st_size, data.stat().st_size
    result = {
        "rows": args.rows,
        "wall_s": statistics.median(o["wall"] for o in ours),
        "cpu_s": statistics.median(o["cpu"] for o in ours),
        "peak_mb": max(o["mb"] for o in ours),
        "events_per_s": args.rows / statistics.median(o["wall"] for o in ours),
        "size_ratio": size / source,
    }
    print(f"\nimport {kind}, {args.rows} rows, {source / 1e6:.0f} MB")
    print(f"  witnessmark  wall {result['wall_s']:.2f} s  cpu {result['cpu_s']:.2f} s  peak {result['peak_mb']:.0f} MB  "
          f"{result['events_per_s']:.0f} events/s  case {result['size_ratio']:.3f} of the source")
    if theirs:
        ratios = [o["wall"] / t["wall"] for o, t in zip(ours, theirs)]
        result["wall_ratio_duckdb"] = statistics.median(ratios)
        result["cpu_ratio_duckdb"] = statistics.median(o["cpu"] / t["cpu"] for o, t in zip(ours, theirs))
        result["duckdb_peak_mb"] = max(t["mb"] for t in theirs)
        print(f"  duckdb       wall {statistics.median(t['wall'] for t in theirs):.2f} s  cpu {statistics.median(t['cpu'] for t in theirs):.2f} s  "
              f"peak {result['duckdb_peak_mb']:.0f} MB")
        print(f"  ratio        wall {spread(ratios)}  cpu {result['cpu_ratio_duckdb']:.2f}")
    return result


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="folder of the release binaries")
    parser.add_argument("--folder", type=Path, required=True, help="folder for data and cases")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="imports of each, interleaved")
    parser.add_argument("--times", type=int, default=50, help="repeats of each query")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json-rows", type=int, help="rows of the NDJSON import; a fifth of --rows if not given")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    args = parser.parse_args()
    folder = args.folder / str(args.rows)
    folder.mkdir(parents=True, exist_ok=True)
    python = None if args.no_peers else environment(args.folder)
    figures = {}
    for kind in ("csv", "ndjson"):
        rows = args.rows if kind == "csv" else args.json_rows or args.rows // 5
        data = folder / f"saas-{rows}.{kind}"
        if not data.exists():
            run([args.bin / "examples/make_export", kind, rows, data])
        part = argparse.Namespace(**{**vars(args), "rows": rows})
        figures[f"import {kind}"] = imports(part, folder, python, kind, data)
    figures["lens"] = lens(args, folder, python)
    if args.out:
        args.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
