"""disk.py EQC SOURCE: compiles on file systems that are too small, and into a folder that is taken
away meanwhile. Old files stay as they were, and nothing else is left. Within a name space where
this may mount (unshare -rm)."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

eqc, source = sys.argv[1:]
top = Path(tempfile.mkdtemp())


def compile_in(folder: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run([eqc, "compile", source, "-O0", "--cpu=native", *options,
                           "-o", folder / "a.out", "--header=" + str(folder / "a.h")],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "TMPDIR": str(folder)})
    return done.returncode, done.stderr


for kind in ("obj", "shared"):
    seen = set()
    for kilobytes in (8, 16, 32, 64, 128, 4096):
        folder = top / f"{kind}-{kilobytes}"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder],
                       check=True)
        (folder / "a.out").write_text("old object")
        (folder / "a.h").write_text("old header")
        status, said = compile_in(folder, "--emit=" + kind)
        seen.add(status)
        files = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
        old = files == {"a.out": b"old object", "a.h": b"old header"}
        new = (files.keys() == {"a.out", "a.h"} and files["a.out"].startswith(b"\x7fELF")
               and b"f_forward" in files["a.h"])
        if not (new if status == 0 else old and status == 3 and "No space left" in said):
            print(f"{kind}, {kilobytes} KiB: status {status}, {sorted(files)}: {said}")
        subprocess.run(["umount", folder], check=True)
    print(kind, "ends with", *sorted(seen))

# The header goes to a FIFO, where eqc waits with the object under a temporary name.
folder = top / "gone"
folder.mkdir()
os.mkfifo(top / "fifo")
with subprocess.Popen([eqc, "compile", source, "-O0", "--cpu=native", "-o", folder / "a.out",
                       "--header=" + str(top / "fifo")], stderr=subprocess.PIPE, text=True) as process:
    while process.poll() is None and not os.listdir(folder):
        time.sleep(0.01)
    for name in os.listdir(folder):
        (folder / name).unlink()
    folder.rmdir()
    (top / "fifo").read_text()
    print("gone:", process.stderr.read().strip(), "status", process.wait(30), folder.exists())
(top / "fifo").unlink()
