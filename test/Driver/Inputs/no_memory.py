"""no_memory.py PRELOAD EVERY FOLDER COMMAND..: where a command gets no memory at some request, it
ends with status 4, and what is in the folder stays as it was.

EVERY-th requests are tried (Inputs/allocations.c): for memory that is gone for good, and for a
single request, which the C library does without here and there. Of the last ones, while files
are written, the whole command runs each time.
"""

import os
import subprocess
import sys
from pathlib import Path

preload, every, folder, *command = sys.argv[1:]
log = Path(folder + ".log")


def run(**how: int) -> int:
    environment = {**os.environ, "LD_PRELOAD": preload, "LOG": str(log),
                   **{name: str(value) for name, value in how.items()}}
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode


def contents() -> dict[str, bytes]:
    return {name: Path(folder, name).read_bytes() for name in sorted(os.listdir(folder))}


before = contents()
requests, wrong = 0, []
for once in (0, 1):
    run(EVERY=int(every), ONCE=once)
    words = [part.split() for part in log.read_text().replace("\0", "").split("request")]
    requests, refused = int(words[0][0]), int(words[0][1])
    wrong += [f"request {number}, once {once}: status {status}"
              for number, _, status in words[1:] if not (once and status == "0")]
    print(f"{refused} of {requests} requests refused{' once' * once}")
    for name in os.listdir(folder):
        os.unlink(Path(folder, name))
    for name, data in before.items():
        Path(folder, name).write_bytes(data)
tried = range(max(1, requests - 12 * int(every)), requests, max(1, int(every) // 2))
for at in tried if before else ():
    status = run(AT=at)
    if status != 4:
        wrong.append(f"request {at}: status {status}")
    if contents() != before:
        wrong.append(f"request {at} left {sorted(contents())}")
print("\n".join(wrong[:20]) or "all end as they should")
