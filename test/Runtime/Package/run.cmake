# Installs eqc and its runtime, builds the consumer with them, and runs it. Wants BUILD (of
# eqc), SOURCE, WORK, C_COMPILER, C_FLAGS.
set(prefix "${WORK}/prefix")
file(REMOVE_RECURSE "${WORK}")
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ${result}\n${text}")
  endif()
endfunction()
step(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${prefix}" --component runtime)
step(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${prefix}" --component compiler)
if(EXISTS "${prefix}/include/eqc/kernel.h")
  message(FATAL_ERROR "the internal header was installed")
endif()
step(${CMAKE_COMMAND} -G Ninja -S "${SOURCE}" -B "${WORK}/build" -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_C_COMPILER=${C_COMPILER} "-DCMAKE_C_FLAGS=${C_FLAGS}")
step(${CMAKE_COMMAND} --build "${WORK}/build")
step("${WORK}/build/consumer")
# Nothing to do when nothing changed.
execute_process(COMMAND ${CMAKE_COMMAND} --build "${WORK}/build" OUTPUT_VARIABLE text)
if(NOT text MATCHES "no work to do")
  message(FATAL_ERROR "builds again without a change: ${text}")
endif()
