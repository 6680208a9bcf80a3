"""Assembles the kernels of layers for some chips: none may spill registers.

assemble.py EQC: exits with 77, for "skipped", where there is no ptxas.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LAYERS = {
    # Shapes of networks, in both dtypes, with n fixed and not.
    "ign": ("group = S; n = 20; k = 2; l = 2; channels = 16 -> 16; bias = true", "sm_90"),
    "pelican": ("group = S; n = 80; k = 2; l = 2; channels = 35 -> 60", "sm_90"),
    "any": ("group = S; n = ?; k = 2; l = 2; channels = 32 -> 32", "sm_75"),
    "sets": ("group = S; n = 1000; k = 1; l = 1; channels = 64 -> 64", "sm_120"),
    "tensornet": ("group = O; n = 3; k = 2; l = 2; channels = 64 -> 64", "sm_100"),
    "wide": ("group = O; n = 3; k = 2; l = 2; channels = 128 -> 128; dtype = f64", "sm_80"),
    "elastic": ("group = O; n = 3; k = 4; l = 4; channels = 32 -> 32", "sm_90"),
}

# Every chip that eqc knows, by a small layer.
for number in (75, 80, 86, 87, 89, 90, 100, 103, 110, 120, 121):
    LAYERS[f"small_{number}"] = ("group = S; n = 5; k = 1; l = 1; channels = 4 -> 3",
                                 f"sm_{number}")


def main(eqc):
    ptxas = shutil.which("ptxas")
    if not ptxas:
        print("no ptxas on the search path")
        return 77
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        source, ptx = pathlib.Path(folder, "a.eq"), pathlib.Path(folder, "a.ptx")
        for name, (fields, chip) in LAYERS.items():
            source.write_text(f"layer {name} {{ {fields} }}\n")
            subprocess.run([eqc, "compile", source, "--target=cuda", f"--chip={chip}",
                            "--emit=ptx", "-o", ptx], check=True)
            result = subprocess.run([ptxas, "-v", f"-arch={chip}", ptx, "-o",
                                     pathlib.Path(folder, "a.cubin")],
                                    stderr=subprocess.PIPE, text=True, check=False)
            if result.returncode != 0:
                print(f"{name}: ptxas refuses it\n{result.stderr}")
                status = 1
                continue
            kernels = re.findall(
                r"entry function '([^']+)'.*\n.*Function properties.*\n"
                r".* (\d+) bytes spill stores, (\d+) bytes spill loads\n"
                r".*Used (\d+) registers", result.stderr)
            for kernel, stores, loads, _ in kernels:
                if stores != "0" or loads != "0":
                    print(f"{name} on {chip}: {kernel} spills {stores} and {loads} bytes")
                    status = 1
            if not kernels:
                print(f"{name} on {chip}: ptxas reports no kernel")
                status = 1
            most = max((int(kernel[3]) for kernel in kernels), default=0)
            print(f"{name} on {chip}: {len(kernels)} kernels, at most {most} registers")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
