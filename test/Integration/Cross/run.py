"""Compiles layers and the runtime for another machine, an AArch64 or a lesser x86-64,
and runs them under user-mode emulation: every result must be the oracle's."""

import argparse
import glob
import os
import subprocess
import sys

SKIPPED = 77
FLAGS = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fPIC",
         "-D_POSIX_C_SOURCE=200809L", '-DEQC_RT_VERSION="test"']


class AArch64:
    """All by clang, lld and the C library of a package."""
    triple = "aarch64-linux-gnu"
    sysroot = "/usr/" + triple
    needs = (sysroot + "/lib/crt1.o", "/usr/bin/qemu-aarch64")
    emulator = ("/usr/bin/qemu-aarch64", "-L", sysroot)
    flags = ("--target=" + triple,
             # The folder's headers before this machine's, and no libgcc.
             "-nostdlibinc", "-isystem", sysroot + "/include",
             "-mno-outline-atomics")

    @classmethod
    def link_arguments(cls, objects):
        lib = cls.sysroot + "/lib/"
        return ["--target=" + cls.triple, "-fuse-ld=lld", "-pie", "-nostdlib",
                lib + "crti.o", lib + "Scrt1.o", *objects, "-L" + lib, "-lc", "-lm",
                lib + "crtn.o", "-Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1"]


class X86:
    """With what this machine, an x86-64 too, has."""
    triple = "x86_64-linux-gnu"
    needs = ("/usr/bin/qemu-x86_64",)
    emulator = ("/usr/bin/qemu-x86_64",)
    flags = ()

    @staticmethod
    def link_arguments(objects):
        return [*objects, "-lm", "-pthread"]


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
    parser.add_argument("--arch", choices=("aarch64", "x86_64"), required=True)
    parser.add_argument("--plan", required=True)
    parser.add_argument("--cpu", required=True, help="to compile for")
    parser.add_argument("--machine", required=True, help="to emulate")
    parser.add_argument("--status", default="0", help="of every call")
    parser.add_argument("--work", required=True)
    args = parser.parse_args()

    target = {"aarch64": AArch64, "x86_64": X86}[args.arch]
    missing = [path for path in target.needs if not os.path.exists(path)]
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
            "--target=" + target.triple, "--cpu=" + args.cpu, "--plan=" + plan,
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
        run(clang, *FLAGS, *target.flags, "-I", os.path.join(args.source, "runtime/include"),
            "-I", args.work, "-c", source, "-o", objects[-1])
    run(clang, *target.link_arguments(objects), "-o", work("program"))
    run(args.expect, work("calls"))
    with open(work("calls"), "rb") as calls:
        run(*target.emulator, "-cpu", args.machine, work("program"), args.status,
            stdin=calls)


if __name__ == "__main__":
    main()
