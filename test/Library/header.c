/* The header is C99 and stands alone. */
#include <eqc/compiler.h>

int check_header(void);
int check_header(void) {
  eqc_compile_options options = {0};
  options.struct_size = sizeof options;
  eqc_program *program = eqc_parse("", 0, &options);
  int status = eqc_program_status(program);
  eqc_program_free(program);
  return status;
}
