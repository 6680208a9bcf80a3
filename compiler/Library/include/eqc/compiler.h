/*===- compiler.h - The eqc compiler as a library ------------------- C99 -===*\
|*                                                                            *|
|* Layers from a string to functions in memory, without a file, a linker or   *|
|* another process: libeqc. Errors come back as data.                         *|
|*                                                                            *|
|*   eqc_program *program = eqc_compile(text, strlen(text), NULL);            *|
|*   if (eqc_program_status(program) != 0)                                    *|
|*     fputs(eqc_program_messages(program), stderr);                          *|
|*   else                                                                     *|
|*     forward = eqc_program_function(program, "graph_forward");              *|
|*   eqc_program_free(program);  (after the last call of its functions)       *|
|*                                                                            *|
|* libeqc carries the runtimes too: the functions of <eqc/runtime.h>, and of  *|
|* <eqc/cuda.h>, act on every layer loaded through it. Different programs may be
used from         *|
|* different threads at once; one program from one thread at a time, but the  *|
|* functions found in it from any number of threads. Nothing here prints.     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_COMPILER_H
#define EQC_COMPILER_H

#include <eqc/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Layers of one source: read, perhaps compiled, perhaps loaded. */
typedef struct eqc_program eqc_program;

/* Zero is the default of every field, so that
     eqc_compile_options options = {0};
     options.struct_size = sizeof options;
   asks for nothing special. Later versions add fields at the end only. */
typedef struct eqc_compile_options {
  uint64_t struct_size;  /* sizeof(eqc_compile_options) */
  const char *file;      /* how diagnostics name the source; "<string>" */
  const char *plan;      /* as --plan; "auto" */
  const char *cpu;       /* as --cpu; "native", this machine alone */
  int64_t optimize;      /* as -O plus 1, so 1 to 4; 0: -O3 */
  int64_t max_diagrams;  /* as --max-diagrams; 0: 32768 */
  int64_t single_thread; /* 1: as --no-threads */
  int64_t forward_only;  /* 1: as --no-grad */
  const char *target;    /* "cuda" for NVIDIA's GPUs; "", this machine */
  const char *chip;      /* as --chip, with "cuda"; "sm_80,sm_90" */
  int64_t ragged;        /* 1: as --ragged */
} eqc_compile_options;

typedef enum eqc_severity {
  EQC_ERROR = 0,
  EQC_NOTE = 1, /* about the error before it */
  EQC_HELP = 2  /* how to mend the error before it */
} eqc_severity;

/* Lines and columns count from 1, columns in bytes; all four are 0 where a
   diagnostic is about no place of the source. */
typedef struct eqc_diagnostic {
  int64_t severity;
  const char *file;
  int64_t line, column, end_line, end_column;
  const char *id;      /* of an error, such as "E0012"; or "" */
  const char *message; /* lower case, no full stop */
  const char *fix;     /* of a help: text to replace the place by; or NULL */
} eqc_diagnostic;

/* Reads and checks a source of `length` bytes. Options may be NULL. Returns
   NULL only when there is no memory; everything else is in the status. */
EQC_API eqc_program *eqc_parse(const char *source, size_t length,
                               const eqc_compile_options *options);

/* Compiles what was parsed to machine code, which eqc_program_code then holds.
   Returns the status. Does nothing where the status is not 0. */
EQC_API int eqc_program_compile(eqc_program *program);

/* Makes the code callable: the program's own code, or `length` bytes at `code`
   that eqc_program_code gave for the same source, options, CPU and build of
   libeqc. Code is not checked for being that: damaged code is refused or
   crashes, so whoever stores code keeps a checksum. Returns the status. */
EQC_API int eqc_program_load(eqc_program *program, const void *code,
                             size_t length);

/* The three in one. */
EQC_API eqc_program *eqc_compile(const char *source, size_t length,
                                 const eqc_compile_options *options);

/* The same for a source and its options as one text, by which programs that
   store layers tell them: a JSON object with the string "source" and, where not
   the default, the strings "plan", "cpu", "target" and "chip", the integers
   "optimize" (as -O) and "max_diagrams" (or null), the flags "threads", "grad"
   and "ragged". */
EQC_API eqc_program *eqc_compile_json(const char *text, size_t length);

/* Ends the program, its texts and its functions. NULL is allowed. */
EQC_API void eqc_program_free(eqc_program *program);

/* As the exit status of the command line: 0 done, 1 the source was refused, 2
   an option was wrong, 4 a limit was reached, 70 an internal error. */
EQC_API int eqc_program_status(const eqc_program *program);

/* Every diagnostic; notes and helps follow their error. */
EQC_API int64_t eqc_program_num_diagnostics(const eqc_program *program);
EQC_API const eqc_diagnostic *eqc_program_diagnostic(const eqc_program *program,
                                                     int64_t index);
/* All of them as the command line prints them; "" when there are none. */
EQC_API const char *eqc_program_messages(const eqc_program *program);

/* The layers in the order of the source; none unless the status is 0. What is
   said of a layer before it is loaded has an empty plan and no backward. */
EQC_API int64_t eqc_program_num_layers(const eqc_program *program);
EQC_API const eqc_layer_info *eqc_program_layer(const eqc_program *program,
                                                int64_t index);
/* The diagrams whose weights (or, with bias != 0, bias rows) the layer has, in
   their order, each as in "o1 i1 | o2 i2". NULL where there is no such one. */
EQC_API const char *eqc_program_diagram(const eqc_program *program,
                                        int64_t layer, int bias, int64_t index);
/* NAME_PACKED_SIZE of a loaded layer, in elements; 0 before. */
EQC_API int64_t eqc_program_packed_size(const eqc_program *program,
                                        int64_t layer);

/* The networks, the same; before one is loaded its layers have no `layer`. */
EQC_API int64_t eqc_program_num_networks(const eqc_program *program);
EQC_API const eqc_network_info *eqc_program_network(const eqc_program *program,
                                                    int64_t index);

/* The machine code after eqc_program_compile; NULL before. */
EQC_API const void *eqc_program_code(const eqc_program *program,
                                     size_t *length);

/* What 'eqc explain' prints of the program's layers and networks, which need
   not be compiled; with json != 0 what it prints with '--json'. NULL where the
   status is not 0, which it is then or afterwards. Lives as long as the
   program. */
EQC_API const char *eqc_program_explain(eqc_program *program, int json);
/* The picture that 'eqc draw' makes, SVG; with plan != 0 that of the plans. The
   same. */
EQC_API const char *eqc_program_draw(eqc_program *program, int plan);

/* NAME_forward, NAME_info, .. of <name>'s generated header, to be cast to the
   type declared there; NULL where there is none, or nothing was loaded. */
EQC_API void *eqc_program_function(const eqc_program *program,
                                   const char *name);

/* The C interface of layers as this build of libeqc makes it, for callers that
   cannot read a C header: a JSON object with
     "functions": of each its "name" (NAME_<name> is exported), its "result"
       ("status", or "info" for const eqc_layer_info *), whether it takes an
       int64_t for each of the "sizes" given at run time and one for the
       "batch", whether it is one for "ragged" batches, which takes the sizes of
       the samples next (const int64_t *) and is only there where they are asked
       for, whether it is only there with "gradients", and its "arrays",
       pointers that follow: "name", which of the layer's arrays it is "like",
       whether it is "written"
     "info": the fields of eqc_layer_info, "name" and "type" ("uint32", "int64",
       "text" for const char *), and where the header has one the "macro"
     "groups": "name", and the "size_unit" that n is a multiple of
     "cuda_functions": those of layers for GPUs, of which each may also take,
       after the arrays, int "backward", a "workspace", a "stream"; a "result"
       of "bytes" is an int64_t
   Objects and lists grow; what is there keeps its meaning. */
EQC_API const char *eqc_interface_json(void);

/* The newest chip that code can be compiled for which a device runs; `number`
   is 10 times the major and once the minor number of its compute capability.
   NULL for devices that are too old. */
EQC_API const char *eqc_cuda_chip(int64_t number);

/* What "native" means here: code compiled for it runs on machines that say the
   same. */
EQC_API const char *eqc_native_cpu(void);

/* Never needed for a correct program: fork waits until no other thread is
   amid a step of a compilation, so that the child may compile too. A caller
   who holds a lock around fork that others need meanwhile, as interpreters do,
   calls this first without it, and does not wait inside fork. It must fork
   afterwards: until then other threads wait to get inside. */
EQC_API void eqc_prepare_fork(void);

/* Does what the program eqc does when it is called with these arguments, or
   eqc-opt, eqc-reduce or eqc-lsp-server where argv[0] is the name of one, and
   returns the exit status. For a process that does nothing else, as the
   commands of the Python package do: it installs handlers of signals and of
   running out of memory. */
EQC_API int eqc_run(int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif /* EQC_COMPILER_H */
