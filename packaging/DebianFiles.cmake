# What policy asks of every package for Debian: who may do what with it, and what changed.
# cpack runs this when everything lies where it will be installed.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
  return()
endif()
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER "CPACK_DEBIAN_${component}_PACKAGE_NAME" name)
  set(name "${${name}}")
  file(GLOB_RECURSE installed "${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/*")
  if(NOT installed)
    continue()
  endif()
  set(folder "${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share/doc/${name}")
  file(WRITE "${folder}/copyright"
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
    "Upstream-Name: eqc\n\n"
    "Files: *\nCopyright: the developers of eqc\nLicense: ${CPACK_EQC_LICENCE}\n"
    " The licence of eqc has not been decided.\n")
  file(COPY_FILE "${CPACK_EQC_CHANGELOG}" "${folder}/NEWS.md")
  string(TIMESTAMP day "%a, %d %b %Y %H:%M:%S +0000" UTC)
  file(WRITE "${folder}/changelog"
    "eqc (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
    "  * Version ${CPACK_PACKAGE_VERSION}; NEWS.md says what is new.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${day}\n")
  file(GLOB pages "${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share/man/man*/*")
  execute_process(COMMAND gzip -9n "${folder}/changelog" ${pages} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
