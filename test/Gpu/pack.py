"""Packs a small folder and runs its one command on the stand-in driver, with nothing of the
build tree in reach: pack.py SCRIPTS BUILD STANDIN PYTHON WORK."""

import os
import pathlib
import shutil
import subprocess
import sys


def run(command, expected, env):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=env, check=False)
    print(result.stdout)
    if result.returncode != expected:
        sys.exit(f"{command[0]}: status {result.returncode}, not {expected}")
    return result.stdout


def main(scripts, build, standin, python, work):
    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    folder = work / "packed"
    run([f"{scripts}/pack-gpu-test.sh", folder, "--groups=SO Sp", "--plans=shared schur",
         "--every=24", "--suite=tiny", "--chips=sm_80", "--no-libeqc"], 0,
        {**os.environ, "BUILD": build, "EQC_PACK_BUILT": "1"})

    # Away from where it was made, so that nothing is found by its path.
    moved = work / "moved"
    folder.rename(moved)
    driver = moved / "libcuda.so.1"
    shutil.copy(standin, driver)
    # A workload that an interpreter gets through.
    shutil.unpack_archive(moved / "layers.tar.xz", moved)
    (moved / "suite" / "tiny.json").write_text(
        '{"name": "tiny", "stands_for": "a test", "cases": [{"layer": "tiny_1", "batch": 1}]}')
    env = {"PATH": "/usr/bin:/bin", "EQC_CUDA_DRIVER": str(driver), "EQC_GPU_MOST": "2e4", "PYTHON": python,
           "EQC_GPU_MIN_TIME": "0.001", "EQC_GPU_ONCE": "1"}
    out = run([moved / "test-gpu.sh"], 0, {**env, "EQC_STANDIN_CHIP": "80"})
    for line in ("device: stand-in of sm_80", "check: ok", "sanitizer: skipped", "bench: ok",
                 "frameworks: skipped, ", "peers: skipped, "):
        if line not in out:
            sys.exit(f"'{line}' is not printed")
    summary = (moved / "results" / "check.log").read_text().splitlines()[-1]
    if " 0 of " in summary or "agree with the definition" not in summary:
        sys.exit(f"nothing was checked: {summary}")

    # What is wrong is found: another library under the name.
    names = sorted((moved / "sweep").glob("*.so"))
    shutil.copy(names[-1], names[0])
    out = run([moved / "test-gpu.sh"], 1, {**env, "EQC_STANDIN_CHIP": "80"})
    if "check: FAILED" not in out:
        sys.exit("a wrong library is not noticed")
    out = run([moved / "test-gpu.sh"], 2, {**env, "EQC_CUDA_DRIVER": "/nowhere/libcuda.so.1"})
    if "no CUDA driver" not in out:
        sys.exit("a machine without a GPU is not told so")
    shutil.rmtree(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
