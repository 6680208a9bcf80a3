"""Assembles the kernels of layers for some chips: none may use local memory, and
where there is a disassembler, the loops of large mixes must be mostly
multiply-adds that load 16 bytes at a time.

  assemble.py EQC LOOPS                 layers of many kinds; LOOPS prints the kernels
                                        that measure a GPU
  assemble.py EQC --suite CHIP.. [--first] [--grad] [--plan=PLAN]
                                        the benchmark suite's layers, or the first of
                                        each workload
  assemble.py EQC --grid CHIP..         the layers of test/Integration/Grid, by every plan

Exits with 77, for "skipped", where there is no ptxas.
"""

import collections
import glob
import os

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
GROUPS = ("S", "O", "Sp", "SO", "H", "B", "S'", "B'", "O(p,q)", "SO(p,q)", "GL", "A",
          "products", "orbits")

# The least share of multiply-adds in the hottest loop of a mix.
LEAST_SHARE = {"FFMA": 0.88, "DFMA": 0.75}
# The same of kernels that have all stages.
LEAST_BLOCK_SHARE = {"FFMA": 0.85, "DFMA": 0.75}
# Of every loop of sums of gradients: where n is given at run time, it is multiplied by.
LEAST_SUM_SHARE = {"FFMA": 0.80, "DFMA": 0.74}
# Those of the suite, of all kinds.
LEAST_SUITE_SHARE = {"FFMA": 0.85, "DFMA": 0.75}
# The same of clusters of the gradient of x of NARROW, of which a round is 12 channels: 20
# would spill on sm_100.
LEAST_NARROW_SHARE = {"FFMA": 0.84}
# Loads of fewer bytes in a loop that are of tables.
MOST_OF_TABLES = 5
# Rows of x of 35 channels begin anywhere in memory: only in shared memory, where they are
# 36, and of weights, are 16 bytes loaded at once.
NARROW = {"pelican_jet"}
# Clusters that are not mostly multiply-adds: with 8 channels a row of x is 32 of them
# for a thread, and which block has it, and where, is ten other instructions.
FEW_CHANNELS = {"kwl4"}
# Layers whose mixes are large, and only access 16 bytes at once.
LARGE = {"any", "sets", "tensornet", "wide", "elastic", "cliques"}

LAYERS = {
    # Shapes of networks, in both dtypes, with n fixed and not.
    "ign": ("group = S; n = 20; k = 2; l = 2; channels = 16 -> 16; bias = true", "sm_90"),
    "pelican": ("group = S; n = 80; k = 2; l = 2; channels = 35 -> 60", "sm_90"),
    "any": ("group = S; n = ?; k = 2; l = 2; channels = 32 -> 32", "sm_75"),
    "cliques": ("group = S; n = 32; k = 2; l = 2; channels = 32 -> 32", "sm_80"),
    "sets": ("group = S; n = 1000; k = 1; l = 1; channels = 64 -> 64", "sm_120"),
    "tensornet": ("group = O; n = 3; k = 2; l = 2; channels = 64 -> 64", "sm_90"),
    "wide": ("group = O; n = 3; k = 2; l = 2; channels = 128 -> 128; dtype = f64", "sm_80"),
    "elastic": ("group = O; n = 3; k = 4; l = 4; channels = 32 -> 32", "sm_90"),
}

# Plans that are not chosen by themselves.
PLANS = {
    "strands": "schur", "strands_wide": "schur", "strands_long": "schur", "strands_3": "schur",
    "strands_3_wide": "schur", "each": "factored", "each_wide": "factored",
}
LAYERS |= {
    "strands": ("group = S; n = ?; k = 2; l = 2; channels = 32 -> 32; bias = true", "sm_75"),
    "strands_wide": ("group = S; n = 20; k = 2; l = 2; channels = 32 -> 32; dtype = f64",
                     "sm_120"),
    "strands_long": ("group = O; n = ?; k = 4; l = 2; channels = 180 -> 32", "sm_90"),
    "strands_3": ("group = S; n = ?; k = 3; l = 3; channels = 32 -> 32", "sm_100"),
    "strands_3_wide": ("group = Sp; n = ?; k = 3; l = 3; channels = 32 -> 32; dtype = f64",
                       "sm_90"),
    "each": ("group = S; n = ?; k = 2; l = 2; channels = 32 -> 32; normalize = mean", "sm_75"),
    "each_wide": ("group = SO; n = 3; k = 3; l = 2; channels = 32 -> 32; dtype = f64", "sm_90"),
}

# Every chip that eqc knows, by a small layer.
for number in (75, 80, 86, 87, 89, 90, 100, 103, 110, 120, 121):
    LAYERS[f"small_{number}"] = ("group = S; n = 5; k = 1; l = 1; channels = 4 -> 3",
                                 f"sm_{number}")


def find_tool(name):
    """A program of a toolkit or of the packages in .venv."""
    found = shutil.which(name)
    places = (os.path.join(prefix, "lib", "python*", "site-packages", "nvidia", "*", "bin", name)
              for prefix in (sys.prefix, ROOT / ".venv"))
    return found or next((path for place in places for path in glob.glob(place)), None)


def loops_of(sass):
    """The instructions of every innermost loop, by kernel."""
    for kernel in re.split(r"Function : ", sass)[1:]:
        code = [(int(address, 16), text.split())
                for address, text in re.findall(r"/\*([0-9a-f]{4,})\*/ +([^;]*);", kernel)]
        code = [(address, words[1:] if words[0].startswith("@") else words)
                for address, words in code]
        loops = []
        for address, words in code:
            if words[0].startswith("BRA") and int(words[-1], 16) < address:
                loops.append((int(words[-1], 16), address))
        for first, last in loops:
            if not any((first, last) != (a, b) and first <= a and b <= last for a, b in loops):
                yield kernel.split()[0], [words[0] for address, words in code
                                          if first <= address <= last]


def check_loops(name, sass, least):
    """What is wrong with the loops of multiply-adds of kernels that access 16 bytes."""
    problems, hottest = [], {}
    for kernel, operations in loops_of(sass):
        counts = collections.Counter(operation.split(".")[0] for operation in operations)
        kind = max(least, key=lambda key: counts[key])
        is_mix = kernel.endswith("_mix")
        is_sum = kernel.endswith("_sum")
        is_whole = kernel.endswith(("_block", "_cluster"))
        if "$16_" not in kernel or not (is_mix or is_sum or is_whole):
            continue
        if is_whole and name in FEW_CHANNELS:
            continue
        share = round(counts[kind] / (len(operations) - counts["NOP"]), 3)
        # A small mix has few rows, or few columns, and tiles to match.
        least_here = LEAST_SUM_SHARE if is_sum else least
        if not is_whole and counts[kind] >= 128 and share < least_here[kind]:
            problems.append(f"{name}: {kernel}: a loop has {share:.1%} {kind}")
        narrow = [operation for operation in operations
                  if re.match("LDG|LDS|LD[.]", operation) and "128" not in operation]
        # Where all channels of a term are one round, what the tables say of it.
        narrow = narrow[0] if len(narrow) > MOST_OF_TABLES else ""
        hottest[kernel] = max(hottest.get(kernel, (0,)), (counts[kind], share, kind, narrow))
    for kernel, (count, share, kind, narrow) in hottest.items():
        if count >= 128 and narrow and (name not in NARROW or "grad_x" in kernel
                                        or kernel.endswith("_cluster")):
            problems.append(f"{name}: {kernel}: the hottest loop loads by {narrow}")
        least_block = LEAST_BLOCK_SHARE
        if name in NARROW and kernel.endswith("grad_x$16_cluster"):
            least_block = LEAST_NARROW_SHARE
        # A read of few channels has no loop of multiply-adds to speak of.
        if (kernel.endswith(("_block", "_cluster")) and count >= 128
                and share < least_block[kind]):
            problems.append(f"{name}: {kernel}: the hottest loop has {share:.1%} {kind}")
    found = {suffix: max((value for kernel, value in hottest.items()
                          if kernel.endswith(suffix)), default=None)
             for suffix in ("_mix", "_sum", "_block", "_cluster")}
    if not any(value and value[0] for value in found.values()):
        problems.append(f"{name}: no loop of multiply-adds")
    print(f"{name}: multiply-adds of the hottest loops: " + ", ".join(
        f"{value[1]:.1%} in a {suffix[1:]}" for suffix, value in found.items() if value))
    return problems


def check_limits(loops, ptxas, cuobjdump, folder):
    """What is wrong with the kernels that measure the peak rate: whether nothing but
    multiply-adds is in their loops."""
    ptx, cubin = pathlib.Path(folder, "loops.ptx"), pathlib.Path(folder, "loops.cubin")
    ptx.write_text(subprocess.run([loops], stdout=subprocess.PIPE, text=True, check=True).stdout)
    for chip in ("sm_75", "sm_80", "sm_90", "sm_100", "sm_120"):
        if subprocess.run([ptxas, f"-arch={chip}", ptx, "-o", cubin], check=False).returncode:
            return [f"the loops that measure are not taken for {chip}"]
        if not cuobjdump:
            continue
        sass = subprocess.run([cuobjdump, "-sass", cubin], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        for kernel, operations in loops_of(sass):
            counts = collections.Counter(operation.split(".")[0] for operation in operations)
            kind = {"multiply_add_f32": "FFMA", "multiply_add_f64": "DFMA"}.get(kernel)
            if kind == "DFMA" and chip in ("sm_75", "sm_120"):
                continue  # one takes as long as dozens of other instructions there
            if kind and (counts[kind] % 64 or counts[kind] < 0.9 * len(operations)):
                return [f"{kernel} has {counts[kind]} of {len(operations)} on {chip}"]
    return []


class Assembler:
    """What is wrong with kernels; `status` is 1 where something is."""

    def __init__(self, eqc, ptxas, cuobjdump, folder):
        self.eqc, self.ptxas, self.cuobjdump = eqc, ptxas, cuobjdump
        self.source, self.ptx, self.cubin = (
            pathlib.Path(folder, f"a.{kind}") for kind in ("eq", "ptx", "cubin"))
        self.status = 0

    def complain(self, problem):
        print(problem)
        self.status = 1

    def assemble(self, name, text, chip, *options):
        """False where there are no kernels."""
        self.source.write_text(text)
        subprocess.run([self.eqc, "compile", self.source, "--target=cuda", f"--chip={chip}",
                        "--emit=ptx", "-o", self.ptx, *options], check=True)
        result = subprocess.run([self.ptxas, "-v", f"-arch={chip}", self.ptx, "-o", self.cubin],
                                stderr=subprocess.PIPE, text=True, check=False)
        if result.returncode != 0:
            self.complain(f"{name}: ptxas refuses it\n{result.stderr}")
            return False
        kernels = re.findall(
            r"entry function '([^']+)'.*\n.*Function properties.*\n"
            r" *(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads\n"
            r".*Used (\d+) registers", result.stderr)
        for kernel, frame, stores, loads, _ in kernels:
            if {frame, stores, loads} != {"0"}:
                self.complain(f"{name} on {chip}: {kernel} has {frame} bytes of local memory, and "
                              f"spills {stores} and {loads}")
        if not kernels:
            self.complain(f"{name} on {chip}: ptxas reports no kernel")
        most = max((int(kernel[4]) for kernel in kernels), default=0)
        print(f"{name} on {chip}: {len(kernels)} kernels, at most {most} registers", flush=True)
        return bool(kernels)

    def check_loops(self, name, least):
        if self.cuobjdump:
            for problem in check_loops(name, disassemble(self.cuobjdump, self.cubin), least):
                self.complain(problem)


def disassemble(cuobjdump, cubin):
    return subprocess.run([cuobjdump, "-sass", cubin], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def assemble_suite(assembler, chips, first, options):
    for path in sorted((ROOT / "benchmark" / "workloads").glob("*.eq")):
        layers = re.findall(r"layer \w+ \{[^}]*\}", path.read_text())
        for text in layers[:1] if first else layers:
            name = text.split()[1]
            for chip in chips:
                if not assembler.assemble(name, text, chip, *options):
                    continue
                # f64 is slow on some chips, on which other instructions do not matter.
                if chip == "sm_90" and not name.startswith("tiny"):
                    assembler.check_loops(name, LEAST_SUITE_SHARE)


def assemble_grid(assembler, chips):
    sys.path.insert(0, str(ROOT / "test" / "Integration" / "Grid"))
    sys.dont_write_bytecode = True
    import layers
    for group in GROUPS:
        for plan in ("dense", "factored", "shared", "schur"):
            if plan == "schur" and (group in ("GL", "products") or "p,q" in group):
                continue  # refused
            if plan == "factored" and group == "A":
                continue  # which has no jellyfish
            if plan in ("factored", "schur") and group == "orbits":
                continue  # refused
            for chip in chips:
                assembler.assemble(f"grid of {group} by {plan}",
                                   layers.make_source(group, plan, 1, seed=1), chip,
                                   f"--plan={plan}")


def main(eqc, *words):
    ptxas = find_tool("ptxas")
    if not ptxas:
        print("no ptxas on the search path or in .venv")
        return 77
    cuobjdump = find_tool("cuobjdump")
    if not cuobjdump:
        print("no cuobjdump: loops are not looked at")
    chips = [word for word in words if word.startswith("sm_")]
    with tempfile.TemporaryDirectory() as folder:
        assembler = Assembler(eqc, ptxas, cuobjdump, folder)
        if "--suite" in words:
            options = [word for word in words if word.startswith("--plan=")]
            assemble_suite(assembler, chips, "--first" in words,
                           ["--grad" if "--grad" in words else "--no-grad", *options])
            return assembler.status
        if "--grid" in words:
            assemble_grid(assembler, chips)
            return assembler.status
        for problem in check_limits(words[0], ptxas, cuobjdump, folder):
            assembler.complain(problem)
        for name, (fields, chip) in LAYERS.items():
            if assembler.assemble(name, f"layer {name} {{ {fields} }}\n", chip,
                                  f"--plan={PLANS.get(name, 'auto')}") and name in LARGE:
                assembler.check_loops(name, LEAST_SHARE)
    return assembler.status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
