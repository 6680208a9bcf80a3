"""Compiles layers and the runtime for AArch64 Linux and runs them under user-mode
emulation: every result must be the oracle's."""

import argparse
import glob
import os
import subprocess
import sys

SKIPPED = 77
TARGET = "aarch64-linux-gnu"
SYSROOT = "/usr/" + TARGET
FLAGS = ["--target=" + TARGET, "-std=c99", "-O2", "-Wall", "-Wextra",
         "-Wpedantic", "-Werror", "-fPIC", "-D_POSIX_C_SOURCE=200809L",
         '-DEQC_RT_VERSION="test"',
         # The folder's headers before this machine's, and no libgcc.
         "-nostdlibinc", "-isystem", SYSROOT + "/include",
         "-mno-outline-atomics"]


def run(*command, **options):
    result = subprocess.run(command, **options)
    if result.returncode != 0:
        sys.exit("%s: status %d" % (" ".join(command), result.returncode))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eqc", required=True)
    parser.add_argument("--expect", required=True)
    parser.add_argument("--tools", required=True, help="LLVM's tools")
    parser.add_argument("--source", required=True, help="the repository")
    parser.add_argument("--plan", required=True)
    parser.add_argument("--cpu", required=True, help="to compile for")
    parser.add_argument("--machine", required=True, help="to emulate")
    parser.add_argument("--status", default="0", help="of every call")
    parser.add_argument("--work", required=True)
    args = parser.parse_args()

    missing = [path for path in (SYSROOT + "/lib/crt1.o",
                                 "/usr/bin/qemu-aarch64")
               if not os.path.exists(path)]
    if missing:
        print("skipped: no %s; scripts/install-deps.sh installs the packages "
              "libc6-dev-arm64-cross and qemu-user" % " and no ".join(missing))
        sys.exit(SKIPPED)

    os.makedirs(args.work, exist_ok=True)
    clang = os.path.join(args.tools, "clang")

    def work(name):
        return os.path.join(args.work, name)

    objects = []
    layers = os.path.join(args.source, "test/Integration/Layers")
    # A plan of one matrix needs to know n.
    for name, plan in (("layers", args.plan),
                       ("others", "auto" if args.plan == "dense" else args.plan)):
        objects.append(work(name + ".o"))
        run(args.eqc, "compile", os.path.join(layers, name + ".eq"),
            "--target=" + TARGET, "--cpu=" + args.cpu, "--plan=" + plan,
            "-o", objects[-1])
    symbols = run(os.path.join(args.tools, "llvm-nm"), "-u", "-j", *objects,
                  stdout=subprocess.PIPE, text=True).stdout.split("\n")
    surprises = {s for s in symbols if s and not s.endswith(":")}
    surprises = {s for s in surprises if not s.startswith("eqc_rt_")}
    surprises -= {"memcpy", "memset"}
    if surprises:
        sys.exit("objects ask for " + ", ".join(sorted(surprises)))

    sources = glob.glob(os.path.join(args.source, "runtime/src/*.c"))
    sources.append(os.path.join(args.source, "test/Integration/Cross/main.c"))
    for source in sorted(sources):
        objects.append(work(os.path.basename(source) + ".o"))
        run(clang, *FLAGS, "-I", os.path.join(args.source, "runtime/include"),
            "-I", args.work, "-c", source, "-o", objects[-1])
    lib = SYSROOT + "/lib/"
    run(clang, "--target=" + TARGET, "-fuse-ld=lld", "-pie", "-nostdlib",
        lib + "crti.o", lib + "Scrt1.o", *objects, "-L" + lib, "-lc", "-lm",
        lib + "crtn.o", "-Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1",
        "-o", work("program"))
    run(args.expect, work("calls"))
    with open(work("calls"), "rb") as calls:
        run("/usr/bin/qemu-aarch64", "-L", SYSROOT, "-cpu", args.machine,
            work("program"), args.status, stdin=calls)


if __name__ == "__main__":
    main()
