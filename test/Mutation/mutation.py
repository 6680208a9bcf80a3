"""Deliberate faults: are there tests that see them?

mutation.py list                 the faults of faults.txt, and which of them have an effect
mutation.py apply TREE           writes them into a copy of the sources, to be built once
mutation.py run TREE [NAME..]    chooses one after the other (EQC_FAULT), and runs the tests,
                                 cheapest first, until one fails

scripts/mutation-score.sh does all of it.
"""

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
#: Of the CPU, and of the clock, for a test: a fault that makes it hang is found.
MOST_SECONDS = 120, 1200

IN_C = '''#ifdef __cplusplus
#include <cstdlib>
#include <cstring>
#else /* headers may come after macros that say what they declare */
extern char *getenv(const char *);
extern int strcmp(const char *, const char *);
#endif
static __attribute__((unused)) int eqc_fault(const char *name) {
  const char *chosen = getenv("EQC_FAULT");
  return chosen && strcmp(chosen, name) == 0;
}
#line 1
'''
#: Asked once at each place, which may be in an inner loop.
CHOSEN_IN_C = '(__extension__({{ static signed char on = -1; on = on < 0 ? eqc_fault("{0}") : on; on != 0; }}))'
CHOSEN_IN_PYTHON = '(__import__("os").environ.get("EQC_FAULT") == "{0}")'


class Fault(NamedTuple):
    name: str
    file: str
    line: str
    old: str
    new: str

    def text(self) -> str:
        """What takes the place of `old`."""
        python = self.file.endswith(".py")
        chosen = (CHOSEN_IN_PYTHON if python else CHOSEN_IN_C).format(self.name)
        if "FAULT" in self.new:
            return self.new.replace("FAULT", chosen)
        if python:
            return f"(({self.new}) if {chosen} else ({self.old}))"
        if self.old.endswith(";"):
            return f"do {{ if ({chosen}) {{ {self.new} }} else {{ {self.old} }} }} while (0);"
        return f"({chosen} ? ({self.new}) : ({self.old}))"


def read_faults() -> list[Fault]:
    faults: list[Fault] = []
    file = line = old = ""
    for text in (HERE / "faults.txt").read_text().splitlines():
        kind, rest = text[:2].strip(), text[2:].strip()
        if kind == "==":
            file = rest
        elif kind == "@":
            line = rest
        elif kind == "-":
            old = rest
        elif kind == "+":
            number = 1 + sum(fault.file == file for fault in faults)
            faults.append(Fault(f"{Path(file).stem}.{number}", file, line, old, rest))
    return faults


def place_of(fault: Fault, lines: list[str]) -> int | None:
    """The number of the fault's line."""
    found = [i for i, line in enumerate(lines) if line.strip() == fault.line]
    return found[0] if len(found) == 1 and fault.line.count(fault.old) == 1 else None


def faults_of(tree: Path) -> list[Fault]:
    """Those whose lines are in the sources."""
    result = []
    for fault in read_faults():
        path = tree / fault.file
        if path.exists() and place_of(fault, path.read_text().splitlines()) is not None:
            result.append(fault)
    return result


def sources() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                             "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()]


def with_faults(file: str, faults: list[Fault]) -> str:
    original = (ROOT / file).read_text().splitlines()
    lines = list(original)
    # From the right, so that what is replaced stays where it was.
    for fault in sorted(faults, key=lambda fault: -fault.line.index(fault.old)):
        place = place_of(fault, original)
        assert place is not None
        at = original[place].index(fault.old)
        lines[place] = (lines[place][:at] + fault.text() + lines[place][at + len(fault.old):])
    return ("" if file.endswith(".py") else IN_C) + "\n".join(lines) + "\n"


def apply(tree: Path) -> None:
    """Writes what changed alone, so that only that is built again."""
    faults = faults_of(ROOT)
    for file in sources():
        here = [fault for fault in faults if fault.file == file]
        text = with_faults(file, here).encode() if here else (ROOT / file).read_bytes()
        path = tree / file
        if not path.exists() or path.read_bytes() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
            path.chmod((ROOT / file).stat().st_mode)


def cached(tree: Path, name: str) -> str:
    """What CMake knows by a name."""
    cache = (tree / "build/CMakeCache.txt").read_text()
    found = re.search(rf"^{name}:\w+=(.*)$", cache, re.MULTILINE)
    return found[1] if found else name


def tests_of(tree: Path, fault: Fault) -> list[tuple[str, list[str], dict[str, str]]]:
    """Name, command and environment, cheapest first."""
    build = tree / "build" / "bin"
    filters = "-*64*:*SixtyFour*:*ManyThreads*:*LoadedAndUnloaded*:*ForkWhile*"
    if fault.file.endswith(".py"):
        python = next((str(at / ".venv/bin/python") for at in (ROOT, tree)
                       if (at / ".venv/bin/python").exists()), sys.executable)
        environment = {"EQC_LIBRARY": str(tree / "build/lib/libeqc.so"),
                       "EQC_PROGRAM": str(build / "eqc"),
                       "PYTHONPATH": str(tree / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        areas = ["layer", "symmetry", "interop", "porting", "network", "torch_module", "torch",
                 "torch_derivatives", "jax", "jax_derivatives", "torch_ragged", "jax_ragged"]
        first = [area for area in areas if any(
            word in area for word in re.findall(r"[a-z]+", Path(fault.file).stem))]
        return [(area, [python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                        str(tree / f"test/Python/test_{area}.py")], environment)
                for area in dict.fromkeys(first + areas)]

    def program(name: str, plan: str, cpu: str = "native", calls: str = "4x7") -> tuple:
        """Layers on integers, which have to be right to the last bit."""
        path = tree / "build" / f"mutation-{name}-{plan}.eq"
        text = (tree / f"test/Mutation/{name}.eq").read_text()
        path.write_text(f"# eqc-fuzz: plan={plan} opt=0 target= cpu={cpu} cap=0 threads=2 share=1 "
                        f"gradients=1 ragged={int(name == 'groups')} packed={int(plan == 'auto')} calls={calls} data=1\n"
                        + text)
        return (f"{name} by {plan}", [str(build / "eqc-fuzz"), f"--replay={path}"], {})

    parts = [program("groups", "auto", "x86-64-v3"), program("signs", "auto"),
             program("spaces", "auto"), program("dense", "dense", "x86-64-v3", "4x3"),
             program("signs", "factored", calls="4x1"), program("groups", "schur"),
             program("groups", "shared", calls="4x33"), program("spaces", "factored")]
    sums = ("long sums", [str(build / "eqc"), "check", str(tree / "test/Mutation/sums.eq"),
                          "--cpu=x86-64-v3"], {})
    device = [("check on a device", [str(build / "eqc"), "check",
                                     str(tree / "test/Mutation/device.eq"),
                                     "--target=cuda", f"--plan={plan}"], {})
              for plan in ("auto", "factored", "dense")]
    unit = {name: (name, [str(build / name), "--gtest_brief=1", f"--gtest_filter={filters}"], {})
            for name in ("eqc-algebra-tests", "eqc-runtime-tests", "eqcPlanTests",
                         "eqcLoweringTests")}
    fuzz = [("eqc-fuzz", [str(build / "eqc-fuzz"), f"--seed={seed}", f"--count={count}"], {})
            for seed, count in ((1, 12), (100, 40))]
    lit = ("lit", [cached(tree, "EQC_LIT"), "-q", str(tree / "build/test"), "--filter",
                   "Transforms|Dialect|Conversion|Driver/(header|ragged|packed|explain)"], {})
    if fault.file.startswith("compiler/Algebra"):
        first = [unit["eqc-algebra-tests"], unit["eqcPlanTests"]]
    elif fault.file.startswith("runtime"):
        first = [unit["eqc-runtime-tests"]]
    elif fault.file.startswith("compiler/Plan"):
        first = [unit["eqcPlanTests"]]
    elif fault.file.startswith("compiler/Lowering/Gpu"):
        first = device
    else:
        first = []
    every = [*first, *parts, *device, sums, fuzz[0], *unit.values(), lit, fuzz[1]]
    return [test for i, test in enumerate(every) if test not in every[:i]]


def limit_cpu() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS[0], MOST_SECONDS[0]))


def first_that_fails(tree: Path, fault: Fault) -> str | None:
    for name, command, environment in tests_of(tree, fault):
        try:
            done = subprocess.run(
                command, timeout=MOST_SECONDS[1], preexec_fn=limit_cpu, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                env={**os.environ, **environment, "EQC_FAULT": fault.name,
                     "LLVM_DISABLE_SYMBOLIZATION": "1"})
        except subprocess.TimeoutExpired:
            return name + " (no end)"
        # A program that is refused is none that passed.
        if done.returncode != 0 or b": refused" in done.stdout:
            return name
    return None


def run(tree: Path, names: list[str]) -> int:
    faults = [fault for fault in faults_of(ROOT) if not names or fault.name in names]
    # Without a fault all tests pass: else what follows says nothing.
    for file in dict.fromkeys("none.py" if fault.file.endswith(".py") else "runtime/none"
                              for fault in faults):
        if failing := first_that_fails(tree, Fault("none", file, "", "", "")):
            print(f"without a fault {failing} fails")
            return 2
    survivors = []
    start = time.monotonic()
    for fault in faults:
        begun = time.monotonic()
        found = first_that_fails(tree, fault)
        print(f"{fault.name}: {'killed by ' + found if found else 'SURVIVED'} "
              f"({time.monotonic() - begun:.0f} s)", flush=True)
        if not found:
            survivors.append(fault)
    for fault in survivors:
        print(f"survivor {fault.name}, {fault.file}: {fault.line}\n"
              f"  {fault.old}\n  became {fault.new}")
    killed = len(faults) - len(survivors)
    print(f"{killed} of {len(faults)} faults killed, {100 * killed / max(1, len(faults)):.1f} %, "
          f"in {time.monotonic() - start:.0f} s")
    return 0 if not faults or killed >= 0.95 * len(faults) else 1


def main(words: list[str]) -> int:
    if words == ["list"]:
        known = faults_of(ROOT)
        for fault in read_faults():
            print(fault.name + ("" if fault in known else ": its line is gone"))
            fault.text()
        print(f"{len(known)} faults")
        return 0 if len(known) >= 150 else 1
    if len(words) == 2 and words[0] == "apply":
        apply(Path(words[1]))
        return 0
    if len(words) >= 2 and words[0] == "run":
        return run(Path(words[1]).resolve(), words[2:])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
