"""Times a pull from a server on this machine beside a loop of curl and jq over the same pages.

Owns: the server (pages made once, held in memory), the order of runs, the table. Never touches: the repository's files.
Started by hand after `cargo xtask bench` has built the release binaries:
`python3 src-tauri/benches/pull.py --bin target/release --folder target/bench`. curl and jq must be installed.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BEGIN = 1_793_491_200_000
LOOP = r"""
url="$1/orgs/octo-org/audit-log?after=0"
while [ -n "$url" ]; do
  curl -s -D "$2/head" -H "Authorization: Bearer $3" "$url" | jq -c '.[] | {t: ."@timestamp", id: ._document_id, action, actor, ip: .actor_ip, org}'
  url=$(sed -nE 's/^[Ll]ink: <([^>]*)>.*/\1/p' "$2/head" | tr -d '\r')
  if [ -n "$url" ]; then url="$1$url"; fi
done
"""


def entry(number):
    return {
        "@timestamp": BEGIN + number * 50, "_document_id": f"doc{number:08}", "action": ["repo.create", "org.update_member", "team.add_member"][number % 3],
        "actor": f"user{number * 7919 % 500}", "actor_id": number * 7919 % 500, "actor_ip": f"203.0.113.{number % 250}", "org": "octo-org", "org_id": 17,
        "created_at": BEGIN + number * 50, "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
        "repo": f"octo-org/repo{number % 900}", "operation_type": "modify", "actor_location": {"country_code": "PH"},
    }


def server(entries, page):
    pages = [json.dumps([entry(n) for n in range(at, min(at + page, entries))]).encode() for at in range(0, entries, page)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            at = int(self.path.rpartition("after=")[2]) if "after=" in self.path else 0
            body = pages[at]
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            if at + 1 < len(pages):
                self.send_header("link", f'</orgs/octo-org/audit-log?after={at + 1}>; rel="next"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(json.dumps({"base": f"http://127.0.0.1:{made.server_port}", "size": sum(len(p) for p in pages)}), flush=True)
    # It ends with whoever started it.
    threading.Thread(target=made.serve_forever, daemon=True).start()
    sys.stdin.read()


def started(entries, page):
    """The server in a process of its own. Linux counts what a process held before it became another program to its peak, so pages
    held by whoever starts the programs would be counted as theirs."""
    process = subprocess.Popen([sys.executable, __file__, "--serve", f"{entries},{page}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    told = json.loads(process.stdout.readline())
    return process, told["base"], told["size"]


def run(command, keep=False, **more):
    """One process: wall seconds, peak megabytes, lines that it printed, and what it printed where that is to be kept."""
    begin = time.perf_counter()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, **more)
    out, lines = b"", 0
    while piece := process.stdout.read(1 << 16):
        lines += piece.count(b"\n")
        # Half a million lines would make this process large, and be counted as the peak of whatever it starts next.
        out = out + piece if keep else b""
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return {"wall": time.perf_counter() - begin, "mb": usage.ru_maxrss / 1024, "lines": lines, "out": out}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--entries", type=int, default=500_000)
    parser.add_argument("--page", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if args.serve:
        return server(*map(int, args.serve.split(",")))
    if not (args.bin and args.folder):
        parser.error("--bin and --folder are needed")
    args.folder.mkdir(parents=True, exist_ok=True)
    logs, base, size = started(args.entries, args.page)
    case, secret = args.folder / "pull.wmcase", "tok_0123456789"
    ours, theirs = [], []
    for _ in range(args.rounds):
        for path in args.folder.glob("pull.wmcase*"):
            path.unlink()
        ours.append(run(
            [args.bin / "witnessmark", "pull", case, "github-organization", "--set", "organization=octo-org",
             "--base", base, "--allow-private", "--since", "2026-10-01", "--json"],
            keep=True, env={**os.environ, "WITNESSMARK_SECRET": secret},
        ))
        stored = json.loads(ours[-1]["out"])["streams"][0]["stored"]
        if stored != args.entries:
            sys.exit(f"{stored} entries were stored, not {args.entries}")
        theirs.append(run(["bash", "-c", LOOP, "loop", base, args.folder, secret]))
        lines = theirs[-1]["lines"]
        if lines != args.entries:
            sys.exit(f"the loop gave {lines} entries, not {args.entries}")
    logs.stdin.close()
    logs.wait()
    ratios = [o["wall"] / t["wall"] for o, t in zip(ours, theirs)]
    print(f"pull of {args.entries} entries in pages of {args.page}, {size / 1e6:.0f} MB")
    print(f"  witnessmark  {args.entries / statistics.median(o['wall'] for o in ours):.0f} entries/s  peak {max(o['mb'] for o in ours):.0f} MB")
    print(f"  this script  peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, less than which no program it starts can show")
    print(f"  curl and jq  {args.entries / statistics.median(t['wall'] for t in theirs):.0f} entries/s")
    print(f"  ratio of wall times {statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]")


main()
