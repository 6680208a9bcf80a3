#[=======================================================================[.rst:
eqc_add_layer
-------------

Compiles the layers of a ``.eq`` file into a target::

  eqc_add_layer(<target> FILE <file.eq> [FORTRAN] [OPTIONS <option of eqc compile>...])
  eqc_add_layer(<target> <file.eq> [<option of eqc compile>...])

If ``<target>`` exists, the layers become part of it. Otherwise it is made, as a
static library. Either way the target, and whatever links it, can include the
header, called as the file with ``.h``, and is linked with the runtime, with
``--target=cuda`` with that of GPUs too. With ``FORTRAN`` there is also a module, called
as the file with ``_eqc``, for the target and for whatever links it.

Options go to ``eqc compile`` as they are; ``-o``, ``--header``, ``--fortran``,
``--depfile`` and ``--emit`` are taken. Layers are compiled for the machine that the
project is compiled for, unless ``--target`` says otherwise, and again when a file
that was read has changed, or the compiler.

The compiler is the program in ``EQC_COMPILER``, else the target ``eqc::eqc``.
#]=======================================================================]

# Policies are this file's, however old those of the project are.
cmake_policy(VERSION 3.25)

# The machine that the project's compiler makes code for, as eqc names it with
# `--target`, or a word for what eqc has no code for. The compiler is asked: what
# CMAKE_SYSTEM_PROCESSOR and CMAKE_CROSSCOMPILING say depends on who wrote the
# toolchain file, and flags such as -m32 or --target are in neither.
function(eqc_project_machine result)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("C" IN_LIST languages)
    set(language C)
  elseif("CXX" IN_LIST languages)
    set(language CXX)
  else()
    message(FATAL_ERROR "eqc: the project needs a C or a C++ compiler: project(.. LANGUAGES C) or CXX")
  endif()
  include(CheckSourceCompiles)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  set(CMAKE_REQUIRED_QUIET ON)
  string(MD5 compiler "${language}:${CMAKE_${language}_COMPILER}:${CMAKE_${language}_COMPILER_TARGET}:${CMAKE_${language}_FLAGS}")
  set(x86_64-linux-gnu "defined(__x86_64__) && !defined(__ILP32__)")
  set(aarch64-linux-gnu "defined(__aarch64__) && !defined(__AARCH64EB__) && !defined(__ILP32__)")
  foreach(machine x86_64-linux-gnu aarch64-linux-gnu)
    set(answer "EQC_FOR_${machine}_${compiler}")
    check_source_compiles(${language} "
      #if !(defined(__linux__) && ${${machine}})
      #error no
      #endif
      typedef int eqc_machine;" ${answer})
    mark_as_advanced(${answer})
    if(${answer})
      set(${result} ${machine} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${result} unknown PARENT_SCOPE)
endfunction()

# What `--target` has to say, empty for the machine that eqc runs on.
function(_eqc_target_option result)
  eqc_project_machine(machine)
  if(machine STREQUAL "unknown")
    message(FATAL_ERROR "eqc_add_layer: the project is compiled for ${CMAKE_SYSTEM_NAME} on '${CMAKE_SYSTEM_PROCESSOR}', and eqc has code for 64-bit Linux on x86-64 and AArch64; compile for one of these, or name the layers' machine: eqc_add_layer(.. --target=TRIPLE)")
  endif()
  string(TOLOWER "${CMAKE_HOST_SYSTEM_PROCESSOR}" host)
  string(REGEX REPLACE "^(amd64|x64)$" "x86_64" host "${host}")
  string(REGEX REPLACE "^arm64$" "aarch64" host "${host}")
  if(machine MATCHES "^${host}-")
    set(${result} "" PARENT_SCOPE)
  else()
    set(${result} "--target=${machine}" PARENT_SCOPE)
  endif()
endfunction()

# Only when the target's folder is read to its end it is known whether the target has
# sources of its own, which tell CMake how to link it.
function(_eqc_set_linker_language target)
  get_target_property(language ${target} LINKER_LANGUAGE)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources EXCLUDE REGEX "\\.(o|h)$")
  if(NOT language AND NOT sources)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    set(language CXX)
    if("C" IN_LIST languages)
      set(language C)
    endif()
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE ${language})
  endif()
endfunction()

function(_eqc_at_end_of_folder target)
  get_target_property(home ${target} SOURCE_DIR)
  set(folder "${CMAKE_CURRENT_SOURCE_DIR}")
  while(folder)
    if(folder STREQUAL home)
      # What is deferred is evaluated then, in variables of that folder.
      cmake_language(EVAL CODE "cmake_language(DEFER DIRECTORY [==[${home}]==]
        CALL _eqc_set_linker_language [==[${target}]==])")
      return()
    endif()
    get_directory_property(folder DIRECTORY "${folder}" PARENT_DIRECTORY)
  endwhile()
  # Another branch of the tree, which has been read.
  _eqc_set_linker_language(${target})
endfunction()

function(eqc_add_layer target)
  if("${ARGV1}" STREQUAL "FILE")
    cmake_parse_arguments(PARSE_ARGV 1 arg "FORTRAN" "FILE" "OPTIONS")
    if(NOT arg_FILE OR arg_UNPARSED_ARGUMENTS)
      message(FATAL_ERROR "eqc_add_layer: what is '${arg_UNPARSED_ARGUMENTS}'? Expected eqc_add_layer(target FILE file.eq [FORTRAN] [OPTIONS option..])")
    endif()
    set(file "${arg_FILE}")
    set(options ${arg_OPTIONS})
  else()
    list(POP_FRONT ARGN file)
    set(options ${ARGN})
    set(arg_FORTRAN OFF)
    if(NOT file)
      message(FATAL_ERROR "eqc_add_layer: no file: eqc_add_layer(target FILE file.eq [FORTRAN] [OPTIONS option..])")
    endif()
  endif()
  foreach(option IN LISTS options)
    if(option MATCHES "^(-o|--header|--fortran|--depfile|--emit)")
      message(FATAL_ERROR "eqc_add_layer: ${option} is for eqc_add_layer itself to choose")
    endif()
  endforeach()
  get_filename_component(source "${file}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  get_filename_component(name "${file}" NAME_WLE)
  if(NOT EXISTS "${source}")
    get_source_file_property(generated "${source}" GENERATED)
    if(NOT generated)
      message(FATAL_ERROR "eqc_add_layer: there is no '${source}'")
    endif()
  endif()

  if(NOT options MATCHES "(^|;)--target(=|;|$)")
    _eqc_target_option(target_option)
    list(PREPEND options ${target_option})
  endif()
  if(EQC_COMPILER)
    set(compiler "${EQC_COMPILER}")
    set(compiler_depends "${EQC_COMPILER}")
    if(NOT EXISTS "${EQC_COMPILER}")
      message(FATAL_ERROR "eqc_add_layer: there is no compiler '${EQC_COMPILER}'; set EQC_COMPILER to the path of eqc")
    endif()
  elseif(TARGET eqc::eqc)
    set(compiler $<TARGET_FILE:eqc::eqc>)
    set(compiler_depends eqc::eqc)
  else()
    message(FATAL_ERROR "eqc_add_layer: no target eqc::eqc, and EQC_COMPILER is not set")
  endif()

  if(NOT TARGET ${target})
    add_library(${target} STATIC)
  endif()
  get_target_property(aliased ${target} ALIASED_TARGET)
  if(aliased)
    set(target ${aliased})
  endif()
  get_target_property(type ${target} TYPE)
  get_target_property(imported ${target} IMPORTED)
  if(imported OR NOT type MATCHES "^(EXECUTABLE|(STATIC|SHARED|MODULE)_LIBRARY)$")
    message(FATAL_ERROR "eqc_add_layer: '${target}' is no executable, static, shared or module library of this project that layers could become part of; let eqc_add_layer make a library, and link it")
  endif()

  # A folder for each target, so that two may compile one file differently.
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}.eqc")
  set(object "${folder}/${name}.o")
  set(header "${folder}/${name}.h")
  set(outputs "${object}" "${header}")
  if(arg_FORTRAN)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if(NOT "Fortran" IN_LIST languages)
      message(FATAL_ERROR "eqc_add_layer: FORTRAN needs a Fortran compiler: project(.. LANGUAGES C Fortran)")
    endif()
    list(APPEND outputs "${folder}/${name}.f90")
    list(APPEND options "--fortran=${folder}/${name}.f90")
  endif()
  set(rule ${target}-${name}-eqc)
  string(REGEX REPLACE "[^A-Za-z0-9_.+-]" "-" rule "${rule}")
  if(TARGET ${rule})
    message(FATAL_ERROR "eqc_add_layer: '${target}' has layers of a file called '${name}.eq' already, and both would be '${name}.h'; call one of them otherwise")
  endif()
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND "${compiler}" compile "${source}" ${options} -o "${object}"
            "--depfile=${folder}/${name}.d"
    DEPENDS "${source}" ${compiler_depends}
    DEPFILE "${folder}/${name}.d"
    COMMENT "Compiling ${file}"
    VERBATIM)
  # The rule belongs to a target of its own: the object may become part of a target of
  # another folder, and whoever includes the header waits for it.
  add_custom_target(${rule} DEPENDS ${outputs})
  add_dependencies(${target} ${rule})
  set_source_files_properties("${object}" TARGET_DIRECTORY ${target}
    PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set_source_files_properties(${outputs} TARGET_DIRECTORY ${target}
    PROPERTIES GENERATED TRUE)
  target_sources(${target} PRIVATE ${outputs})
  get_target_property(modules ${target} Fortran_MODULE_DIRECTORY)
  if(arg_FORTRAN AND NOT modules)
    set_target_properties(${target} PROPERTIES Fortran_MODULE_DIRECTORY "${folder}")
  endif()

  set(scope PUBLIC)
  if(type STREQUAL "EXECUTABLE")
    set(scope PRIVATE)
  endif()
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${folder}>)
  set(runtime eqc::eqc_rt)
  if(options MATCHES "(^|;)--target(=|;)cuda(;|$)")
    set(runtime eqc::eqc_rt_cuda)
  endif()
  get_target_property(links ${target} LINK_LIBRARIES)
  if(NOT "${runtime}" IN_LIST links)
    target_link_libraries(${target} ${scope} ${runtime})
    _eqc_at_end_of_folder(${target})
  endif()
endfunction()
