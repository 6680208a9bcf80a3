# What test/Ptx/CMakeLists.txt runs while building: MLIR_OPT on SOURCE with
# elements of TYPE, for CHIP. The PTX goes to OUTPUT.
file(READ ${SOURCE} text)
string(REPLACE "!T = f32" "!T = ${TYPE}" text "${text}")
file(WRITE ${OUTPUT}.mlir "${text}")
set(lower convert-nvgpu-to-nvvm,convert-scf-to-cf,convert-gpu-to-nvvm)
set(clean canonicalize,cse,reconcile-unrealized-casts)
set(to_ptx "nvvm-attach-target{chip=${CHIP} features=${FEATURES} O=3},gpu-module-to-binary{format=isa}")
execute_process(
  COMMAND ${MLIR_OPT} ${OUTPUT}.mlir
    "--pass-pipeline=builtin.module(gpu.module(${lower},${clean}),${to_ptx})"
  OUTPUT_VARIABLE module COMMAND_ERROR_IS_FATAL ANY)

# It is a string of the module, with codes for some characters.
set(before "assembly = \"")
string(FIND "${module}" "${before}" begin)
string(LENGTH "${before}" length)
math(EXPR begin "${begin} + ${length}")
string(SUBSTRING "${module}" ${begin} -1 ptx)
string(FIND "${ptx}" "\"" end)
string(SUBSTRING "${ptx}" 0 ${end} ptx)
string(REPLACE "\\0A" "\n" ptx "${ptx}")
string(REPLACE "\\09" "\t" ptx "${ptx}")
string(REPLACE "\\22" "\"" ptx "${ptx}")
string(FIND "${ptx}" "\\" other)
if(NOT other EQUAL -1)
  message(FATAL_ERROR "a character in the PTX of ${SOURCE} that is not known here")
endif()
file(WRITE ${OUTPUT} "${ptx}")
