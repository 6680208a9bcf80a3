"""What a reader must know of the machine; never its name."""

import os
import platform
import re
from importlib import metadata


def describe():
    cpu, flags = "unknown CPU", ""
    try:
        with open("/proc/cpuinfo") as file:
            text = file.read()
        found = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
        cpu = found.group(1) if found else cpu
        found = re.search(r"^flags\s*:\s*(.*)$", text, re.M)
        flags = found.group(1) if found else ""
    except OSError:
        pass
    levels = [name for name in ("sse4_2", "avx2", "fma", "avx512f")
              if name in flags.split()]
    caches = {}
    base = "/sys/devices/system/cpu/cpu0/cache"
    for index in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        try:
            level, kind, size = (
                open(os.path.join(base, index, name)).read().strip()
                for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            caches["L" + level] = size
    versions = {}
    for name in ("torch", "jax", "e3nn", "opt_einsum", "numpy"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    cpus = (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
            else os.cpu_count())
    return {"cpu": cpu, "architecture": platform.machine(), "cpus": cpus,
            "vectors": levels, "caches": caches,
            "python": platform.python_version(), "versions": versions}
