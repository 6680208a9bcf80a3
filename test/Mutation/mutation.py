"""Deliberate faults: are there tests that see them?

mutation.py list                 the faults of faults.txt, and which of them have an effect
mutation.py apply TREE           writes them into a copy of the sources, to be built once
mutation.py run TREE [NAME..]    chooses one after the other (EQC_FAULT), and runs tests until
                                 one fails
mutation.py run TREE --report    says how far that has come

A test runs once without a fault, when it is first needed. It counts where it passes; and that
run writes down (EQC_FAULTS_REACHED) at which faults it comes by, as it can see no other. Of
the tests that come by at a fault those come first that are quick and have seen many.

What tests said is kept in TREE/mutation-results.txt and not asked again, so a run that was
stopped goes on. A fault that is written otherwise is a new one; after changes to sources or
tests the file is to be removed. scripts/mutation-score.sh does all of it.
"""

import math
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
#: Seconds of the CPU for a test without a fault.
LONGEST = 600
#: Seconds of a test that all faults meet before others.
QUICK = 4
#: Bytes for a test: a fault may ask for any number.
MEMORY = 8 << 30
#: What no fault is called.
NONE = "none"

IN_C = '''#ifdef __cplusplus
#include <cstdlib>
#include <cstring>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#else /* headers may come after macros that say what they declare */
extern char *getenv(const char *);
extern int strcmp(const char *, const char *);
extern int snprintf(char *, unsigned long, const char *, ...);
extern int creat(const char *, unsigned);
extern int close(int);
#endif
static __attribute__((unused)) int eqc_fault(const char *name) {
  const char *chosen = getenv("EQC_FAULT"), *reached = getenv("EQC_FAULTS_REACHED");
  char path[4096];
  if (reached && snprintf(path, sizeof path, "%s/%s", reached, name) < (int)sizeof path)
    close(creat(path, 0600));
  return chosen && strcmp(chosen, name) == 0;
}
#line 1
'''
#: Asked once at each place, which may be in an inner loop.
CHOSEN_IN_C = '(__extension__({{ static signed char on = -1; on = on < 0 ? eqc_fault("{0}") : on; on != 0; }}))'
#: A module beside the package. torch.compile can trace `chosen`, and could not write a file.
IN_PYTHON = '''import atexit
import os
CHOSEN, REACHED = os.environ.get("EQC_FAULT"), os.environ.get("EQC_FAULTS_REACHED")
reached = {}
def chosen(name):
    if REACHED:
        reached[name] = True
    return name == CHOSEN
def note():
    for name in reached:
        open(os.path.join(REACHED, name), "w").close()
atexit.register(note)
'''
CHOSEN_IN_PYTHON = '_eqc_fault.chosen("{0}")'
IMPORTED = "import eqc_fault as _eqc_fault\n"


class Fault(NamedTuple):
    name: str
    file: str
    line: str
    old: str
    new: str

    def key(self) -> str:
        """One that is written otherwise has another."""
        return f"{self.name}:{zlib.crc32(repr(self).encode()):08x}"

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
            # Files of two rooms may have one name.
            stem = Path(file).stem
            number = 1 + sum(Path(fault.file).stem == stem for fault in faults)
            faults.append(Fault(f"{stem}.{number}", file, line, old, rest))
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
    text = "\n".join(lines) + "\n"
    return text + IMPORTED if file.endswith(".py") else IN_C + text


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
    (tree / "python/eqc_fault.py").write_text(IN_PYTHON)


class Test(NamedTuple):
    name: str
    command: list[str]
    environment: dict[str, str] = {}
    seconds: float = 0 #: of the CPU, as long as they are not measured


def cached(tree: Path, name: str) -> str:
    """What CMake knows by a name."""
    cache = (tree / "build/CMakeCache.txt").read_text()
    found = re.search(rf"^{name}:\w+=(.*)$", cache, re.MULTILINE)
    return found[1] if found else name


def pytest_of(tree: Path, area: str, **environment: str) -> Test:
    python = next((str(at / ".venv/bin/python") for at in (ROOT, tree)
                   if (at / ".venv/bin/python").exists()), sys.executable)
    return Test(area, [python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                       str(tree / f"test/Python/test_{area}.py")],
                {"EQC_LIBRARY": str(tree / "build/lib/libeqc.so"),
                 "EQC_PROGRAM": str(tree / "build/bin/eqc"), "PYTHONPATH": str(tree / "python"),
                 "PYTHONDONTWRITEBYTECODE": "1", **environment}, seconds=60)


def python_tests(tree: Path, file: str) -> list[Test]:
    areas = ["layer", "symmetry", "interop", "porting", "properties", "network", "torch_module",
             "torch", "torch_derivatives", "jax", "jax_derivatives", "torch_ragged", "jax_ragged",
             "torch_direct", "spaces", "sums", "bilinear", "ragged", "pool"]
    first = [area for area in areas if any(
        word in area for word in re.findall(r"[a-z]+", Path(file).stem))]
    # Faults of Python change no library.
    return [pytest_of(tree, area, EQC_TEST_CACHE_DIR=str(tree / "build/mutation-cache"))
            for area in dict.fromkeys(first + areas)]


def unit_tests(tree: Path) -> list[Test]:
    """Each suite of the programs of googletest."""
    tests = []
    left_out = "*64*:*SixtyFour*:*ManyThreads*:*LoadedAndUnloaded*:*ForkWhile*"
    for name in ("eqc-runtime-tests", "eqcLoweringTests", "eqc-algebra-tests", "eqcPlanTests",
                 "eqc-layers-shared-tests", "eqc-ragged-shared-tests", "eqc-network-tests",
                 "eqc-cuda-compiled-tests"):
        program = str(tree / "build/bin" / name)
        listed = subprocess.run([program, "--gtest_list_tests"], capture_output=True, text=True,
                                check=True).stdout.splitlines()
        suites = [line.split()[0] for line in listed if line.split()[0].endswith(".")]
        tests += [Test(f"{name} {suite}*", [program, "--gtest_brief=1", "--gtest_fail_fast",
                                            f"--gtest_filter={suite}*-{left_out}"])
                  for suite in suites]
    return tests


def layer_tests(tree: Path) -> list[Test]:
    """Layers that are compiled, run and compared with their definition."""
    bin = tree / "build/bin"

    def program(name: str, plan: str, cpu: str = "native", calls: str = "4x7") -> Test:
        """On integers, which have to be right to the last bit."""
        path = tree / "build" / f"mutation-{name}-{plan}.eq"
        text = (tree / f"test/Mutation/{name}.eq").read_text()
        path.write_text(f"# eqc-fuzz: plan={plan} opt=0 target= cpu={cpu} cap=0 threads=2 share=1 "
                        f"gradients=1 ragged={int(name == 'groups')} packed={int(plan == 'auto')} "
                        f"calls={calls} data=1\n" + text)
        return Test(f"{name} by {plan}", [str(bin / "eqc-fuzz"), "--no-shrink", f"--replay={path}"])

    check = [str(bin / "eqc"), "check"]
    return [program("dense", "dense", "x86-64-v3", "4x3"), program("signs", "auto"),
            program("signs", "factored", calls="4x1"), program("groups", "schur"),
            program("groups", "auto", "x86-64-v3"), program("groups", "shared", calls="4x33"),
            program("spaces", "auto"), program("spaces", "factored"),
            Test("long sums", [*check, str(tree / "test/Mutation/sums.eq"), "--cpu=x86-64-v3"]),
            *(Test(f"device by {plan}", [*check, str(tree / "test/Mutation/device.eq"),
                                         "--target=cuda", f"--plan={plan}"])
              for plan in ("dense", "auto", "factored")),
            *(Test(f"eqc-fuzz {seed}", [str(bin / "eqc-fuzz"), "--no-shrink", f"--seed={seed}",
                                        f"--count={count}"])
              for seed, count in ((1, 12), (100, 24)))]


def lit_tests(tree: Path) -> list[Test]:
    files = ("alternating bilinear check duals explain groups header networks orbit-weights packed "
             "permutations pool ragged run-time-sizes schur shared spaces storage sums "
             "symmetries").split()
    return [Test(f"lit {name}", [cached(tree, "EQC_LIT"), "-q", "-j1", "--max-failures=1",
                                 str(tree / "build/test"), "--filter", name])
            for name in ("Transforms/", "Conversion/", "Dialect/",
                         *(f"Driver/{file}[.]test" for file in files))]


def result_of(test: Test, name: str, seconds: float | None,
              reached: str = "") -> tuple[str, float]:
    """How a test ends with a fault, and the time of the CPU that it takes; at most six times
    what it takes without, and some seconds."""
    most = LONGEST if seconds is None else int(6 * seconds) + 5

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # What is left by a fault must not be found with another.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, \
            open(Path(folder, "output"), "w+b") as output:
        process = subprocess.Popen(
            test.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
            preexec_fn=limit, start_new_session=True, cwd=folder,
            env={**os.environ, **test.environment, "EQC_FAULT": name, "TMPDIR": folder,
                 "EQC_CACHE_DIR": folder, "LLVM_DISABLE_SYMBOLIZATION": "1",
                 **({"EQC_FAULTS_REACHED": reached} if reached else {})})
        try:
            status = process.wait(timeout=8 * most)
            output.seek(0)
            # A program that is refused is none that passed.
            right = status == 0 and b": refused" not in output.read()
            result = "passed" if right else "failed"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            result = "no end"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


KILLS = ("failed", "no end")


class Results:
    """What tests said so far, a line each, so that a run goes on where another stopped."""

    def __init__(self, tree: Path):
        self.tree = tree
        self.path = tree / "mutation-results.txt"
        self.known: dict[tuple[str, str], tuple[str, float]] = {}
        self.reached: dict[str, set[str]] = {}
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                fault, test, result, seconds = line.split("\t")
                self.known[fault, test] = result, float(seconds)

    def note(self, key: str, test: Test, result: str, seconds: float) -> None:
        with self.path.open("a") as file:
            file.write(f"{key}\t{test.name}\t{result}\t{seconds:.1f}\n")
        self.known[key, test.name] = result, seconds

    def folder(self, test: Test) -> Path:
        return self.tree / "mutation-reached" / re.sub(r"\W+", "-", test.name)

    def ask_without(self, test: Test, faults: list[Fault]) -> None:
        folder = self.folder(test)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        result = result_of(test, NONE, None, str(folder))
        (folder / "built").write_text("\n".join(fault.key() for fault in faults))
        self.note(NONE, test, *result)

    def ask(self, fault: Fault, test: Test) -> str:
        seconds = self.known[NONE, test.name][1]
        self.note(fault.key(), test, *result_of(test, fault.name, seconds))
        return self.known[fault.key(), test.name][0]

    def comes_by(self, test: Test, fault: Fault) -> bool:
        """Also where it is not known: a fault that was not there."""
        if test.name not in self.reached:
            folder = self.folder(test)
            names = {path.name for path in folder.iterdir()}
            built = (folder / "built").read_text().splitlines()
            self.reached[test.name] = names | {"built " + key for key in built}
        reached = self.reached[test.name]
        return fault.name in reached or "built " + fault.key() not in reached

    def promise(self, test: Test) -> float:
        """Faults seen a second, about."""
        said = [result for (key, name), (result, _) in self.known.items()
                if name == test.name and key != NONE]
        seen = sum(result in KILLS for result in said)
        return (seen + 1) / (len(said) + 2) / (self.known[NONE, test.name][1] + 0.1)

    def left(self, fault: Fault, tests: list[Test]) -> list[Test]:
        """Those to ask still, the most promising first; then those of which nothing is known."""
        known = [test for test in tests if self.known.get((NONE, test.name), ("",))[0] == "passed"
                 and (fault.key(), test.name) not in self.known and self.comes_by(test, fault)]
        return (sorted(known, key=lambda test: -self.promise(test))
                + [test for test in tests if (NONE, test.name) not in self.known])

    def killer(self, fault: Fault, tests: list[Test]) -> str | None:
        """The test that has failed with the fault, as far as is known."""
        return next((test.name for test in tests if self.known.get(
            (fault.key(), test.name), ("", 0))[0] in KILLS), None)


def run(tree: Path, words: list[str]) -> int:
    report_only = "--report" in words
    names = [word for word in words if word != "--report"]
    built = faults_of(ROOT)
    faults = [fault for fault in built if not names or fault.name in names]
    results = Results(tree)
    native = [*unit_tests(tree), *layer_tests(tree), *lit_tests(tree),
              *(pytest_of(tree, area)._replace(name=f"Python {area}")
                for area in ("sums", "spaces", "layer"))]
    tests = {file: python_tests(tree, file) if file.endswith(".py") else native
             for file in dict.fromkeys(fault.file for fault in faults)}
    # All meet the quick tests before any meets the others: most are killed by these, so a run that
    # is stopped has said most of what there is to say. Those of Python come last.
    for most in () if report_only else (QUICK, math.inf):
        for fault in sorted(faults, key=lambda fault: fault.file.endswith(".py")):
            mine = tests[fault.file]
            while not results.killer(fault, mine):
                left = [test for test in results.left(fault, mine) if results.known.get(
                    (NONE, test.name), ("", test.seconds))[1] <= most]
                if not left:
                    break
                if (NONE, left[0].name) not in results.known:
                    results.ask_without(left[0], built)
                elif results.ask(fault, left[0]) in KILLS:
                    print(f"{fault.name}: killed by {left[0].name}", flush=True)
    alive = [fault for fault in faults if not results.killer(fault, tests[fault.file])]
    undecided = 0
    for fault in alive:
        left = results.left(fault, tests[fault.file])
        undecided += len(left) > 0
        asked = sum(key == fault.key() for key, _ in results.known)
        print(f"survivor {fault.name}, {fault.file}: {fault.line}\n"
              f"  {fault.old}\n  became {fault.new}\n  {asked} tests come by and pass"
              + f", {len(left)} to go" * bool(left))
    for (key, test_name), (result, _) in results.known.items():
        if key == NONE and result != "passed":
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
