# The runtimes from their sources: in the build of eqc, and in projects that compile for
# another machine than the installed archives are for.
cmake_policy(VERSION 3.25)

function(_eqc_set_up_runtime name version)
  set_target_properties(${name} PROPERTIES
    C_STANDARD 99
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON)
  target_compile_definitions(${name} PRIVATE
    _POSIX_C_SOURCE=200809L
    EQC_RT_VERSION="${version}")
endfunction()

# What every layer needs.
function(eqc_add_runtime name folder version)
  set(sources Backward Bilinear Call Config Corners Cpu Definition Error Memory Network NetworkBackward
    NetworkCall NetworkParts NetworkRagged NetworkSteps Parallel Pieces Pool Ragged RaggedBackward Selftest
    SelftestArrays SelftestNetwork SelftestRagged Setup Sizes Staging Storage Sums)
  list(TRANSFORM sources PREPEND "${folder}/src/")
  list(TRANSFORM sources APPEND ".c")
  add_library(${name} STATIC ${sources})
  _eqc_set_up_runtime(${name} ${version})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${folder}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC Threads::Threads m)
endfunction()

# What layers for GPUs need beside it. It is built and linked without any part of CUDA.
function(eqc_add_cuda_runtime name folder version runtime)
  set(sources Device Driver Formula Gradients Layer Load Perform Program Workspace)
  list(TRANSFORM sources PREPEND "${folder}/cuda/src/")
  list(TRANSFORM sources APPEND ".c")
  add_library(${name} STATIC ${sources})
  _eqc_set_up_runtime(${name} ${version})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${folder}/cuda/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC ${runtime} ${CMAKE_DL_LIBS})
endfunction()
