//===- Options.td - The command line of eqc ----------------*- tablegen -*-===//
//
// Every option once, with the commands that take it.
//
//===----------------------------------------------------------------------===//

include "llvm/Option/OptParser.td"

def CompileVis : OptionVisibility;
def ExplainVis : OptionVisibility;
def CheckVis : OptionVisibility;
def DrawVis : OptionVisibility;
def BenchVis : OptionVisibility;
def VerifyVis : OptionVisibility;
def FormatVis : OptionVisibility;
def WordVis : OptionVisibility; // completion, man

defvar Layers = [CompileVis, ExplainVis, CheckVis, DrawVis, BenchVis];
defvar Sources = [CompileVis, ExplainVis, CheckVis, DrawVis, BenchVis, FormatVis];
defvar All = [CompileVis, ExplainVis, CheckVis, DrawVis, BenchVis, FormatVis, WordVis];
defvar Every = !listconcat(All, [VerifyVis]);
defvar Code = [CompileVis, ExplainVis, CheckVis];
defvar Kernel = [CompileVis, ExplainVis, CheckVis, BenchVis];

// What help texts say of `{plans}`, `{devices}`, `{device options}` and
// `{device codes}` stands in the lists of plans and of targets (OptionTable.cpp);
// such texts are broken into lines there.

// `--name=VALUE` and `--name VALUE`.
multiclass Value<string name, string metavar, string help,
                 list<OptionVisibility> commands> {
  def NAME : Joined<["--"], name # "=">, MetaVarName<metavar>, HelpText<help>,
             Visibility<commands>;
  def NAME # _separate : Separate<["--"], name>,
                         Alias<!cast<Option>(NAME)>, Visibility<commands>;
}

def output : Separate<["-"], "o">, MetaVarName<"<path>">,
  Visibility<[CompileVis, DrawVis]>,
  HelpText<"Where to write; '-' is standard output.\nDefault: the input's path "
           "with '.eq' replaced">;

defm emit : Value<"emit", "<kind>",
  "What to write: obj (default), asm, llvm, mlir (the last MLIR before LLVM IR), "
  "loops (the kernels of each CPU as loops over tensors), linalg (a graph of "
  "upstream linalg and tensor operations, for any MLIR compiler), stages (the "
  "dialect with a plan written out), eq (the dialect as the front end leaves it), "
  "shared (a shared library), header, {device codes}", [CompileVis]>;
defm header : Value<"header", "<path>",
  "Where to write the C header.\nDefault: beside the object, ending in '.h'",
  [CompileVis]>;
defm fortran : Value<"fortran", "<path>",
  "Where to write a Fortran module with interfaces to\nthe functions. Default: nowhere",
  [CompileVis]>;
defm depfile : Value<"depfile", "<path>",
  "Where to write which files were read, for Make and\nNinja. Default: nowhere",
  [CompileVis]>;

def opt_level : Joined<["-"], "O">, MetaVarName<"<level>">, Visibility<Kernel>,
  HelpText<"How hard to optimise: -O0 to -O3 (default -O3)">;
// Not `Value`: `--plan` alone is a flag of `draw`.
def plan : Joined<["--"], "plan=">, MetaVarName<"<plan>">,
  Visibility<[CompileVis, ExplainVis, CheckVis, DrawVis, BenchVis]>,
  HelpText<"How diagrams are multiplied: auto (default: the cheapest by the cost model), "
  "{plans}">;
def plan_separate : Separate<["--"], "plan">, Alias<plan>, Visibility<Kernel>;
defm rates : Value<"rates", "<path>",
  "Rates of the cost model, as 'eqc bench --calibrate'\nmeasured them. Default: "
  "built-in ones", Kernel>;
defm target : Value<"target", "<triple>",
  "The machine to compile for, or {devices}. Default: this one. What runs takes no "
  "other machine", Kernel>;
defm cpu : Value<"cpu", "<name>[,<name>..]",
  "CPUs to compile for; the best that fits is chosen\nat run time. 'native' is "
  "this machine alone.\nDefault on x86-64: x86-64-v2,x86-64-v3,x86-64-v4", Kernel>;
def threads : Flag<["--"], "threads">, Visibility<Code>,
  HelpText<"Let one call use several threads (default)">;
def no_threads : Flag<["--"], "no-threads">, Visibility<Code>,
  HelpText<"Run every call on the thread that makes it">;
def grad : Flag<["--"], "grad">, Visibility<Code>,
  HelpText<"Make the backward pass too (default)">;
def no_grad : Flag<["--"], "no-grad">, Visibility<Code>,
  HelpText<"Make the forward pass only">;
def network_only : Flag<["--"], "network-only">, Visibility<[CompileVis]>,
  HelpText<"functions of networks alone, not those of their layers">;
def ragged : Flag<["--"], "ragged">, Visibility<Code>,
  HelpText<"Make functions for batches whose samples differ in\nsize too, of layers with "
           "'n = ?'">;
defm chip : Value<"chip", "<name>[,<name>..]",
  "The GPUs to compile for with {device options}; what runs: the GPU that is "
  "there", Kernel>;
defm ptxas : Value<"ptxas", "<file>",
  "The assembler of cubins for --target=cuda. Default:\nthe one in "
  "$CUDA_PATH/bin, else on the search path", [CompileVis]>;
def no_ptx : Flag<["--"], "no-ptx">, Visibility<[CompileVis]>,
  HelpText<"Keep cubins alone for --target=cuda: no code for\nchips to come">;
def tune : Flag<["--"], "tune">, Visibility<Kernel>,
  HelpText<"Choose plans and tiles by measuring on this machine;\nremembers what "
           "was measured">;

defm save_ir : Value<"save-ir", "<folder>",
  "Write what each stage of the compiler leaves into a\nfolder, one file a stage",
  [CompileVis]>;
def time : Flag<["--"], "time">, Visibility<Code>,
  HelpText<"Say on standard error how long each step took">;
def progress : Flag<["--"], "progress">, Visibility<Code>,
  HelpText<"Say on a terminal what goes on, after a second">;

// TableGen takes these for the separate forms of the options of their names unless
// something else differs, so one dash does as well.
def draw_plan : Flag<["--", "-"], "plan">, Visibility<[DrawVis]>,
  HelpText<"Draw how the layers are carried out instead: what is\nread, mixed and written">;
def pages : Flag<["--"], "pages">, Visibility<[DrawVis]>,
  HelpText<"Draw all diagrams, on as many pages as they take:\nOUT-1.svg, OUT-2.svg, ..">;

def format_check : Flag<["--"], "check">, Visibility<[FormatVis]>,
  HelpText<"Change nothing: status 1 if a file is not formatted">;

defm seed : Value<"seed", "<number>",
  "What the random data starts from (default 1)", [CheckVis]>;

// Not `Value`: `--threads` alone is a flag of the other commands.
def thread_counts : Joined<["--"], "threads=">, MetaVarName<"<count>[,<count>..]">,
  Visibility<[BenchVis]>,
  HelpText<"How many threads to measure with. Default: one,\nthen all">;
defm batch : Value<"batch", "<number>",
  "How many samples a call has. Default: the layer's\n'batch', else 32",
  [CompileVis, ExplainVis, BenchVis]>;
defm size : Value<"n", "<number>",
  "The size to measure layers with 'n = ?' at", [BenchVis]>;
defm min_time : Value<"min-time", "<seconds>",
  "How long each measurement lasts at least\n(default 0.5)", [BenchVis]>;
def backward : Flag<["--"], "backward">, Visibility<[BenchVis]>,
  HelpText<"Measure the backward pass too: all gradients,\nbeside the forward pass">;
defm json : Value<"json", "<path>",
  "Write the results as JSON too; '-' is standard\noutput, then without the "
  "table", [BenchVis]>;
def explain_json : Flag<["--", "-"], "json">, Visibility<[ExplainVis]>,
  HelpText<"Say it as JSON: one object with \"layers\" and\n\"networks\"">;
def suite : Flag<["--"], "suite">, Visibility<[BenchVis]>,
  HelpText<"List the named workloads">;
def suite_names : Joined<["--"], "suite=">, MetaVarName<"<name>[,<name>..]">,
  Visibility<[BenchVis]>, HelpText<"Run named workloads; 'all' of them">;

def calibrate : Flag<["--"], "calibrate">, Visibility<[BenchVis]>,
  HelpText<"Measure the rates of the cost model on this\nmachine; writes them as "
           "JSON">;

defm max_diagrams : Value<"max-diagrams", "<count>",
  "Refuse layers with more diagrams (default 32768)", Layers>;
def include_folder : Separate<["-"], "I">, MetaVarName<"<folder>">,
  Visibility<Sources>,
  HelpText<"Where files of graphs and permutations may lie,\nbeside the folder of the source">;

defm max_source_bytes : Value<"max-source-bytes", "<count>",
  "Refuse larger sources (default 16777216)", Sources>;
defm diagnostics : Value<"diagnostics", "<form>",
  "How errors in a source are printed: text (default)\nor json, one object a "
  "line", Sources>;

defm time_limit : Value<"time-limit", "<seconds>",
  "End with status 4 when it takes longer; verify:\neach self-test, default 10",
  !listconcat(Sources, [VerifyVis])>;

def help : Flag<["--"], "help">, Visibility<Every>, HelpText<"Show this help">;
def : Flag<["-"], "h">, Alias<help>, Visibility<Every>;
