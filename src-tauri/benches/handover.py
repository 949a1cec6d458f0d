"""Handing over: a package of every event with report and proofs, its check beside sha256sum, and what encryption costs.

Owns: the order of runs and the table. Never touches: the data (run.py makes it). Started by run.py.
"""

import os
import shutil


def tree(folder):
    return [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]


def handover(args, folder, run, spread):
    case, package = folder / "csv.wmcase", folder / "package"
    command = args.bin / "witnessmark"
    written, checked, sums = [], [], []
    for _ in range(args.rounds):
        shutil.rmtree(package, ignore_errors=True)
        written.append(run([command, "package", case, package, "--json"]))
        files = tree(package)
        # Both read the same bytes, which the system holds in memory by then.
        sums.append(run(["sha256sum", *files]))
        checked.append(run([command, "verify", package, "--json"]))
    size = sum(os.path.getsize(f) for f in tree(package))
    ratios = [c["wall"] / s["wall"] for c, s in zip(checked, sums)]
    result = {
        "package_wall_s": min(w["wall"] for w in written),
        "package_peak_mb": max(w["mb"] for w in written),
        "package_mb": size / 1e6,
        "verify_ratio_sha256sum": sorted(ratios)[len(ratios) // 2],
        "verify_peak_mb": max(c["mb"] for c in checked),
    }
    print(f"\npackage of {args.rows} events: {result['package_wall_s']:.1f} s, peak {result['package_peak_mb']:.0f} MB, "
          f"{result['package_mb']:.0f} MB on disk")
    print(f"verify of it: {spread(ratios)} of sha256sum over the same files, peak {result['verify_peak_mb']:.0f} MB")
    shutil.rmtree(package, ignore_errors=True)
    return result | encryption(args, folder, run, spread)


def encryption(args, folder, run, spread):
    data = folder / f"saas-{args.rows}.csv"
    command = args.bin / "witnessmark"
    ratios, queries = [], []
    for _ in range(args.rounds):
        times = {}
        for name, word in (("plain", ""), ("sealed", "a passphrase for the benchmark")):
            case = folder / f"{name}.wmcase"
            for path in folder.glob(f"{name}.wmcase*"):
                path.unlink()
            os.environ["WITNESSMARK_PASSPHRASE"] = word
            took = run([command, "import", case, data, "--json"])["wall"]
            asked = run([command, "facets", case, "action:user.login", "--by", "user.email,source.ip", "--json"])["wall"]
            times[name] = (took, asked)
        ratios.append(times["sealed"][0] / times["plain"][0])
        queries.append(times["sealed"][1] / times["plain"][1])
    os.environ.pop("WITNESSMARK_PASSPHRASE", None)
    for path in list(folder.glob("plain.wmcase*")) + list(folder.glob("sealed.wmcase*")):
        path.unlink()
    print(f"encryption: import {spread(ratios)} of the time without, opening and one query {spread(queries)}")
    return {"encrypted_import_ratio": sorted(ratios)[len(ratios) // 2], "encrypted_query_ratio": sorted(queries)[len(queries) // 2]}
