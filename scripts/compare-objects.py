#!/usr/bin/env python3
"""Compares what two builds of eqc make of some 170 layers, to show that a
refactoring leaves the code as it is.

  scripts/compare-objects.py OLD_EQC NEW_EQC
  scripts/compare-objects.py OLD_EQC NEW_EQC dense workload     only these cases
  scripts/compare-objects.py OLD_EQC NEW_EQC --keep DIR         keep all objects
  scripts/compare-objects.py DIR/old NEW_EQC                    and use them again
  scripts/compare-objects.py OLD_EQC NEW_EQC --emit=linalg      text, not objects

The layers cover groups, plans, layouts, element types, fixed and dynamic n,
gradients, orders of 0, levels of x86-64 and AArch64, and the workloads of
benchmark/. Compared are the bytes of objects and headers, exit statuses and
messages. Where bytes differ, functions whose instructions differ are named.
The last lines give the time that each build took. Exits with 1 if anything
differs.
"""

import argparse
import collections
import concurrent.futures
import functools
import glob
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OBJDUMP = "/usr/lib/llvm-22/bin/llvm-objdump"

# name: fields. Each is compiled by every plan that may take it.
LAYERS = {
    "s22": "group=S; n=34; k=2; l=2; channels=16 -> 32; bias=true",
    "s22_tails": "group=S; n=13; k=2; l=2; channels=17 -> 33",
    "s22_dynamic": "group=S; n=?; k=2; l=2; channels=16 -> 16; bias=true",
    "s22_first": "group=S; n=13; k=2; l=2; channels=17 -> 5; "
                 "layout=channels_first",
    "s22_f64": "group=S; n=10; k=2; l=2; channels=8 -> 24; dtype=f64; "
               "normalize=mean",
    "s22_few": "group=S; n=12; k=2; l=2; channels=1 -> 1",
    "s22_list": 'group=S; n=6; k=2; l=2; channels=4 -> 20; '
                'diagrams=["o1 i1 | o2 i2", "o1 o2 | i1 i2", "o1 | o2 i1 i2"]',
    "s11": "group=S; n=100; k=1; l=1; channels=64 -> 64",
    "s11_f64_first": "group=S; n=64; k=1; l=1; channels=3 -> 40; dtype=f64; "
                     "layout=channels_first",
    "s12_dynamic": "group=S; n=?; k=1; l=2; channels=32 -> 32; normalize=mean",
    "s20": "group=S; n=40; k=2; l=0; channels=32 -> 17; bias=true",
    "s02": "group=S; n=30; k=0; l=2; channels=32 -> 16",
    "s00": "group=S; n=5; k=0; l=0; channels=7 -> 9; bias=true",
    "s33": "group=S; n=7; k=3; l=3; channels=5 -> 16",
    "s33_few": "group=S; n=5; k=3; l=3; channels=2 -> 3; dtype=f64",
    "s31_basis": "group=S; n=3; k=3; l=1; channels=16 -> 48; diagrams=basis",
    "s23_small": "group=S; n=2; k=2; l=3; channels=4 -> 4; bias=true",
    "s44": "group=S; n=4; k=4; l=4; channels=1 -> 1",
    "o11": "group=O; n=3; k=1; l=1; channels=33 -> 70",
    "o22": "group=O; n=3; k=2; l=2; channels=64 -> 64; bias=true",
    "o22_batch": "group=O; n=3; k=2; l=2; channels=48 -> 32; batch=1",
    "o22_dynamic": "group=O; n=?; k=2; l=2; channels=6 -> 20; "
                   "layout=channels_first",
    "o24_f64": "group=O; n=3; k=2; l=4; channels=16 -> 16; dtype=f64",
    "o33_basis": "group=O; n=2; k=3; l=3; channels=16 -> 16; diagrams=basis",
    "o02": "group=O; n=5; k=0; l=2; channels=12 -> 16; normalize=mean",
    "so12": "group=SO; n=3; k=1; l=2; channels=16 -> 16",
    "so33": "group=SO; n=3; k=3; l=3; channels=3 -> 17; normalize=mean",
    "so22_plane": "group=SO; n=2; k=2; l=2; channels=32 -> 8; bias=true; "
                  "layout=channels_first",
    "so41_f64": "group=SO; n=5; k=4; l=1; channels=2 -> 4; dtype=f64",
    "sp22": "group=Sp; n=4; k=2; l=2; channels=16 -> 32; bias=true",
    "sp13_dynamic": "group=Sp; n=?; k=1; l=3; channels=8 -> 16; "
                    "normalize=mean",
    "sp33": "group=Sp; n=2; k=3; l=3; channels=17 -> 16; dtype=f64",
}
# Too large as one matrix, or without a fixed size.
NOT_DENSE = {"s22", "s22_dynamic", "s12_dynamic", "s20", "s11", "s33", "s44",
             "o22_dynamic", "sp13_dynamic", "s22_tails"}
with open(ROOT + "/compiler/Plan/Plans.def") as plans_def:
    PLANS = ["auto"] + re.findall(r'^EQC_PLAN\(\w+, "(\w+)"', plans_def.read(),
                                  re.M)
# Each case takes the next: two thirds have gradients.
OPTIONS = (["--cpu=x86-64-v4", "--grad"], ["--cpu=x86-64-v3", "--no-grad"],
           ["--cpu=x86-64-v2", "--grad"], ["--cpu=x86-64-v4", "--no-grad"],
           ["--cpu=x86-64-v3", "--grad"], ["--cpu=x86-64-v4", "--grad"],
           ["--target=aarch64-linux-gnu", "--grad", "--no-threads"])

Case = collections.namedtuple("Case", "name source options")


def make_cases():
    cases = []
    for layer, fields in LAYERS.items():
        source = "layer %s { %s }\n" % (layer, fields)
        for plan in PLANS:
            if plan == "dense" and layer in NOT_DENSE:
                continue
            options = OPTIONS[len(cases) % len(OPTIONS)]
            machine = re.sub(r"--cpu=x86-64-|--target=|-linux-gnu", "",
                             options[0])
            grad = "" if "--no-grad" in options else ".grad"
            cases.append(Case("%s.%s.%s%s" % (layer, plan, machine, grad),
                              source, ["--plan=" + plan] + options))
    for path in sorted(glob.glob(ROOT + "/benchmark/workloads/*.eq")):
        with open(path) as file:
            source = file.read()
        name = "workload." + os.path.basename(path)[:-len(".eq")]
        cases.append(Case(name + ".v4.grad", source, ["--cpu=x86-64-v4"]))
        cases.append(Case(name + ".v3", source,
                          ["--cpu=x86-64-v3", "--no-grad"]))
    return cases


def compile_case(eqc, folder, emit, case):
    """Writes NAME.o, NAME.h and NAME.json. The source has the same name for
    both builds, since messages repeat it."""
    base = os.path.join(folder, case.name)
    command = [os.path.abspath(eqc), "compile", "-", "-o", base + ".o",
               "--emit=" + emit]
    with tempfile.TemporaryFile("w+") as source, \
            tempfile.TemporaryFile("w+") as messages:
        source.write(case.source)
        source.seek(0)
        process = subprocess.Popen(command + case.options, stdin=source,
                                   stdout=messages, stderr=messages)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        messages.seek(0)
        said = messages.read().replace(folder, "")
    with open(base + ".json", "w") as file:
        json.dump({"status": process.returncode, "said": said,
                   "seconds": usage.ru_utime}, file)


def contents(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def objdump(path, *options):
    return subprocess.run([OBJDUMP, *options, path], stdout=subprocess.PIPE,
                          text=True, check=True).stdout.splitlines()


def sections(path):
    """The bytes of each section, printed."""
    found = collections.defaultdict(list)
    name = None
    for line in objdump(path, "--full-contents"):
        if line.startswith("Contents of section "):
            name = line[len("Contents of section "):-1]
        found[name].append(line)
    return found


def functions(path):
    """The instructions of each function, without addresses."""
    found, name = {}, None
    for line in objdump(path, "--disassemble", "--reloc", "--no-show-raw-insn",
                        "--no-leading-addr", "--symbolize-operands"):
        head = re.match(r"(?:[0-9a-f]+ )?<(.+)>:$", line)
        if head and not re.fullmatch(r"L\d+", head.group(1)):
            name = head.group(1)
            found[name] = []
        elif name is not None and line.strip():
            # Of targets and of sections the name is enough; a comment and a
            # relocation have addresses.
            line = re.sub(r"\s+(#|//).*|0x[0-9a-f]+ (?=<)", "", line)
            line = re.sub(r"(adrp\s+\w+,).*", r"\1", line)
            line = re.sub(r"[0-9a-f]+:\s+(R_\w+\s+)", r"\1", line)
            line = re.sub(r"(R_\w+\s+\.[\w.]+)[+-]0x[0-9a-f]+", r"\1", line)
            found[name].append(line.strip())
    return found


def differing_lines(old, new):
    """The first of them."""
    lines = [contents(path).decode().splitlines() for path in (old, new)]
    for number, pair in enumerate(itertools.zip_longest(*lines), 1):
        if pair[0] != pair[1]:
            yield "line %d was %s" % (number, pair[0])
            yield "%sis %s" % (" " * len("line %d " % number), pair[1])
            return


def differing_sections(old, new):
    old, new = sections(old), sections(new)
    return [name for name in sorted(old.keys() | new.keys(), key=str)
            if name and old.get(name) != new.get(name)]


def differing_functions(old, new):
    old, new = functions(old), functions(new)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield name + ": is gone"
        elif name not in old:
            yield name + ": is new"
        elif old[name] != new[name]:
            yield "%s: %d instructions, were %d" % (
                name, len(new[name]), len(old[name]))


def differences(old, new, case):
    old, new = os.path.join(old, case.name), os.path.join(new, case.name)
    results = [json.loads(contents(base + ".json")) for base in (old, new)]
    for what in ("status", "said"):
        if results[0][what] != results[1][what]:
            yield "%s: %r, was %r" % (what, results[1][what], results[0][what])
    if contents(old + ".h") != contents(new + ".h"):
        yield "the header"
    if contents(old + ".o") != contents(new + ".o"):
        if results[0]["status"] or results[1]["status"]:
            return
        if not contents(new + ".o").startswith(b"\x7fELF"):
            yield from differing_lines(old + ".o", new + ".o")
            return
        named = list(differing_functions(old + ".o", new + ".o"))
        yield from named or ["no instruction of a function, but " + " ".join(
            differing_sections(old + ".o", new + ".o"))]


def make_all(eqc, folder, cases, jobs, emit):
    """Where the objects of a build lie; those of a folder are there already."""
    if os.path.isdir(eqc):
        for case in cases:
            if not os.path.exists(os.path.join(eqc, case.name + ".json")):
                sys.exit("%s has no %s: keep it anew" % (eqc, case.name))
        return os.path.abspath(eqc)
    if not os.access(eqc, os.X_OK):
        sys.exit("%s is neither an eqc nor a folder" % eqc)
    os.makedirs(folder, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(functools.partial(compile_case, eqc, folder, emit),
                      cases))
    return folder


def seconds(folder, cases):
    return sum(json.loads(contents(os.path.join(folder, case.name + ".json")))
               ["seconds"] for case in cases)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", help="an eqc, or a folder of kept objects")
    parser.add_argument("new")
    parser.add_argument("only", nargs="*", metavar="WORD",
                        help="cases whose names have one of these in them")
    parser.add_argument("--keep", metavar="DIR",
                        help="leave the objects in DIR/old and DIR/new")
    parser.add_argument("--emit", default="obj", metavar="KIND",
                        help="compare another form of the layers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="name the cases")
    args = parser.parse_args()
    cases = [case for case in make_cases()
             if not args.only or any(word in case.name for word in args.only)]
    if args.list:
        print("\n".join(case.name for case in cases))
        return 0
    if not cases:
        parser.error("no case has such a name; see --list")

    with tempfile.TemporaryDirectory() as temporary:
        base = os.path.abspath(args.keep or temporary)
        old, new = (
            make_all(eqc, os.path.join(base, name), cases, args.jobs, args.emit)
            for eqc, name in ((args.old, "old"), (args.new, "new")))
        differing = refused = 0
        for case in cases:
            found = list(differences(old, new, case))
            differing += bool(found)
            refused += not contents(os.path.join(new, case.name + ".o"))
            if found:
                print("%s (%s)" % (case.name, " ".join(case.options)))
                print("".join("  %s\n" % line for line in found), end="")
        print("%d of %d cases differ (%d are refused)"
              % (differing, len(cases), refused))
        print("old: %.1f s of user time, new: %.1f s"
              % (seconds(old, cases), seconds(new, cases)))
    return differing != 0


if __name__ == "__main__":
    sys.exit(main())
