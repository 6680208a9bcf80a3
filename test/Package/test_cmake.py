"""find_package(eqc) and eqc_add_layer() in projects of many kinds."""

import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from conftest import BUILD, CC, CXX, LLVM, SOURCE, run

#: y = 10 x + the sum of x: "o1 i1", the identity, comes before "o1 | i1".
SETS = "layer sets { group = S; n = 4; k = 1; l = 1 }\n"
#: The sum of x.
POOL = "layer pool { group = S; n = ?; k = 1; l = 0 }\n"

CHECK_SETS = """
#include "sets.h"
#include <stddef.h>
int check_sets(void) {
  const float x[4] = {1, 2, 3, 4}, weight[sets_WEIGHT_SIZE] = {10, 1};
  float y[4];
  int i;
  if (sets_forward(1, x, weight, NULL, y) != EQC_OK)
    return 1;
  for (i = 0; i < 4; ++i)
    if (y[i] != 10 * x[i] + 10)
      return 2;
  return 0;
}
"""
CHECK_POOL = """
#include "pool.h"
#include <stddef.h>
int check_pool(void) {
  const float x[4] = {1, 2, 3, 4}, weight[pool_WEIGHT_SIZE] = {1};
  float sum;
  return pool_forward(4, 1, x, weight, NULL, &sum) != EQC_OK || sum != 10;
}
"""
MAIN = CHECK_SETS + "int main(void) { return check_sets(); }\n"


class Project:
    """A folder with a CMakeLists.txt that is configured, built and run."""

    def __init__(self, folder: Path, prefix: Path, lists: str, languages: str = "C",
                 generator: str = "Ninja", **files: str):
        self.source, self.build = folder / "source", folder / "build"
        self.prefix, self.generator = prefix, generator
        self.write("CMakeLists.txt", f"cmake_minimum_required(VERSION 3.25)\n"
                   f"project(user LANGUAGES {languages})\n" + textwrap.dedent(lists))
        for name, text in files.items():
            # sub__layer_eq is sub/layer.eq.
            self.write(name.replace("__", "/").replace("_", "."), text)

    def write(self, name: str, text: str) -> None:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def configure(self, *options: str, check: bool = True):
        return run("cmake", "-G", self.generator, "-S", self.source, "-B", self.build,
                   f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_C_COMPILER={CC}",
                   f"-DCMAKE_CXX_COMPILER={CXX}", "--no-warn-unused-cli", *options, check=check)

    def make(self, *options: str, check: bool = True, parallel: int = 2) -> str:
        result = run("cmake", "--build", self.build, "--parallel", parallel, *options,
                     check=check)
        return result.stdout + result.stderr

    def runs(self, name: str = "app") -> None:
        run(self.build / name)

    def compiles(self, *options: str) -> None:
        self.configure(*options)
        self.make()
        self.runs()


def machine_of(path: Path) -> set[str]:
    text = subprocess.run([LLVM / "llvm-readelf", "-h", path], check=True, capture_output=True,
                          text=True).stdout
    return {line.split(":")[1].strip() for line in text.splitlines() if "Machine:" in line}


@pytest.mark.parametrize("languages, generator", [
    ("C", "Ninja"), ("CXX", "Ninja"), ("C CXX", "Ninja"), ("C", "Unix Makefiles"),
    ("CXX", "Unix Makefiles"), ("C", "Ninja Multi-Config")])
def test_into_a_program_and_by_a_library(tmp_path, prefix, languages, generator):
    suffix = "c" if languages == "C" else "cpp"
    files = {f"main_{suffix}": MAIN.replace("return check_sets()",
                                            "return check_sets() || check_pool()")
             .replace("int main", "int check_pool(void);\nint main"),
             f"pool_{suffix}": CHECK_POOL}
    project = Project(tmp_path / "with a space", prefix, f"""
        find_package(eqc 0.1 REQUIRED)
        add_executable(app main.{suffix} pool.{suffix})
        set_target_properties(app PROPERTIES RUNTIME_OUTPUT_DIRECTORY "$<1:${{CMAKE_BINARY_DIR}}>")
        eqc_add_layer(app sets.eq --plan=factored)
        eqc_add_layer(layers pool.eq)
        target_link_libraries(app PRIVATE layers)
        """, languages, generator, sets_eq=SETS, pool_eq=POOL, **files)
    project.compiles()


@pytest.mark.parametrize("generator", ["Ninja", "Unix Makefiles"])
def test_by_keywords(tmp_path, prefix, generator):
    """What was read is known from the compiler: here the rates of the cost model, too."""
    rates = tmp_path / "rates.json"
    rates.write_text("{}")
    project = Project(tmp_path, prefix, f"""
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        eqc_add_layer(app FILE sets.eq OPTIONS --no-grad --plan=dense)
        add_library(rated STATIC)
        eqc_add_layer(rated FILE pool.eq OPTIONS --rates={rates})
        """, "C", generator, sets_eq=SETS, pool_eq=POOL, main_c=MAIN)
    project.configure()
    project.make("--target", "app")
    project.runs()
    assert "backward" not in (project.build / "app.eqc" / "sets.h").read_text()
    read = (project.build / "app.eqc" / "sets.d").read_text()
    assert read.endswith(f"sets.h: \\\n  {project.source}/sets.eq\n")
    assert "rates.json" in project.make("--target", "rated", check=False)


needs_gfortran = pytest.mark.skipif(not shutil.which("gfortran"), reason="no gfortran")
FORTRAN = """
program main
  use sets_eqc
  use, intrinsic :: iso_c_binding, only: c_float, c_int64_t
  implicit none
  real(c_float) :: y(sets_n)
  if (sets_forward(1_c_int64_t, [1., 2., 3., 4.], [10., 1.], y=y) /= 0) error stop sets_eqc_error()
  if (any(y /= [20., 30., 40., 50.])) error stop "wrong"
  if (sets_forward(-1_c_int64_t, y, y, y=y) /= -2) error stop "a batch of -1"
  if (index(sets_eqc_error(), "batch") == 0) error stop sets_eqc_error()
end program
"""


@needs_gfortran
@pytest.mark.parametrize("generator", ["Ninja", "Unix Makefiles"])
def test_fortran(tmp_path, prefix, generator):
    """The module of a library is found by whoever links it."""
    Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_executable(app main.f90)
        eqc_add_layer(layers FILE sets.eq FORTRAN)
        target_link_libraries(app PRIVATE layers)
        """, "C Fortran", generator, sets_eq=SETS, main_f90=FORTRAN).compiles()


def test_the_compiler_as_a_library(tmp_path, prefix):
    Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        target_link_libraries(app PRIVATE eqc::libeqc)
        """, main_c="#include <eqc/compiler.h>\n#include <string.h>\n"
        "int main(void) { return strcmp(eqc_version(), \"\") == 0; }\n").compiles()


COUNT_GPUS = """
#include <eqc/cuda.h>
#include <string.h>
int main(void) {
  int count = eqc_cuda_device_count();
  if (count == EQC_ERR_NO_DEVICE)
    return strstr(eqc_last_error(), "eqc_cuda_device_count: ") == NULL;
  return count < 1;
}
"""


@pytest.mark.parametrize("languages", ["C", "CXX"])
def test_the_cuda_runtime_starts_without_cuda(tmp_path, prefix, languages):
    suffix = "c" if languages == "C" else "cpp"
    Project(tmp_path, prefix, f"""
        find_package(eqc REQUIRED)
        add_executable(app main.{suffix})
        target_link_libraries(app PRIVATE eqc::eqc_rt_cuda)
        """, languages, **{f"main_{suffix}": COUNT_GPUS}).compiles()


@pytest.mark.parametrize("generator", ["Ninja", "Unix Makefiles"])
@pytest.mark.parametrize("languages", ["C", "CXX"])
@pytest.mark.parametrize("kind", ["STATIC", "SHARED"])
def test_a_library_of_layers_alone(tmp_path, prefix, kind, languages, generator):
    suffix = "c" if languages == "C" else "cpp"
    project = Project(tmp_path, prefix, f"""
        find_package(eqc REQUIRED)
        add_library(layers {kind})
        add_library(user::layers ALIAS layers)
        eqc_add_layer(user::layers sets.eq)
        eqc_add_layer(layers pool.eq --no-grad)
        add_executable(app main.{suffix})
        target_link_libraries(app PRIVATE user::layers)
        """, languages, generator, sets_eq=SETS, pool_eq=POOL, **{f"main_{suffix}": MAIN})
    project.compiles()


def test_a_library_of_layers_and_cxx(tmp_path, prefix):
    """The linker's language is that of the sources, whether they come before or after."""
    project = Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_library(layers SHARED)
        eqc_add_layer(layers sets.eq)
        target_sources(layers PRIVATE sets.cpp)
        add_executable(app main.c)
        target_link_libraries(app PRIVATE layers)
        """, "C CXX", sets_eq=SETS,
        sets_cpp='#include <string>\n#include "sets.h"\nextern "C" int check() {\n'
                 '  return std::to_string(sets_N) != "4";\n}\n',
        main_c="int check(void);\nint main(void) { return check(); }\n")
    project.compiles()
    needed = run(LLVM / "llvm-readelf", "-d", project.build / "liblayers.so").stdout
    assert "libstdc++" in needed


@pytest.mark.parametrize("generator", ["Ninja", "Unix Makefiles"])
def test_targets_and_layers_in_several_folders(tmp_path, prefix, generator):
    project = Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        add_subdirectory(first)
        add_subdirectory(second)
        target_link_libraries(app PRIVATE layers)
        """, "C", generator,
        first__CMakeLists_txt="eqc_add_layer(app sets.eq)\nadd_library(layers)\n",
        first__sets_eq=SETS,
        second__CMakeLists_txt="eqc_add_layer(layers pool.eq)\n", second__pool_eq=POOL,
        main_c=CHECK_POOL + MAIN.replace("return check_sets()",
                                         "return check_sets() || check_pool()"))
    project.compiles()


def test_names_that_are_no_words(tmp_path, prefix):
    project = Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        eqc_add_layer(app "some layers (2).eq")
        eqc_add_layer(my-layers+more pool.eq)
        target_link_libraries(app PRIVATE my-layers+more)
        """, pool_eq=POOL,
        main_c=CHECK_POOL + MAIN.replace("sets.h", "some layers (2).h")
                                .replace("return check_sets()",
                                         "return check_sets() || check_pool()"))
    project.write("some layers (2).eq", SETS)
    project.compiles()


def test_one_file_in_two_targets(tmp_path, prefix):
    project = Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        add_executable(other main.c)
        eqc_add_layer(app sets.eq --plan=dense)
        eqc_add_layer(other sets.eq --plan=shared --no-threads)
        """, sets_eq=SETS, main_c=MAIN)
    project.compiles()
    project.runs("other")


@pytest.mark.parametrize("generator", ["Ninja", "Unix Makefiles"])
def test_it_compiles_again_when_something_changed(tmp_path, prefix, generator):
    project = Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        eqc_add_layer(app sets.eq)
        """, "C", generator, sets_eq=SETS, main_c=MAIN)
    project.compiles()
    assert "Compiling" not in project.make()
    # 10 x + the mean of x is another thing.
    project.write("sets.eq", SETS.replace("n = 4", "n = 4; normalize = mean"))
    assert "Compiling sets.eq" in project.make()
    assert run(project.build / "app", check=False).returncode == 2
    project.write("sets.eq", SETS)
    project.make()
    project.runs()
    # A mistake is shown, and the next build tries again.
    project.write("sets.eq", SETS.replace("group", "grup"))
    assert "unknown field 'grup'" in project.make(check=False)
    assert "unknown field 'grup'" in project.make(check=False)
    project.write("sets.eq", SETS)
    project.make()
    project.runs()


def test_a_generated_source(tmp_path, prefix):
    project = Project(tmp_path, prefix, """
        find_package(eqc REQUIRED)
        add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/sets.eq
          COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/sets.in
                  ${CMAKE_CURRENT_BINARY_DIR}/sets.eq)
        add_executable(app main.c)
        eqc_add_layer(app ${CMAKE_CURRENT_BINARY_DIR}/sets.eq)
        """, sets_in=SETS, main_c=MAIN)
    project.compiles()


def test_an_old_project(tmp_path, prefix):
    project = Project(tmp_path, prefix, "", sets_eq=SETS, main_c=MAIN)
    project.write("CMakeLists.txt", """
cmake_minimum_required(VERSION 3.1)
project(user C)
find_package(eqc REQUIRED)
add_executable(app main.c)
eqc_add_layer(app sets.eq)
""")
    project.compiles()


@pytest.mark.parametrize("lists, words", [
    ("eqc_add_layer(app sets.eq -o x.o)", "-o is for eqc_add_layer itself to choose"),
    ("eqc_add_layer(app sets.eq --emit=asm)", "--emit=asm is for eqc_add_layer"),
    ("eqc_add_layer(app gone.eq)", "there is no '"),
    ("eqc_add_layer(app)", "no file"),
    ("eqc_add_layer(app FILE sets.eq --no-grad)", "what is '--no-grad'?"),
    ("eqc_add_layer(app FILE sets.eq OPTIONS --depfile=x)", "--depfile=x is for eqc_add_layer"),
    ("eqc_add_layer(app FILE sets.eq FORTRAN)", "FORTRAN needs a Fortran compiler"),
    ("eqc_add_layer(app sets.eq)\neqc_add_layer(app other/sets.eq)",
     "has layers of a file called 'sets.eq' already"),
    ("add_library(face INTERFACE)\neqc_add_layer(face sets.eq)", "'face' is no executable"),
    ("add_library(parts OBJECT main.c)\neqc_add_layer(parts sets.eq)",
     "'parts' is no executable"),
    ("eqc_add_layer(Threads::Threads sets.eq)", "'Threads::Threads' is no executable"),
    ("set(EQC_COMPILER /nowhere/eqc)\neqc_add_layer(app sets.eq)",
     "there is no compiler '/nowhere/eqc'; set EQC_COMPILER"),
])
def test_mistakes_are_refused(tmp_path, prefix, lists, words):
    project = Project(tmp_path, prefix, "find_package(eqc REQUIRED)\nadd_executable(app main.c)\n"
                      + lists, sets_eq=SETS, other__sets_eq=POOL, main_c=MAIN)
    result = project.configure(check=False)
    assert result.returncode != 0
    assert words in " ".join(result.stderr.split())


def test_without_a_language(tmp_path, prefix):
    project = Project(tmp_path, prefix, "find_package(eqc REQUIRED)", "NONE")
    result = project.configure(check=False)
    assert "needs a C or a C++ compiler" in " ".join(result.stderr.split())


def test_a_moved_prefix_does_not_leave_its_compiler_behind(tmp_path, prefix):
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(prefix, first, symlinks=True)
    project = Project(tmp_path, first, """
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        eqc_add_layer(app sets.eq)
        """, sets_eq=SETS, main_c=MAIN)
    project.compiles()
    first.rename(second)
    project.prefix = second
    shutil.rmtree(project.build)
    project.compiles()


CROSS = """
    find_package(eqc REQUIRED)
    add_library(layers STATIC)
    eqc_add_layer(layers sets.eq)
    add_executable(app main.c)
    target_link_libraries(app PRIVATE layers eqc::eqc_rt_cuda)
    """
TOOLCHAINS = {
    # As the manual of CMake has it for Clang.
    "triple": ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
               "-DCMAKE_C_COMPILER_TARGET=aarch64-linux-gnu"],
    # Without the triple, as with a cross GCC: the compiler alone knows.
    "flags": ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
              "-DCMAKE_C_FLAGS=--target=aarch64-linux-gnu"],
    "no processor": ["-DCMAKE_SYSTEM_NAME=Linux",
                     "-DCMAKE_C_FLAGS=--target=aarch64-linux-gnu"],
    # CMake takes this for a build for the host.
    "no system": ["-DCMAKE_C_FLAGS=--target=aarch64-linux-gnu"],
}


SYSROOT = Path("/usr/aarch64-linux-gnu")


@pytest.mark.skipif(not (SYSROOT / "lib" / "crt1.o").exists() or not shutil.which("qemu-aarch64"),
                    reason="needs libc6-dev-arm64-cross and qemu-user")
@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_another_architecture(tmp_path, prefix, toolchain):
    """The runtime comes from sources then; the program runs under an emulator."""
    project = Project(tmp_path, prefix, CROSS, sets_eq=SETS, main_c=MAIN)
    # Debian's C library for AArch64 lies apart, and there is no libgcc with it.
    flags = f"-nostdlibinc -isystem {SYSROOT}/include -mno-outline-atomics"
    options = [option.replace("C_FLAGS=", f"C_FLAGS={flags} ") for option in TOOLCHAINS[toolchain]]
    if not any("C_FLAGS=" in option for option in options):
        options.append(f"-DCMAKE_C_FLAGS={flags}")
    start = " ".join(f"{SYSROOT}/lib/{name}.o" for name in ("crt1", "crti", "crtn"))
    project.configure(*options, "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY",
                      "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld -no-pie -nostdlib "
                      f"-L{SYSROOT}/lib {start}",
                      "-DCMAKE_C_STANDARD_LIBRARIES=-lc")
    project.make()
    for file in ("liblayers.a", "libeqc_rt.a", "libeqc_rt_cuda.a", "app"):
        assert machine_of(project.build / file) == {"AArch64"}
    run("qemu-aarch64", "-L", SYSROOT, project.build / "app")


def test_another_architecture_that_eqc_has_no_code_for(tmp_path, prefix):
    project = Project(tmp_path, prefix, CROSS, sets_eq=SETS, main_c=MAIN)
    result = project.configure("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=riscv64",
                               "-DCMAKE_C_COMPILER_TARGET=riscv64-linux-gnu",
                               "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", check=False)
    assert result.returncode != 0
    assert ("compiled for Linux on 'riscv64', and eqc has code for 64-bit Linux on x86-64 and "
            "AArch64") in " ".join(result.stderr.split())


def test_32_bit_x86_is_another_architecture(tmp_path, prefix):
    project = Project(tmp_path, prefix, CROSS, sets_eq=SETS, main_c=MAIN)
    result = project.configure("-DCMAKE_C_FLAGS=-m32",
                               "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", check=False)
    assert result.returncode != 0
    assert "eqc has code for 64-bit Linux" in " ".join(result.stderr.split())


def test_cross_compiling_needs_c(tmp_path, prefix):
    project = Project(tmp_path, prefix, "find_package(eqc REQUIRED)", "CXX")
    result = project.configure("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
                               "-DCMAKE_CXX_COMPILER_TARGET=aarch64-linux-gnu",
                               "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", check=False)
    assert result.returncode != 0
    assert "runtime is compiled with the project, which needs C" in (
        " ".join(result.stderr.split()))


def test_installing_without_the_library(tmp_path):
    """What scripts/demo.sh builds, eqc and its runtimes, can be installed."""
    build = tmp_path / "build"
    subprocess.run(["cmake", "-S", SOURCE, "-B", build, "-G", "Ninja",
                    f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_CXX_COMPILER={CXX}"],
                   check=True, capture_output=True)
    # As if it had built these.
    (build / "bin").mkdir(exist_ok=True)
    (build / "lib").mkdir(exist_ok=True)
    shutil.copy(BUILD / "bin" / "eqc", build / "bin" / "eqc")
    for archive in ("libeqc_rt.a", "libeqc_rt_cuda.a"):
        shutil.copy(BUILD / "lib" / archive, build / "lib" / archive)
    text = run("cmake", "--install", build, "--prefix", tmp_path / "prefix", hidden=False).stdout
    assert "libeqc is not built, so it is not installed" in text
    assert not (tmp_path / "prefix" / "include" / "eqc" / "compiler.h").exists()
    Project(tmp_path / "use", tmp_path / "prefix", """
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        eqc_add_layer(app sets.eq)
        """, sets_eq=SETS, main_c=MAIN).compiles()


def test_eqc_as_a_subdirectory(tmp_path, prefix):
    """The compiler is another one here, since building it takes long."""
    project = Project(tmp_path, prefix, f"""
        set(CMAKE_CXX_STANDARD 17)
        add_subdirectory("{SOURCE}" eqc EXCLUDE_FROM_ALL)
        add_executable(app main.c)
        eqc_add_layer(app sets.eq)
        """, "C CXX", sets_eq=SETS, main_c=MAIN)
    run("cmake", "-G", "Ninja", "-S", project.source, "-B", project.build,
        f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_CXX_COMPILER={CXX}",
        f"-DEQC_COMPILER={prefix / 'bin' / 'eqc'}", hidden=False)
    run("cmake", "--build", project.build, "--target", "app", hidden=False)
    project.runs()


CHECK_GPU = """
#include "pool.h"
#include <stddef.h>
#include <string.h>
/* There is no driver: the runtime is there, and says so. */
int check_gpu(void) {
  const float x[4] = {1, 2, 3, 4}, weight[pool_WEIGHT_SIZE] = {1};
  float sum;
  return pool_forward(4, 1, x, weight, NULL, &sum, NULL) != EQC_ERR_NO_DEVICE ||
         !strstr(eqc_last_error(), "no CUDA driver");
}
"""


@pytest.mark.parametrize("target", ["--target=cuda", "--target cuda --chip=sm_90"])
def test_layers_for_gpus(tmp_path, prefix, target):
    """Beside layers for CPUs, in one library and in another."""
    project = Project(tmp_path, prefix, f"""
        find_package(eqc REQUIRED)
        add_executable(app main.c)
        eqc_add_layer(app sets.eq)
        eqc_add_layer(app pool.eq {target})
        """, sets_eq=SETS, pool_eq=POOL, main_c=CHECK_SETS + CHECK_GPU +
        "int main(void) { return check_sets() || check_gpu(); }\n")
    project.configure()
    project.make()
    run(project.build / "app", env={"EQC_CUDA_DRIVER": "/nowhere/libcuda.so.1"})
