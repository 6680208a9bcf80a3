# What cpack reads before it makes packages for Debian. Each has a summary of its own; that of
# the whole would stand in front of it.
if(CPACK_GENERATOR STREQUAL "DEB")
  unset(CPACK_PACKAGE_DESCRIPTION_SUMMARY)
endif()
