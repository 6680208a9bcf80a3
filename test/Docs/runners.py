"""How the blocks of a page are run, by language.

A page is run in a folder that looks like a clone of the repository after scripts/build.sh.
What blocks leave there, later blocks of the page find.

eq      saved under file=NAME or the name of its first layer; `eqc explain` has to take it
sh      by bash; it has to succeed
output  what the sh block before it writes to standard output; a line `...` stands for any lines
c, cpp  saved under file=NAME if there is one; without warnings as C99 or C++17. `before`
        stands in front of all later ones, `body` is put into a function
cmake   a project that is configured and built; `before` as for c
python  one session for the page, after all the rest has run, see session.py; `new` starts
        another one
mlir    eqc-opt has to take it; a piece of a function has to be in a test of the dialect, under
        whatever names, unless it stands alone
text    nothing that runs. MLIR that is abridged or lacks what it uses is text
env     NAME=VALUE lines for all that follows
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from blocks import Block

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ["EQC_TEST_SOURCE"])
BUILD = Path(os.environ["EQC_TEST_BUILD"])
LLVM = Path(os.environ["EQC_TEST_LLVM"])

#: These install, build or test all of eqc, which was done before this test runs.
DONE_BEFORE = ("install-deps.sh", "setup-python.sh", "build.sh", "demo.sh", "test.sh")


class Failure(Exception):
    pass


class Page:
    def __init__(self, folder: Path, prefix: Path):
        self.folder = folder
        self.before = {"c": "", "cpp": "", "cmake": ""}
        self.output = ""
        self.python: list[tuple[int, str]] = []
        self.projects = 0
        self._make_clone()
        path = [folder / "path", BUILD / "bin", LLVM, "/usr/local/bin", "/usr/bin", "/bin"]
        self.environment = {
            **{name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ},
            "PATH": ":".join(map(str, path)), "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(folder / "python"), "PYTHONDONTWRITEBYTECODE": "1",
            "CMAKE_PREFIX_PATH": str(prefix),
            "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig"), "CC": str(LLVM / "clang"),
            "CXX": str(LLVM / "clang++"), "EQC_CACHE_DIR": str(folder / "cache")}

    def _make_clone(self) -> None:
        for path in SOURCE.iterdir():
            if path.name not in ("build", "python", "scripts") and not path.name.startswith(
                    (".git", "build-")):
                (self.folder / path.name).symlink_to(path)
        # pip writes into the folder that it installs from.
        shutil.copytree(SOURCE / "python", self.folder / "python",
                        ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
        for name in ("build", "scripts", "path"):
            (self.folder / name).mkdir()
        for name in ("bin", "lib"):
            (self.folder / "build" / name).symlink_to(BUILD / name)
        for path in (SOURCE / "scripts").iterdir():
            copy = self.folder / "scripts" / path.name
            if path.name in DONE_BEFORE:
                self._program(copy, "exit 0")
            else:
                copy.symlink_to(path)
        self._program(self.folder / "path" / "pip",
                      f'exec {sys.executable} -m pip "$@" --quiet --no-index --no-deps '
                      f"--no-build-isolation --target {self.folder / 'site'}")
        self._program(self.folder / "path" / "cc", f'exec {LLVM}/clang "$@"')
        for name in ("python", "python3"):
            self._program(self.folder / "path" / name, f'exec {sys.executable} "$@"')

    @staticmethod
    def _program(path: Path, text: str) -> None:
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def _run(self, block: Block, *command, **options) -> str:
        result = subprocess.run([str(part) for part in command], cwd=self.folder, text=True,
                                env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)
        if result.returncode != 0:
            raise Failure(f"{block}: exit status {result.returncode}\n\n{block.code}\n"
                          f"{result.stdout}{result.stderr}")
        return result.stdout

    def run(self, block: Block) -> None:
        if block.not_run:
            return
        runner = getattr(self, f"run_{block.language}", None)
        if runner is None:
            raise Failure(f"{block}: a block of '{block.language}' cannot be run; the first word "
                          "of its fence is one of eq, sh, output, c, cpp, cmake, python, mlir, "
                          "text, or a comment before it says why it is not run")
        runner(block)

    # Languages.

    def run_text(self, block: Block) -> None:
        del block

    def run_env(self, block: Block) -> None:
        self.environment.update(line.split("=", 1) for line in block.code.splitlines())

    def run_eq(self, block: Block) -> None:
        name = block.words.get("file") or re.search(r"layer (\w+)", block.code)[1] + ".eq"
        (self.folder / name).write_text(block.code)
        self._run(block, "eqc", "explain", name)

    def run_sh(self, block: Block) -> None:
        self.output = self._run(block, "bash", "-euo", "pipefail", "-c", block.code)

    def run_output(self, block: Block) -> None:
        wanted = [line.rstrip() for line in block.code.strip("\n").split("\n")]
        pattern = "\n".join(r"[\s\S]*?" if line == "..." else re.escape(line) for line in wanted)
        found = "\n".join(line.rstrip() for line in self.output.strip("\n").split("\n"))
        if not re.fullmatch(pattern, found):
            raise Failure(f"{block}: the page shows\n{block.code}\nand it is\n{found}")

    def _compile(self, block: Block, language: str, compiler: str, standard: str) -> None:
        if "before" in block.words:
            self.before[language] += block.code
            return
        if name := block.words.get("file"):
            (self.folder / name).write_text(block.code)
        code = f'#line {block.line} "{block.page.name}"\n{block.code}'
        if "body" in block.words:
            code = f"int page_{block.line}(void);\nint page_{block.line}(void) {{\n{code}return 0;\n}}\n"
        self._run(block, compiler, f"-std={standard}", "-fsyntax-only", "-Wall", "-Wextra",
                  "-Wno-unused", "-Werror", "-I", ".", "-I", "runtime/include",
                  "-I", "runtime/cuda/include", "-I", "compiler/Library/include", "-x", "c" if language == "c" else "c++", "-",
                  input=self.before[language] + code)

    def run_c(self, block: Block) -> None:
        self._compile(block, "c", "clang", "c99")

    def run_cpp(self, block: Block) -> None:
        self._compile(block, "cpp", "clang++", "c++17")

    def run_cmake(self, block: Block) -> None:
        if "before" in block.words:
            self.before["cmake"] += block.code
            return
        code = self.before["cmake"] + block.code
        if "project(" not in code:
            code = "cmake_minimum_required(VERSION 3.25)\nproject(page C)\n" + code
        self.projects += 1
        project, build = self.folder / f"project{self.projects}", f"build/project{self.projects}"
        # Beside copies of the files that blocks have left.
        project.mkdir()
        for path in self.folder.iterdir():
            if path.is_file() and not path.is_symlink():
                shutil.copy(path, project)
        (project / "CMakeLists.txt").write_text(code)
        self._run(block, "cmake", "-G", "Ninja", "-S", project, "-B", build)
        self._run(block, "cmake", "--build", build)

    def run_python(self, block: Block) -> None:
        if "new" in block.words:
            self.finish()
        self.python.append((block.line, block.code))
        self.page = block.page

    def finish(self) -> None:
        """Runs the Python that has come together; a page's last step."""
        if not self.python:
            return
        session, self.python = self.python, []
        result = subprocess.run([sys.executable, HERE / "session.py", self.page.name],
                                input=json.dumps(session), cwd=self.folder, text=True,
                                env=self.environment, capture_output=True)
        if result.returncode != 0:
            raise Failure(f"{self.page.name}: Python\n{result.stdout}{result.stderr}")

    def run_mlir(self, block: Block) -> None:
        code = block.code
        if re.match(r"\s*%", code):
            # Operands come from other operations, which the tests of the dialect have.
            if any(_without_names(code) in text for text in _dialect_tests()):
                return
            arguments = dict(re.findall(r"(%\w+) : (tensor<[^>]*>)", code))
            code = (f"func.func @page({', '.join(f'{n} : {t}' for n, t in arguments.items())}) "
                    f"{{\n{code}return\n}}\n")
        self._run(block, "eqc-opt", "-", "-o", os.devnull, input=code)


def _without_names(code: str) -> str:
    return re.sub(r"%\w+", "%", re.sub(r"\s+", "", code))


@functools.cache
def _dialect_tests() -> list[str]:
    return [_without_names(path.read_text())
            for path in (SOURCE / "test" / "Dialect" / "Eqc").glob("*.mlir")]
