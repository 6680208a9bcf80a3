# The plans of Plans.def, for whoever has something for each of them:
#   eqc_plans(NAMES TEXTS)
# sets NAMES to the folders (Shared;Schur;..) and TEXTS to what --plan takes
# (shared;schur;..), in the order of the list.
function(eqc_plans names texts)
  set(list ${PROJECT_SOURCE_DIR}/compiler/Plan/Plans.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(STRINGS ${list} lines REGEX "^EQC_PLAN")
  set(line_pattern "^EQC_PLAN\\(([A-Za-z]+), \"([a-z]+)\",.*")
  list(TRANSFORM lines REPLACE ${line_pattern} "\\1" OUTPUT_VARIABLE found)
  set(${names} ${found} PARENT_SCOPE)
  list(TRANSFORM lines REPLACE ${line_pattern} "\\2" OUTPUT_VARIABLE found)
  set(${texts} ${found} PARENT_SCOPE)
endfunction()
