# The runtime from its sources: in the build of eqc, and in projects that compile for
# another machine than the installed libeqc_rt.a is for.
cmake_policy(VERSION 3.25)

function(eqc_add_runtime name folder version)
  set(sources Backward Call Config Cpu Error Memory Parallel Pool Setup)
  list(TRANSFORM sources PREPEND "${folder}/src/")
  list(TRANSFORM sources APPEND ".c")
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES
    C_STANDARD 99
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${folder}/include>
    $<INSTALL_INTERFACE:include>)
  target_compile_definitions(${name} PRIVATE
    _POSIX_C_SOURCE=200809L
    EQC_RT_VERSION="${version}")
  target_link_libraries(${name} PUBLIC Threads::Threads m)
endfunction()
