"""One cell of the grid test: generates a file of layers, compiles it for one
plan and one CPU, looks at what the object and the library ask for, and holds
every layer against the oracle.

Every third layer is compiled as it is shipped. What LLVM's optimisations make of the others,
which stand between them on the same axes of the grid, would be known from these, and takes
three quarters of the time to compile: they are compiled without."""

import argparse
import os
import re
import subprocess
import sys

# The source folder stays as it is.
sys.dont_write_bytecode = True
import layers

# What an object may ask of the world besides the runtime.
ALLOWED = {"memcpy", "memset"}
LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2"}
SKIPPED = 77


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.stdout.write(result.stdout)
        sys.exit("%s: status %d" % (" ".join(command), result.returncode))
    return result.stdout


def cpu_is_missing(cpu):
    """Whether this machine cannot run code for the x86-64 level."""
    needed = {"x86-64-v3": {"avx2", "fma", "bmi2"},
              "x86-64-v4": {"avx512f", "avx512bw", "avx512dq", "avx512vl"}}
    with open("/proc/cpuinfo") as info:
        flags = next((set(line.split()) for line in info
                      if line.startswith("flags")), set())
    return not needed.get(cpu, set()) <= flags


def split(source):
    """The source in two: names, texts and how they are optimized."""
    declarations, *rest = re.split(r"^(?=layer )", source, flags=re.MULTILINE)
    shipped, others = rest[::3], [layer for i, layer in enumerate(rest) if i % 3]
    return [(name, declarations + "".join(part), level)
            for name, part, level in (("shipped", shipped, "3"), ("others", others, "0")) if part]


def check_symbols(nm, path):
    undefined = {line.split()[-1] for line in run(nm, "-u", path).splitlines()
                 if line.strip()}
    surprises = {name for name in undefined - ALLOWED
                 if not name.startswith("eqc_rt_")}
    if surprises:
        sys.exit("%s asks for %s" % (path, ", ".join(sorted(surprises))))


def check_libraries(readelf, path):
    needed = {line.split("[")[1].rstrip("]\n")
              for line in run(readelf, "-d", path).splitlines()
              if "(NEEDED)" in line}
    if not needed <= LIBRARIES:
        sys.exit("%s needs %s" % (path, ", ".join(sorted(needed - LIBRARIES))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eqc", required=True)
    parser.add_argument("--checker", required=True)
    parser.add_argument("--tools", required=True, help="LLVM's tools")
    parser.add_argument("--runtime", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--plan", required=True)
    parser.add_argument("--cpu", required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--grad", dest="gradients", action="store_true",
                        help="with gradients, on layers of their own choice")
    parser.add_argument("--no-grad", dest="gradients", action="store_false")
    parser.add_argument("--capped", metavar="COMPILER",
                        help="compile with COMPILER, as tuning may choose, and "
                             "with gradients")
    parser.add_argument("--work", required=True)
    args = parser.parse_args()

    if cpu_is_missing(args.cpu):
        print("this machine cannot run code for %s" % args.cpu)
        sys.exit(SKIPPED)
    os.makedirs(args.work, exist_ok=True)
    text = layers.make_source(args.group, args.plan, args.every,
                              seed=3 if args.capped else
                              2 if args.gradients else 1)
    source, library = (os.path.join(args.work, "grid" + e) for e in (".eq", ".so"))
    with open(source, "w") as file:
        file.write(text)
    objects = []
    for name, part, level in split(text):
        path = os.path.join(args.work, name)
        objects.append(path + ".o")
        with open(path + ".eq", "w") as file:
            file.write(part)
        if args.capped:
            run(args.capped, path + ".eq", objects[-1], args.plan, args.cpu, level)
        else:
            run(args.eqc, "compile", path + ".eq", "--plan=" + args.plan,
                "--cpu=" + args.cpu, "--grad" if args.gradients else "--no-grad",
                "-O" + level, "-o", objects[-1])
        check_symbols(os.path.join(args.tools, "llvm-nm"), objects[-1])
    run(os.path.join(args.tools, "clang"), "-shared", "-fuse-ld=lld",
        "-Wl,-z,defs", "-Wl,-Bsymbolic", *objects, "-Wl,--whole-archive",
        args.runtime, "-Wl,--no-whole-archive", "-lm", "-pthread",
        "-o", library)
    check_libraries(os.path.join(args.tools, "llvm-readelf"), library)
    sys.exit(subprocess.run([args.checker, source, library,
                             args.plan]).returncode)


if __name__ == "__main__":
    main()
