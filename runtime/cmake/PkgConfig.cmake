# eqc_configure_pkgconfig(NAME.pc.in): makes NAME.pc in the build tree. It says where things
# are by where it lies itself, so that an installed tree can be moved.
set(EQC_PKGCONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
function(eqc_configure_pkgconfig template)
  file(RELATIVE_PATH up /${EQC_PKGCONFIG_DIR} /)
  string(REGEX REPLACE "/$" "" up "${up}")
  string(REGEX REPLACE "\\.in$" "" name "${template}")
  configure_file(cmake/${template} ${name} @ONLY)
endfunction()
