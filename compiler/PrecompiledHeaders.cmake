# One precompiled header for all targets that see MLIR: they compile four times as fast.
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without, as does any other compiler than
# clang, whose options must agree to the letter.
if(CMAKE_DISABLE_PRECOMPILE_HEADERS OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  return()
endif()

# A target needs a source.
set(nothing ${PROJECT_BINARY_DIR}/eqc_headers.cpp)
if(NOT EXISTS ${nothing})
  file(WRITE ${nothing} "")
endif()
add_library(eqc_headers OBJECT ${nothing})
target_link_libraries(eqc_headers PRIVATE eqc_mlir)
# What many files include. No file relies on it: each names what it uses.
target_precompile_headers(eqc_headers PRIVATE
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Bufferization/IR/Bufferization.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/LLVMIR/LLVMDialect.h>
  <mlir/Dialect/Linalg/IR/Linalg.h>
  <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/IR/Builders.h>
  <mlir/Pass/Pass.h>
  <mlir/Pass/PassManager.h>
)
# The same bytes each time, so that ccache knows what it has seen.
target_compile_options(eqc_headers PRIVATE "SHELL:-Xclang -fno-pch-timestamp")

# Whether a target sees MLIR, maybe through others.
function(eqc_sees_mlir target result)
  get_property(seen GLOBAL PROPERTY EQC_SEES_MLIR_${target})
  if("${seen}" STREQUAL "")
    set(seen FALSE)
    set(libraries "")
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(some ${target} ${property})
      if(some)
        list(APPEND libraries ${some})
      endif()
    endforeach()
    foreach(library ${libraries})
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.+)>$" "\\1" library "${library}")
      if(library STREQUAL "eqc_mlir")
        set(seen TRUE)
      elseif(NOT seen AND TARGET ${library})
        eqc_sees_mlir(${library} seen)
      endif()
    endforeach()
    set_property(GLOBAL PROPERTY EQC_SEES_MLIR_${target} ${seen})
  endif()
  set(${result} ${seen} PARENT_SCOPE)
endfunction()

function(eqc_reuse_headers directory)
  get_property(targets DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    get_target_property(sources ${target} SOURCES)
    if(target STREQUAL "eqc_headers" OR NOT type MATCHES "LIBRARY|EXECUTABLE"
       OR type STREQUAL "INTERFACE_LIBRARY" OR NOT "${sources}" MATCHES "\\.cpp")
      continue()
    endif()
    # CMake looks for one in C too where a target has sources in C.
    if("${sources}" MATCHES "\\.c(;|$)")
      continue()
    endif()
    eqc_sees_mlir(${target} seesMlir)
    if(seesMlir)
      target_precompile_headers(${target} REUSE_FROM eqc_headers)
      if(type STREQUAL "EXECUTABLE")
        # Compiled as libraries are: the headers are of one kind.
        set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
        target_compile_options(${target} PRIVATE -fPIC)
      endif()
    endif()
  endforeach()
  get_property(directories DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(below ${directories})
    eqc_reuse_headers(${below})
  endforeach()
endfunction()
eqc_reuse_headers(${PROJECT_SOURCE_DIR})
