# What cpack makes of an installed tree: a tarball that can be unpacked anywhere, and packages
# for Debian. scripts/build-packages.sh builds what belongs to them and calls it.

# The licence is not decided. This field of the Python package says what it is.
file(STRINGS python/pyproject.toml EQC_LICENCE REGEX "^license = ")
string(REGEX REPLACE ".*\"(.*)\"" "\\1" EQC_LICENCE "${EQC_LICENCE}")

# The Python package where Debian's Python looks. Elsewhere pip installs it, from a wheel.
set(packages lib/python3/dist-packages)
install(DIRECTORY python/eqc DESTINATION ${packages} COMPONENT python EXCLUDE_FROM_ALL
  FILES_MATCHING PATTERN "*.py" PATTERN "*.c" PATTERN "py.typed" PATTERN "__pycache__" EXCLUDE)
configure_file(packaging/METADATA.in packaging/METADATA @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/packaging/METADATA
  DESTINATION ${packages}/eqc-${PROJECT_VERSION}.dist-info COMPONENT python EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_NAME eqc)
set(CPACK_PACKAGE_VENDOR "eqc developers")
# Nor are the people to write to.
set(CPACK_PACKAGE_CONTACT "The developers of eqc <undecided@localhost.localdomain>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" machine)
set(CPACK_PACKAGE_FILE_NAME eqc-${PROJECT_VERSION}-${machine})
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_THREADS 0)

set(CPACK_COMPONENTS_ALL compiler library development python)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/DebianFiles.cmake)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/packaging/Debian.cmake)
set(CPACK_EQC_CHANGELOG ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
set(CPACK_EQC_LICENCE "${EQC_LICENCE}")

set(same "(= ${PROJECT_VERSION})")
function(eqc_debian component name)
  string(TOUPPER "CPACK_DEBIAN_${component}_" prefix)
  set(${prefix}PACKAGE_NAME ${name} PARENT_SCOPE)
  cmake_parse_arguments(arg "" "SUMMARY;DEPENDS;RECOMMENDS;SECTION" "TEXT" ${ARGN})
  string(JOIN "\n" text "${arg_SUMMARY}" ${arg_TEXT})
  set(${prefix}DESCRIPTION "${text}" PARENT_SCOPE)
  set(${prefix}PACKAGE_DEPENDS "${arg_DEPENDS}" PARENT_SCOPE)
  set(${prefix}PACKAGE_RECOMMENDS "${arg_RECOMMENDS}" PARENT_SCOPE)
  set(${prefix}PACKAGE_SECTION "${arg_SECTION}" PARENT_SCOPE)
  if(NOT component STREQUAL "python")
    set(${prefix}PACKAGE_SHLIBDEPS ON PARENT_SCOPE)
  endif()
endfunction()
eqc_debian(compiler eqc SECTION science
  DEPENDS "libeqc-dev ${same}"
  SUMMARY "compiler for layers of group-equivariant neural networks"
  TEXT "A layer is described in a few lines: a group, a size, the orders of its input"
    "and output, channels. eqc works out the linear maps that respect the group and"
    "compiles them to an object file with a C header.")
eqc_debian(library libeqc0 SECTION libs
  SUMMARY "equivariant layers, compiled in memory"
  TEXT "The compiler eqc as a library, and its operators for programs with libtorch.")
eqc_debian(development libeqc-dev SECTION libdevel
  DEPENDS "libeqc0 ${same}" RECOMMENDS "eqc ${same}"
  SUMMARY "what programs with compiled equivariant layers are built with"
  TEXT "The runtime that compiled layers are linked with, also as sources for other"
    "machines, its headers, and files for CMake and pkg-config.")
eqc_debian(python python3-eqc SECTION python
  DEPENDS "libeqc0 ${same}, python3 (>= 3.11), python3-numpy"
  SUMMARY "equivariant layers for NumPy, PyTorch and JAX"
  TEXT "Layers of group-equivariant neural networks, compiled when they are made, with"
    "gradients.")
set(CPACK_DEBIAN_PYTHON_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/packaging/postinst ${PROJECT_SOURCE_DIR}/packaging/prerm)
# Who links libeqc depends on its package.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/triggers)
include(CPack)
