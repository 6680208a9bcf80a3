# lit's configuration: which files are tests and what their RUN lines may use.

import os
import subprocess

import lit.formats
from lit.llvm import llvm_config

config.name = "eqc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".eq", ".test"]
# Inputs that several tests share, and programs that ctest runs by itself.
config.excludes = ["Package", "Inputs", "Integration", "Benchmark", "Kernels", "Corpus", "Regressions", "Mutation"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.eqc_obj_root, "test")

llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
# scripts/mutation-score.sh chooses faults by these.
for name in ["EQC_FAULT", "EQC_FAULTS_REACHED"]:
    if name in os.environ:
        config.environment[name] = os.environ[name]
# Messages of the C library must not follow the tester's language.
llvm_config.with_environment("LC_ALL", "C")
# FileCheck's variables must be said to be global by a leading `$`.
llvm_config.with_environment("FILECHECK_OPTS", "-enable-var-scope")

for tool in ["FileCheck", "not", "split-file", "count"]:
    config.substitutions.append(
        (r"(?<![\w/%-])" + tool + r"(?![\w/-])",
         os.path.join(config.llvm_tools_dir, tool)))

# The longer names first: %eqc is a prefix of them.
config.substitutions.append(("%eqc-fuzz", os.path.join(config.eqc_tools_dir, "eqc-fuzz")))
config.substitutions.append(("%eqc-lsp-server",
                             os.path.join(config.eqc_tools_dir, "eqc-lsp-server")))
config.substitutions.append(("%eqc-reduce", os.path.join(config.eqc_tools_dir, "eqc-reduce")))
config.substitutions.append(("%eqc-opt", os.path.join(config.eqc_tools_dir, "eqc-opt")))
config.substitutions.append(("%eqc", os.path.join(config.eqc_tools_dir, "eqc")))
config.substitutions.append(("%faulty_eqc", os.path.join(config.eqc_tools_dir, "eqc-faulty")))
config.substitutions.append(("%faulty_opt", os.path.join(config.eqc_tools_dir, "eqc-opt-faulty")))
config.substitutions.append(("%runtime_include", config.runtime_include))
config.substitutions.append(("%runtime_library", config.runtime_library))
config.substitutions.append(("%standin", os.path.join(
    config.eqc_obj_root, "test", "Cuda", "standin", "libcuda.so.1")))
config.substitutions.append(("%cxx", config.cxx))
config.substitutions.append(("%cc", config.cc))
config.substitutions.append(("%python", '"' + config.python_executable + '"'))

for tool, feature in [("eqc", "eqc"), ("eqc-opt", "eqc-opt")]:
    if os.path.exists(os.path.join(config.eqc_tools_dir, tool)):
        config.available_features.add(feature)
if os.path.exists("/dev/full"):
    config.available_features.add("dev-full")
# Where a test may have file systems of its own, of any size.
if subprocess.run(["sh", "-c", "unshare -rm mount -t tmpfs tmpfs /mnt"], capture_output=True,
                  check=False).returncode == 0:
    config.available_features.add("mounts")
if config.sanitized:
    config.available_features.add("asan")
