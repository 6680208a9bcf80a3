"""error_pages.py EQC CC INCLUDE LIBRARY: runs the examples of `eqc explain ID`, and says which
errors and statuses have none."""

import re
import subprocess
import sys
from pathlib import Path

EQC, CC, INCLUDE, LIBRARY = sys.argv[1:]
ROOT = Path(__file__).parents[3]
HARNESS = """
#include "pairs.h"
#include <stdio.h>
#include <stdlib.h>
static float x[64 * 64 * 64], y[64 * 64 * 64], weight[64];
static void *none(size_t size, size_t align, void *ctx) { return NULL; }
static void put(void *p, size_t size, void *ctx) {}
static int lazy(int64_t tasks, void (*task)(int64_t, void *), void *arg, void *ctx) { return 0; }
int main(void) {
  eqc_set_num_threads(4);
  (void)none, (void)put, (void)lazy;
  printf("%d\\n", WRONG);
  printf("%d\\n", RIGHT);
  return 0;
}
"""
#: What no target of this version gives, as its page says.
UNSEEN = {"E0098"}
#: What takes another machine, or another object, to be seen.
ELSEWHERE = {"EQC_ERR_UNSUPPORTED_CPU", "EQC_ERR_NO_DEVICE", "EQC_ERR_CUDA", "EQC_ERR_SELFTEST"}


def page_of(name: str) -> str:
    return subprocess.run([EQC, "explain", name], capture_output=True, text=True,
                          check=True).stdout


def example(page: str, kind: str) -> tuple[list[str], str] | None:
    """The options and the text of an example."""
    found = re.search(rf"^{kind}(?:, with `(.*)`)?:\n\n((?:    .*\n)+)", page, re.MULTILINE)
    return found and ((found[1] or "").split(), re.sub("^    ", "", found[2], flags=re.MULTILINE))


def source_of(text: str) -> bytes:
    lines = []
    for line in text.splitlines():
        if found := re.search(r"\{(\d+)\.\.(\d+)\}", line):
            lines += [line.replace(found[0], str(i))
                      for i in range(int(found[1]), int(found[2]) + 1)]
        elif line.startswith("# rates.json: "):
            Path("rates.json").write_text(line.split(": ", 1)[1])
        else:
            lines.append(line)
    return re.sub(rb"\\x([0-9A-F]{2})", lambda byte: bytes([int(byte[1], 16)]),
                  "\n".join(lines).encode())


def errors_of(options: list[str], text: str) -> tuple[int, list[str]]:
    emit = [] if options else ["--emit=eq"]
    done = subprocess.run([EQC, "compile", "-", "-O0", "-o", "out", *emit, *options],
                          input=source_of(text), capture_output=True, check=False)
    return done.returncode, re.findall(r"\[(E\d+)\]", done.stderr.decode())


def check_errors() -> list[str]:
    wrong = []
    table = (ROOT / "compiler/Frontend/Diagnostics.def").read_text()
    for code, status in re.findall(r'EQC_DIAG\("(E\d+)", \w+, (\d)', table):
        page = page_of(code)
        if code in UNSEEN:
            continue
        examples = example(page, "Wrong"), example(page, "Right")
        if None in examples or "\nFix: " not in page:
            wrong.append(f"{code} has no examples: write them in DiagnosticExamples.def")
            continue
        got = errors_of(*examples[0])
        if got[0] != int(status) or code not in got[1]:
            wrong.append(f"{code}: the wrong example gives {got}")
        if (got := errors_of(*examples[1])) != (0, []):
            wrong.append(f"{code}: the right example gives {got}")
    return wrong


def check_statuses() -> list[str]:
    wrong = []
    Path("pairs.eq").write_text("layer pairs { group = S; n = ?; k = 2; l = 2 }\n")
    subprocess.run([EQC, "compile", "pairs.eq", "-O0", "--plan=factored"], check=True)
    header = (ROOT / "runtime/include/eqc/runtime.h").read_text()
    for name, value in re.findall(r"(EQC_ERR_\w+) = (-\d+)", header):
        try:
            page = page_of(name)
        except subprocess.CalledProcessError:
            wrong.append(f"{name} has no page: write it in Statuses.def")
            continue
        examples = example(page, "Wrong"), example(page, "Right")
        if None in examples or "\nFix: " not in page:
            wrong.append(f"{name} has no examples")
        elif name not in ELSEWHERE:
            calls = [text.strip() for _, text in examples]
            program = HARNESS.replace("WRONG", calls[0]).replace("RIGHT", calls[1])
            Path("call.c").write_text(program)
            subprocess.run([CC, "-I.", "-I" + INCLUDE, "call.c", "pairs.o", LIBRARY, "-lm",
                            "-lpthread", "-o", "call"], check=True)
            got = subprocess.run(["./call"], capture_output=True, text=True, check=True).stdout
            if got.split() != [value, "0"]:
                wrong.append(f"{name}: the examples return {got.split()}")
    return wrong


if __name__ == "__main__":
    found = check_errors() + check_statuses()
    print("\n".join(found or ["all examples do what they say"]))
    sys.exit(1 if found else 0)
