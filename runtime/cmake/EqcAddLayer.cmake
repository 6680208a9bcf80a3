#[=======================================================================[.rst:
eqc_add_layer
-------------

Compiles the layers of a ``.eq`` file into a target::

  eqc_add_layer(<target> <file.eq> [<option of eqc compile>...])

If ``<target>`` exists, the layers become part of it. Otherwise it is made, as a
static library. Either way the target, and whatever links it, can include the
header, called as the file with ``.h``, and is linked with the runtime. Options
go to ``eqc compile`` as they are; ``-o``, ``--header`` and ``--emit`` are taken.
When CMake cross-compiles with Clang, its target triple is passed on.

The compiler is the target ``eqc::eqc``, or the program in ``EQC_COMPILER``.
#]=======================================================================]
function(eqc_add_layer target file)
  foreach(option IN LISTS ARGN)
    if(option MATCHES "^(-o|--header|--emit)")
      message(FATAL_ERROR "eqc_add_layer: ${option} is for eqc_add_layer itself to choose")
    endif()
  endforeach()
  get_filename_component(source "${file}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  get_filename_component(name "${file}" NAME_WLE)
  # A folder for each target, so that two may compile one file differently.
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}.eqc")
  set(object "${folder}/${name}.o")
  set(header "${folder}/${name}.h")

  set(options ${ARGN})
  if(CMAKE_CROSSCOMPILING AND CMAKE_C_COMPILER_TARGET AND NOT ARGN MATCHES "--target=")
    list(PREPEND options "--target=${CMAKE_C_COMPILER_TARGET}")
  endif()
  if(TARGET eqc::eqc)
    set(compiler $<TARGET_FILE:eqc::eqc>)
    set(compiler_depends eqc::eqc)
  elseif(EQC_COMPILER)
    set(compiler "${EQC_COMPILER}")
    set(compiler_depends "${EQC_COMPILER}")
  else()
    message(FATAL_ERROR "eqc_add_layer: no target eqc::eqc, and EQC_COMPILER is not set")
  endif()

  file(MAKE_DIRECTORY "${folder}")
  # A .eq file includes nothing, so it and the compiler are all there is to
  # depend on.
  add_custom_command(
    OUTPUT "${object}" "${header}"
    COMMAND ${compiler} compile "${source}" ${options} -o "${object}"
    DEPENDS "${source}" ${compiler_depends}
    COMMENT "Compiling ${file}"
    VERBATIM)
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

  if(NOT TARGET ${target})
    add_library(${target} STATIC)
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
  endif()
  target_sources(${target} PRIVATE "${object}" "${header}")
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_include_directories(${target} PRIVATE "${folder}")
  else()
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${folder}>)
    # Whoever includes the header waits for it.
    add_custom_target(${target}-${name}-eqc DEPENDS "${object}" "${header}")
    add_dependencies(${target} ${target}-${name}-eqc)
  endif()
  get_target_property(links ${target} LINK_LIBRARIES)
  if(NOT "eqc::eqc_rt" IN_LIST links)
    if(type STREQUAL "EXECUTABLE")
      target_link_libraries(${target} PRIVATE eqc::eqc_rt)
    else()
      target_link_libraries(${target} PUBLIC eqc::eqc_rt)
    endif()
  endif()
endfunction()
