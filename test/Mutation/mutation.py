"""Deliberate faults: are there tests that see them?

mutation.py list                 the faults of faults.txt, and which of them have an effect
mutation.py apply TREE           writes them into a copy of the sources, to be built once
mutation.py run TREE [NAME..]    chooses one after the other (EQC_FAULT), and runs the tests,
                                 nearest first, until one fails
mutation.py run TREE --report    says how far that has come

What tests said is kept in TREE/mutation-results.txt and not asked again, so a run that was
stopped goes on. A test counts where it passes without a fault; it is asked when it is first
needed. scripts/mutation-score.sh does all of it.
"""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
#: Seconds of the CPU for a test without a fault.
LONGEST = 600
#: What no fault is called.
NONE = "none"

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


class Test(NamedTuple):
    name: str
    command: list[str]
    environment: dict[str, str] = {}


def cached(tree: Path, name: str) -> str:
    """What CMake knows by a name."""
    cache = (tree / "build/CMakeCache.txt").read_text()
    found = re.search(rf"^{name}:\w+=(.*)$", cache, re.MULTILINE)
    return found[1] if found else name


def python_tests(tree: Path, file: str) -> list[Test]:
    python = next((str(at / ".venv/bin/python") for at in (ROOT, tree)
                   if (at / ".venv/bin/python").exists()), sys.executable)
    environment = {"EQC_LIBRARY": str(tree / "build/lib/libeqc.so"),
                   "EQC_PROGRAM": str(tree / "build/bin/eqc"),
                   "PYTHONPATH": str(tree / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    areas = ["layer", "symmetry", "interop", "porting", "network", "torch_module", "torch",
             "torch_derivatives", "jax", "jax_derivatives", "torch_ragged", "jax_ragged"]
    first = [area for area in areas if any(
        word in area for word in re.findall(r"[a-z]+", Path(file).stem))]
    return [Test(area, [python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                        str(tree / f"test/Python/test_{area}.py")], environment)
            for area in dict.fromkeys(first + areas)]


def tests_of(tree: Path, file: str) -> list[Test]:
    """For faults of a file: those of its room and some programs, then all others, which take
    longer. Likely ones come first."""
    if file.endswith(".py"):
        return python_tests(tree, file)
    bin = tree / "build" / "bin"
    filters = "-*64*:*SixtyFour*:*ManyThreads*:*LoadedAndUnloaded*:*ForkWhile*"

    def program(name: str, plan: str, cpu: str = "native", calls: str = "4x7") -> Test:
        """Layers on integers, which have to be right to the last bit."""
        path = tree / "build" / f"mutation-{name}-{plan}.eq"
        text = (tree / f"test/Mutation/{name}.eq").read_text()
        path.write_text(f"# eqc-fuzz: plan={plan} opt=0 target= cpu={cpu} cap=0 threads=2 share=1 "
                        f"gradients=1 ragged={int(name == 'groups')} packed={int(plan == 'auto')} calls={calls} data=1\n"
                        + text)
        return Test(f"{name} by {plan}", [str(bin / "eqc-fuzz"), f"--replay={path}"])

    programs = [program("spaces", "auto"), program("dense", "dense", "x86-64-v3", "4x3"),
                program("signs", "auto"), program("groups", "schur"),
                program("signs", "factored", calls="4x1"), program("groups", "auto", "x86-64-v3"),
                program("groups", "shared", calls="4x33"), program("spaces", "factored")]
    device = [Test(f"device by {plan}", [str(bin / "eqc"), "check",
                                         str(tree / "test/Mutation/device.eq"),
                                         "--target=cuda", f"--plan={plan}"])
              for plan in ("auto", "factored", "dense")]
    unit = {room: Test(name, [str(bin / name), "--gtest_brief=1", f"--gtest_filter={filters}"])
            for room, name in (("compiler/Algebra", "eqc-algebra-tests"),
                               ("compiler/Plan", "eqcPlanTests"),
                               ("compiler/Lowering", "eqcLoweringTests"),
                               ("runtime", "eqc-runtime-tests"))}
    near = []
    for room, test in unit.items():
        if file.startswith(room):
            # Suites that are called like the file or its folder, then all of them.
            path = Path(file)
            words = dict.fromkeys(word for word in re.findall(
                "[A-Z][a-z]+", path.stem + path.parent.name) if word != "Plan")
            suites = ":".join(f"*{word}*.*" for word in words) + filters
            near += [Test(f"{test.name} of {path.parent.name} {path.stem}",
                          [*test.command[:2], f"--gtest_filter={suites}"]), test]
    if file.startswith("compiler/Algebra"):
        near.append(unit["compiler/Plan"])
    near += device if file.startswith("compiler/Lowering/Gpu") else programs
    far = [Test("long sums", [str(bin / "eqc"), "check", str(tree / "test/Mutation/sums.eq"),
                              "--cpu=x86-64-v3"]),
           *(Test(f"eqc-fuzz {seed}", [str(bin / "eqc-fuzz"), f"--seed={seed}",
                                       f"--count={count}"]) for seed, count in ((1, 12), (100, 24))),
           *programs, *device, *unit.values(),
           Test("lit", [cached(tree, "EQC_LIT"), "-q", str(tree / "build/test"), "--filter",
                        "Transforms|Dialect|Conversion|Driver/(header|ragged|packed|explain)"])]
    return near + [test for test in far if test not in near]


def result_of(test: Test, name: str, seconds: float | None) -> tuple[str, float]:
    """How a test ends with a fault, and the time of the CPU that it takes; at most six times
    what it takes without, and some seconds."""
    most = LONGEST if seconds is None else int(6 * seconds) + 5
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            test.command, timeout=20 * most, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (most, most)),
            stderr=subprocess.DEVNULL, check=False,
            env={**os.environ, **test.environment, "EQC_FAULT": name,
                 "LLVM_DISABLE_SYMBOLIZATION": "1"})
        # A program that is refused is none that passed.
        right = done.returncode == 0 and b": refused" not in done.stdout
        result = "passed" if right else "failed"
    except subprocess.TimeoutExpired:
        result = "no end"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Results:
    """What tests said so far, a line each, so that a run goes on where another stopped."""

    def __init__(self, path: Path):
        self.path = path
        self.known: dict[tuple[str, str], tuple[str, float]] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                fault, test, result, seconds = line.split("\t")
                self.known[fault, test] = result, float(seconds)

    def of(self, fault: str, test: Test) -> str:
        """Asks the test where it has not been asked. One that fails without a fault says
        nothing: 'broken'."""
        if (fault, test.name) not in self.known:
            seconds = None
            if fault != NONE:
                if self.of(NONE, test) != "passed":
                    return "broken"
                seconds = self.known[NONE, test.name][1]
            result, used = result_of(test, fault, seconds)
            with self.path.open("a") as file:
                file.write(f"{fault}\t{test.name}\t{result}\t{used:.1f}\n")
            self.known[fault, test.name] = result, used
        return self.known[fault, test.name][0]

    def killer(self, fault: Fault, tests: list[Test]) -> str | None:
        """The test that has failed with the fault, as far as is known."""
        return next((test.name for test in tests if self.known.get(
            (fault.name, test.name), ("", 0))[0] in ("failed", "no end")), None)


def run(tree: Path, words: list[str]) -> int:
    report_only = "--report" in words
    names = [word for word in words if word != "--report"]
    faults = [fault for fault in faults_of(ROOT) if not names or fault.name in names]
    results = Results(tree / "mutation-results.txt")
    tests = {fault.file: tests_of(tree, fault.file) for fault in faults}
    # All faults meet their nearest test, then those that are left the next: most are killed
    # early, so a run that is stopped has said most of what there is to say.
    # Those of Python come last: its tests take a minute.
    for python in (False, True):
        alive = [fault for fault in faults if fault.file.endswith(".py") == python
                 and not results.killer(fault, tests[fault.file])]
        most = max((len(tests[fault.file]) for fault in alive), default=0)
        for step in range(0 if report_only else most):
            for fault in alive:
                mine = tests[fault.file]
                if step < len(mine) and results.of(fault.name, mine[step]) in ("failed", "no end"):
                    print(f"{fault.name}: killed by {mine[step].name}", flush=True)
            alive = [fault for fault in alive if not results.killer(fault, tests[fault.file])]
    alive = [fault for fault in faults if not results.killer(fault, tests[fault.file])]
    undecided = 0
    for fault in alive:
        left = sum((fault.name, test.name) not in results.known
                   and results.known.get((NONE, test.name), ("passed", 0))[0] == "passed"
                   for test in tests[fault.file])
        undecided += left > 0
        print(f"survivor {fault.name}, {fault.file}: {fault.line}\n"
              f"  {fault.old}\n  became {fault.new}" + f"\n  {left} tests to go" * (left > 0))
    for (fault_name, test_name), (result, _) in results.known.items():
        if fault_name == NONE and result != "passed":
            print(f"without a fault {test_name} fails: it was left out")
    killed = len(faults) - len(alive)
    print(f"{killed} of {len(faults)} faults killed, {100 * killed / max(1, len(faults)):.1f} %"
          + f"; of {undecided} more not all tests were asked" * (undecided > 0))
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
