"""Puts into `output` blocks what the commands before them print now.

    python update_outputs.py docs/Architecture.md ..

Blocks with a line `...` say less than all of it: they are left as they are, and named where
they are no longer true. `ninja eqc-update-page-outputs` runs this for the pages that show IR.
"""

import sys
import tempfile
from pathlib import Path

from blocks import read_blocks
from runners import BUILD, Failure, Page


def update(page: Path) -> list[str]:
    """What has to be mended by hand."""
    by_hand = []
    lines = page.read_text().splitlines()
    moved = 0  # how many lines were added so far
    with tempfile.TemporaryDirectory() as folder:
        clone = Page(Path(folder), BUILD)
        for block in read_blocks(page):
            if block.language not in ("eq", "sh", "output", "env"):
                continue
            try:
                clone.run(block)
                continue
            except Failure as failure:
                old = [] if block.code == "\n" else block.code.splitlines()
                if block.language != "output" or "..." in old:
                    by_hand.append(str(failure))
                    continue
            new = [line.rstrip() for line in clone.output.strip("\n").splitlines()]
            first = block.line - 1 + moved
            lines[first:first + len(old)] = new
            moved += len(new) - len(old)
    page.write_text("\n".join(lines) + "\n")
    return by_hand


if __name__ == "__main__":
    failures = [failure for name in sys.argv[1:] for failure in update(Path(name).resolve())]
    sys.exit("\n\n".join(failures) if failures else 0)
