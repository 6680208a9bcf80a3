#!/usr/bin/env python3
"""Runs the suite: eqc's kernels beside what else computes the same layers.

  benchmark/run.py ign-social tiny           some workloads, as a table
  benchmark/run.py --all --json all.json     all, saved as they are measured
  benchmark/run.py --all --json all.json --resume
                                             those that are missing there
  benchmark/run.py kwl-3 --json all.json     one of them again
  benchmark/run.py --from-json all.json --docs docs/benchmarks
                                             written as Markdown and SVG

Each workload has a process of its own, in which everything is checked against
eqc's result and then timed in turns. scripts/setup-python.sh installs the
peers; those that are missing are left out and named.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from eqcbench import results, suite  # noqa: E402  (finds its package first)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIPPED = 77


def use_own_python():
    """The peers live in .venv; go there unless told to stay."""
    python = os.path.join(ROOT, ".venv", "bin", "python")
    inside = os.path.realpath(sys.prefix) == os.path.realpath(
        os.path.join(ROOT, ".venv"))
    if os.path.exists(python) and not inside:
        os.execv(python, [python, *sys.argv])


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="WORKLOAD")
    parser.add_argument("--all", action="store_true",
                        help="all workloads and growth curves")
    parser.add_argument("--list", action="store_true",
                        help="name the workloads and curves")
    parser.add_argument("--curves", action="store_true",
                        help="the growth curves")
    parser.add_argument("--threads", default="1", metavar="N,..",
                        help="numbers of threads (default 1; 'all' for all)")
    parser.add_argument("--docs", metavar="DIR",
                        help="write Markdown and SVG plots there")
    parser.add_argument("--json", metavar="PATH",
                        help="save the results of every workload there, in "
                        "place\nof its earlier ones; others stay")
    parser.add_argument("--resume", action="store_true",
                        help="leave out what PATH has, measured in this way")
    parser.add_argument("--from-json", metavar="PATH",
                        help="measure nothing, report earlier results")
    parser.add_argument("--peers", metavar="NAME,..",
                        help="only these baselines")
    parser.add_argument("--main-only", action="store_true",
                        help="only the cases that figures are asked of")
    parser.add_argument("--layers", metavar="NAME,..",
                        help="only the cases of these layers")
    parser.add_argument("--backward", action="store_true",
                        help="forward and backward together too, for the\n"
                        "cases that figures are asked of")
    parser.add_argument("--quick", action="store_true",
                        help="fewer and shorter turns")
    parser.add_argument("--eqc", metavar="PATH", default=os.path.join(
        ROOT, "build", "bin", "eqc"), help="the compiler to measure")
    parser.add_argument("--self-test", action="store_true",
                        help=argparse.SUPPRESS)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def settings_of(arguments):
    quick = arguments.quick
    return {"rounds": 3 if quick else 9, "turn": 0.02 if quick else 0.1,
            "warm": 0.05 if quick else 0.5, "limit": 0.1 if quick else 0.5,
            "peers": arguments.peers.split(",") if arguments.peers else None,
            "main_only": arguments.main_only, "quick": quick,
            "backward": arguments.backward}


def all_cpus():
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
            else os.cpu_count())


def run_worker(arguments):
    """In the process of one workload: results go to standard output, what
    peers print elsewhere."""
    from eqcbench import layer, worker
    out = os.dup(1)
    os.dup2(2, 1)
    start = time.perf_counter()
    description, sources = suite.load(arguments.worker)
    layers = arguments.layers and arguments.layers.split(",")
    chosen = [case for case in description["cases"]
              if (not arguments.main_only or case.get("main"))
              and (not layers or case["layer"] in layers)]
    try:
        cases = worker.run_workload(arguments.eqc, chosen, sources,
                                    int(arguments.threads),
                                    settings_of(arguments))
        result = {**description, "cases": cases}
    except Exception as why:
        traceback.print_exc()
        result = {"error": layer.first_line(f"{type(why).__name__}: {why}")}
    with os.fdopen(out, "w") as file:
        json.dump({**result, "seconds": time.perf_counter() - start}, file)


def run_workload(arguments, name, threads):
    """Its results, or an "error" instead of "cases"."""
    from eqcbench.worker import environment
    command = [sys.executable, os.path.abspath(__file__), "--worker", name,
               "--threads", str(threads), "--eqc", arguments.eqc]
    command += ["--quick"] * arguments.quick
    command += ["--main-only"] * arguments.main_only
    command += ["--backward"] * arguments.backward
    for option in ("peers", "layers"):
        if getattr(arguments, option):
            command += [f"--{option}", getattr(arguments, option)]
    done = subprocess.run(command, env=environment(threads),
                          stdout=subprocess.PIPE, text=True)
    if done.returncode < 0:
        return {"error": f"ended by signal {-done.returncode}"}
    if done.returncode > 0:
        return {"error": f"ended with status {done.returncode}"}
    return json.loads(done.stdout)


def run_suite(arguments, names, threads, found):
    """Measures into `found`; returns whether all went well."""
    # A run that is ended takes the process of its workload along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    settings, well = settings_of(arguments), True
    settings = {key: settings[key] for key in results.SETTINGS}
    for name in names:
        for count in threads:
            title = f"{name}, {count} thread{'s' if count > 1 else ''}"
            if arguments.resume and found.has(name, count, settings):
                print(f"{title}: measured before", file=sys.stderr)
                continue
            print(f"{title} ..", file=sys.stderr, flush=True)
            result = run_workload(arguments, name, count)
            found.put({"name": name, **result, "threads": count, **settings})
            if "error" in result:
                print(f"{title}: {result['error']}", file=sys.stderr)
                well = False
    return well


def main():
    arguments = parse_arguments()
    arguments.eqc = os.path.abspath(arguments.eqc)
    if arguments.list:
        print("\n".join(suite.ORDER + list(suite.CURVES)))
        return 0
    use_own_python()
    if arguments.self_test:
        try:
            import numpy  # noqa: F401
        except ImportError:
            print("numpy is not installed")
            return SKIPPED
        from eqcbench import selftest
        selftest.run(arguments.eqc)
        return 0
    try:
        from eqcbench import machine, report
    except ImportError as why:
        print(f"run.py: {why}; run scripts/setup-python.sh first",
              file=sys.stderr)
        return 1
    if arguments.worker:
        run_worker(arguments)
        return 0

    well = True
    if arguments.from_json:
        try:
            document = results.load(arguments.from_json)
        except (OSError, ValueError) as why:
            print(f"run.py: '{arguments.from_json}' cannot be read: {why}",
                  file=sys.stderr)
            return 1
    else:
        names = list(arguments.names)
        names += suite.ORDER if arguments.all else []
        names += list(suite.CURVES) if arguments.all or arguments.curves else []
        unknown = [n for n in names if n not in suite.ORDER + list(
            suite.CURVES)]
        if unknown or not names:
            print("run.py: " + (f"no workload '{unknown[0]}'; " if unknown
                                else "which workloads? ") +
                  "--list names them", file=sys.stderr)
            return 2
        if not os.path.exists(arguments.eqc):
            print(f"run.py: no compiler at '{arguments.eqc}'; build it, or "
                  "give --eqc", file=sys.stderr)
            return 1
        if arguments.resume and not arguments.json:
            print("run.py: --resume needs --json PATH", file=sys.stderr)
            return 2
        threads = sorted({all_cpus() if t == "all" else int(t)
                          for t in arguments.threads.split(",")})
        try:
            found = results.Results(machine.describe(), arguments.json)
        except (OSError, ValueError) as why:
            print(f"run.py: '{arguments.json}' cannot be added to: {why}",
                  file=sys.stderr)
            return 1
        well = run_suite(arguments, names, threads, found)
        document = found.document()
    if arguments.docs:
        report.write(document, arguments.docs)
    else:
        print(report.markdown(document))
    return 0 if well and not results.failures(document) else 1


if __name__ == "__main__":
    sys.exit(main())
