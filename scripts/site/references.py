"""Makes what pages hold that follows from the code: the references of the Python and C
functions and of the options, the table and the plot of how fast it is, the pictures.

    python scripts/site/references.py [EQC] [--check]

EQC is the compiler; without it only what follows from sources and measurements is made, as
scripts/format.sh does. --check changes nothing, and says what is not as it would be made.
"""

from __future__ import annotations

import ast
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = "<!-- Made by scripts/site/references.py. -->\n\n"

# ------------------------------------------------------------------------------------------
# Python
# ------------------------------------------------------------------------------------------

MODULES = {"eqc": ["layer", "bilinear", "network", "program", "report", "space", "errors"],
           "eqc.torch": ["torch"], "eqc.jax": ["jax"], "eqc.interop": ["interop"]}


def public_names(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [element.value for element in node.value.elts]
    return None


def indented(docstring: str) -> str:
    """A docstring as Markdown: `Args:` and the like as lists, examples as code."""
    lines, out = docstring.splitlines(), []
    section = False
    for line in lines:
        if re.fullmatch(r"(Args|Returns|Raises|Attributes|Yields):", line):
            section = True
            out += ["", f"**{line[:-1]}**", ""]
        elif section and line.startswith("    ") and not line.startswith("        "):
            found = re.fullmatch(r"    ([\w, *]+): (.*)", line)
            out.append(f"- `{found[1]}`: {found[2]}" if found else f"- {line.strip()}"
                       if not out[-1].startswith("- ") else f"  {line.strip()}")
        elif section and line.strip():
            out.append(f"  {line.strip()}" if line.startswith(" ") else line)
            section = line.startswith(" ")
        else:
            out.append(line)
    return "\n".join(out)


def signature(node: ast.FunctionDef, name: str, bound: bool) -> str:
    arguments = ast.unparse(node.args)
    if bound:
        arguments = re.sub(r"^(self|cls)(, (?!/)|$)", "", arguments)
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"```python\n{name}({arguments}){returned}\n```\n"


def is_property(node: ast.FunctionDef) -> bool:
    return any(getattr(decorator, "id", "") == "property" for decorator in node.decorator_list)


def describe_function(node: ast.FunctionDef, owner: str, level: str) -> str:
    name = f"{owner}.{node.name}"
    text = f"{level} {node.name}\n\n"
    if not is_property(node):
        text += signature(node, name, owner[0].isupper() or "." in owner.removeprefix("eqc"))
    return text + "\n" + indented(ast.get_docstring(node) or "") + "\n\n"


def describe_class(node: ast.ClassDef, module: str) -> str:
    text = f"### {node.name}\n\n"
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    for method in methods:
        if method.name == "__init__":
            text += signature(method, f"{module}.{node.name}", True)
    text += "\n" + indented(ast.get_docstring(node) or "") + "\n\n"
    for method in methods:
        if not method.name.startswith("_") and ast.get_docstring(method):
            text += describe_function(method, node.name, "####")
    return text


def python_reference() -> str:
    text = MADE + "# Python functions\n\nWhat [Python](../Python.md) tells in order, by name.\n\n"
    for module, files in MODULES.items():
        text += f"## {module}\n\n"
        for file in ["__init__"] * (module == "eqc") + files:
            path = ROOT / "python" / "eqc" / f"{file}.py"
            tree = ast.parse(path.read_text())
            names = public_names(tree)
            for node in tree.body:
                if not hasattr(node, "name") or node.name.startswith("_") or (
                        names is not None and node.name not in names):
                    continue
                if not ast.get_docstring(node):
                    continue
                if isinstance(node, ast.ClassDef):
                    text += describe_class(node, module)
                elif isinstance(node, ast.FunctionDef):
                    text += describe_function(node, module, "###")
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


# ------------------------------------------------------------------------------------------
# C
# ------------------------------------------------------------------------------------------

HEADERS = {"eqc/runtime.h": "runtime/include/eqc/runtime.h",
           "eqc/compiler.h": "compiler/Library/include/eqc/compiler.h",
           "eqc/cuda.h": "runtime/cuda/include/eqc/cuda.h"}


def plain(comment: str) -> str:
    """The words of a C comment, as paragraphs; its code keeps its lines."""
    lines = [re.sub(r"^ {0,3}\*? ?", "", line).rstrip()
             for line in comment.strip().removeprefix("/*").removesuffix("*/").splitlines()]
    out, code = [], False
    for line in lines:
        isCode = line.startswith("  ")
        if isCode != code:
            out.append("```" if code else "\n```c")
        out.append(line.removeprefix("  ") if isCode else
                   re.sub(r"([<>*_|])", r"\\\1", line))
        code = isCode
    return "\n".join(out + ["```"] * code).strip()


def c_reference() -> str:
    text = MADE + ("# C functions\n\nThe headers that programs include; what a layer's own header "
                   "declares is in [CInterface](../CInterface.md).\n\n")
    for header, path in HEADERS.items():
        source = (ROOT / path).read_text()
        text += f"## {header}\n\n"
        pattern = re.compile(r"(/\*(?:(?!\*/).)*\*/)?\s*((?:EQC_API\s[^;{]*;|typedef (?:enum|struct) "
                             r"\w+ \{.*?\} \w+;)(?:\s*EQC_API\s[^;{]*;)*)", re.DOTALL)
        for comment, code in pattern.findall(source):
            names = re.findall(r"(\w+)\(|\} (\w+);", code)
            title = next((a or b for a, b in names if (a or b).startswith("eqc_")), None)
            if title is None:
                continue
            code = re.sub(r"\n\s*\n", "\n", code).replace("EQC_API ", "")
            text += f"### {title}\n\n```c\n{code.strip()}\n```\n\n"
            if comment and "===" not in comment:
                text += plain(comment) + "\n\n"
    return text.rstrip() + "\n"


# ------------------------------------------------------------------------------------------
# The command line
# ------------------------------------------------------------------------------------------


def run(eqc: Path, *arguments: str, **options) -> str:
    return subprocess.run([eqc, *arguments], check=True, capture_output=True, text=True,
                          **options).stdout


def options_reference(eqc: Path) -> str:
    general = run(eqc, "--help")
    text = MADE + ("# Options\n\nWhat `eqc --help` and `eqc COMMAND --help` print; "
                   "[The command line](../CommandLine.md) says more.\n\n```text\n"
                   + general + "```\n\n")
    for command in re.findall(r"^  (\w+) +[A-Z]", general, re.M):
        text += f"## eqc {command}\n\n```text\n{run(eqc, command, '--help')}```\n\n"
    return text.rstrip() + "\n"


# ------------------------------------------------------------------------------------------
# What is supported, and how fast
# ------------------------------------------------------------------------------------------

#: What each measured group stands for: the layer to show, and the words.
SHOWN = {"sets_1000": "sets, point clouds", "ign_mol": "graphs: molecules",
         "ign_social_50": "graphs: social networks", "pelican_jet": "jets of particles",
         "kwl3_20": "triples of nodes (3-WL)", "tensornet_128": "atoms (TensorNet)",
         "elastic_33": "tensors of materials", "chiral_33": "chiral molecules",
         "symplectic_8_33": "phase space", "tiny_1": "small layers, latency"}
READERS = ROOT / "docs" / "benchmarks" / "readers.json"
WORDS = {"torch-factored": "PyTorch", "torch-factored-compiled": "PyTorch, compiled",
         "torch-stacked": "PyTorch", "torch-stacked-compiled": "PyTorch, compiled",
         "torch-split": "PyTorch", "torch-split-compiled": "PyTorch, compiled",
         "jax-factored": "JAX", "e3nn": "e3nn", "einsum": "opt_einsum", "dense-gemm": "one matrix"}


def time_text(seconds: float) -> str:
    for unit, size in ("s", 1), ("ms", 1e-3), ("us", 1e-6):
        if seconds >= size:
            return f"{seconds / size:.3g}\u00a0{unit}"
    return f"{seconds * 1e9:.3g}\u00a0ns"


def shown_cases() -> list[tuple[str, dict, dict | None]]:
    """Words, the case with one thread, and the same with two where that was measured."""
    found = {1: {}, 2: {}}  # by threads, then layers
    for result in json.loads(READERS.read_text())["results"]:
        for case in result["cases"]:
            if case["threads"] in found:
                found[case["threads"]].setdefault((case["layer"], case["batch"]), case)
    shown = []
    for name, words in SHOWN.items():
        case = next((case for (layer, _), case in found[1].items() if layer == name), None)
        if case:
            shown.append((words, case, found[2].get((name, case["batch"]))))
    return shown


def supported_table() -> str:
    rows = ["| for | ratio | two threads | eqc | next best | layer | samples |",
            "| --- | --- | --- | --- | --- | --- | --- |"]
    for words, case, both in shown_cases():
        two = f"{both['ratio']:.1f}" if both else ""
        layer = (f"{case['group']}({case['n']}), order {case['k']} → {case['l']}, "
                 f"channels {case['c_in']} → {case['c_out']}")
        best = case["best_baseline"]
        # Parts that stay in one line.
        layer = layer.replace(" → ", "\u00a0→\u00a0").replace("channels ", "channels\u00a0")
        layer = layer.replace("order ", "order\u00a0")
        rows.append(f"| {words} | **{case['ratio']:.1f}** | {two} | "
                    f"{time_text(case['times']['eqc']['median'])} | "
                    f"{time_text(case['times'][best]['median'])}, {WORDS[best]} | "
                    f"{layer} | {case['batch']} |")
    return "\n".join(rows) + "\n"


#: Frameworks of the plot, with their colours: those of Okabe and Ito.
FRAMEWORKS = {"PyTorch": "#d55e00", "JAX": "#0072b2", "e3nn": "#009e73"}


def ratios_plot() -> str:
    """Times of others over those of eqc, for the layers of the table: the best that each
    framework makes of it, as dots on a logarithmic axis; rings with two threads."""
    left, right, top, step = 180, 500, 76, 26
    dots = []  # (row, colour, threads, ratio), those of one thread above the others
    cases = shown_cases()
    for row, (_, one, both) in enumerate(cases):
        for case in filter(None, (both, one)):
            for framework, colour in FRAMEWORKS.items():
                theirs = [times["median"] for name, times in case["times"].items()
                          if WORDS.get(name, "").split(",")[0] == framework]
                if theirs:
                    dots.append((row, colour, case["threads"],
                                 min(theirs) / case["times"]["eqc"]["median"]))
    bottom = top + step * len(cases)
    doublings = math.ceil(math.log2(max(ratio for *_, ratio in dots)))

    def across(ratio: float) -> float:
        return left + (right - left) * math.log2(ratio) / doublings

    def text(x: float, y: float, words: str, anchor: str = "start") -> None:
        lines.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>')

    def mark(x: float, y: float, colour: str, threads: int) -> None:
        fill = colour if threads == 1 else "#ffffff"
        lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" '
                     f'stroke="{colour}" stroke-width="1.6"/>')

    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<svg xmlns="http://www.w3.org/2000/svg" width="{right + 20}" height="{bottom + 34}" '
             f'viewBox="0 0 {right + 20} {bottom + 34}" font-family="sans-serif" font-size="13">',
             '<rect width="100%" height="100%" fill="#ffffff"/>']
    text(12, 20, "time of a call over that of eqc; further right is slower")
    for i, (framework, colour) in enumerate(FRAMEWORKS.items()):
        mark(20 + 90 * i, 42, colour, 1)
        text(30 + 90 * i, 46, framework)
    if any(both for _, _, both in cases):
        mark(290, 42, "#555555", 1)
        text(300, 46, "one thread")
        mark(390, 42, "#555555", 2)
        text(400, 46, "two threads")
    for ratio in (2**i for i in range(doublings + 1)):
        lines.append(f'<path d="M{across(ratio):.1f} {top - 8}V{bottom}" stroke="#cccccc" '
                     f'stroke-width="{2 if ratio == 1 else 1}"/>')
        text(across(ratio), bottom + 18, "eqc" if ratio == 1 else f"{ratio}x", "middle")
    for row, (words, _, _) in enumerate(cases):
        text(left - 14, top + step * (row + 0.4) + 4, words, "end")
    for row, colour, threads, ratio in dots:
        mark(across(ratio), top + step * (row + 0.4), colour, threads)
    return "\n".join([*lines, "</svg>"]) + "\n"


def with_generated(path: Path, name: str, text: str) -> str:
    """A page with what stands between two of its comments replaced."""
    page = path.read_text()
    pattern = re.compile(rf"(<!-- generated: {name} -->\n)(.*?)(<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{path}: no '<!-- generated: {name} -->'")
    return pattern.sub(lambda found: found[1] + "\n" + text + "\n" + found[3], page)


# ------------------------------------------------------------------------------------------
# Pictures
# ------------------------------------------------------------------------------------------


def pictures(eqc: Path) -> dict[Path, str]:
    """Those of docs/pictures: a page's `.eq` blocks with `picture=NAME`, `plan` for the plan."""
    made = {}
    for page in sorted((ROOT / "docs").glob("*.md")):
        for info, source in re.findall(r"^(?:```|<!-- docs: )eq ([^\n]*picture=[^\n]*)\n(.*?)^(?:```|-->)", page.read_text(),
                                       re.M | re.DOTALL):
            words = dict(word.partition("=")[::2] for word in info.split())
            arguments = [f"--plan={words['plan']}"] if "plan" in words else []
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "picture.eq"
                file.write_text(source)
                # The machine does not show in a picture of a plan that is asked for.
                made[ROOT / "docs/pictures" / f"{words['picture']}.svg"] = run(
                    eqc, "draw", str(file), "-o", "-", *arguments)
    return made


def main() -> int:
    check, programs = "--check" in sys.argv, [word for word in sys.argv[1:] if word != "--check"]
    generated = ROOT / "docs" / "Generated"
    wanted = {generated / "PythonReference.md": python_reference(),
              generated / "CReference.md": c_reference(),
              ROOT / "docs" / "pictures" / "ratios.svg": ratios_plot()}
    for eqc in programs:
        eqc = Path(eqc).resolve()
        wanted |= {generated / "Options.md": options_reference(eqc), **pictures(eqc)}
    for page in ("index.md", "Supported.md"):
        path = ROOT / "docs" / page
        wanted[path] = with_generated(path, "supported", supported_table())
    stale = [path for path, text in wanted.items()
             if not path.exists() or path.read_text() != text]
    for path in stale:
        if not check:
            path.write_text(wanted[path])
        print(path.relative_to(ROOT))
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
