"""The code blocks of a page, in order.

A block is what stands between fences, or an indented paragraph. Its first word says the
language; further words of the fence say how it is run (runners.py). What a reader does not
need to see stands in a comment of the page:

    <!-- docs: c before
    #include "graph.h"
    -->
    <!-- docs: not run: installs packages -->

The first is a block like any other; the second says why the block after it is not run.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path


@dataclasses.dataclass
class Block:
    page: Path
    line: int  # of its first line of code, from 1
    language: str
    words: dict[str, str]
    code: str
    not_run: str = ""  # why

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*(.*?)\s*$")
HIDDEN = re.compile(r"^<!-- docs: (.*?)\s*(-->)?$")
#: What an indented paragraph is, by how it starts. All else is a formula or a sketch.
INDENTED = {"sh": re.compile(r"(eqc|eqc-opt|bash|cmake|cc|clang\S*|pip|python3?) [-\w./]"),
            "eq": re.compile(r"(#.*\n\s*)*layer \w+ \{")}


def _words(info: str) -> tuple[str, dict[str, str]]:
    language, *rest = info.split() or [""]
    return language, {key: value for key, _, value in (word.partition("=") for word in rest)}


def read_blocks(page: Path) -> list[Block]:
    lines = page.read_text().splitlines()
    blocks: list[Block] = []
    not_run = ""

    def add(line: int, info: str, code: list[str]) -> None:
        nonlocal not_run
        language, words = _words(info)
        blocks.append(Block(page, line, language, words, "\n".join(code) + "\n", not_run))
        not_run = ""

    def until(start: int, is_end) -> int:
        for index in range(start, len(lines)):
            if is_end(lines[index]):
                return index
        raise ValueError(f"{page.name}:{start}: this block does not end")

    index, blank_before, said = 0, True, ""
    while index < len(lines):
        line = lines[index]
        if hidden := HIDDEN.match(line):
            info = hidden[1]
            if info.startswith("not run: "):
                if not hidden[2]:
                    raise ValueError(f"{page.name}:{index + 1}: the comment does not end here")
                not_run = info.removeprefix("not run: ")
            elif hidden[2]:
                add(index + 1, info, [])
            else:
                end = until(index + 1, lambda text: text == "-->")
                add(index + 2, info, lines[index + 1:end])
                index = end
        elif fence := FENCE.match(line):
            indent, ticks, info = fence.groups()
            end = until(index + 1, lambda text: text.strip() == ticks)
            add(index + 2, info, [text.removeprefix(indent) for text in lines[index + 1:end]])
            index = end
        elif line.startswith("    ") and blank_before:
            end = index
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            code = [text[4:] for text in lines[index:end]]
            while code and not code[-1].strip():
                code.pop()
            text = "\n".join(code)
            language = next((name for name, start in INDENTED.items() if start.match(text)),
                            "text")
            # What is refused; the test of the error pages runs it, with its options.
            if said in ("Wrong:", "Right:") and page.name == "Diagnostics.md":
                language = "text"
            add(index + 1, language, code)
            index = end - 1
        said = lines[index].strip() or said
        index += 1
        blank_before = index > 0 and not lines[index - 1].strip()
    if not_run:
        raise ValueError(f"{page.name}: 'not run' without a block after it")
    return blocks
