"""interrupt.py SIGNAL FOLDER COMMAND..: runs the command, sends it the signal
once a temporary file of eqc is in the folder, and tells how it ended."""

import os
import signal
import subprocess
import sys
import time

name, folder, command = sys.argv[1], sys.argv[2], sys.argv[3:]
number = getattr(signal, "SIG" + name)


def heed():
    # Background jobs of a shell ignore SIGINT, which would be inherited.
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)


process = subprocess.Popen(command, preexec_fn=heed)
try:
    deadline = time.time() + 30
    while time.time() < deadline and process.poll() is None:
        names = sorted(os.listdir(folder))
        if any(n.startswith(".eqc-") for n in names):
            time.sleep(0.3)  # to fill the file and go on to where it waits
            break
        time.sleep(0.01)
    print("while waiting:", *names, flush=True)
    process.send_signal(number)
    status = process.wait(30)
    print("ended by a signal" if status < 0 else f"ended with status {status}")
finally:
    process.kill()
