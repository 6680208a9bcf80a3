//===- Module.h - PTX, ready to be executed ---------------------*- C++ -*-===//
//
// What the parser makes of a file: functions whose instructions are decoded
// once. Every operand is a slot of one array that each thread has, registers
// and constants alike, so that nothing is looked up while threads run. A slot
// holds the bits of its register, with zeros above.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_PTX_MODULE_H
#define EQC_CHECK_PTX_MODULE_H

#include "compiler/Check/Ptx/Error.h"

#include <string_view>
#include <vector>

namespace eqc::ptx {

/// Cluster: shared memory of any block of a cluster.
enum class Space : uint8_t {
  Generic,
  Global,
  Shared,
  Const,
  Local,
  Param,
  Cluster
};

std::string_view nameOf(Space space);

/// Where the addresses of a space lie in the generic one: those of shared
/// memory at `windowOf(Space::Shared)` and on. Global ones are themselves.
constexpr uint64_t windowOf(Space space) {
  switch (space) {
  case Space::Shared:
    return uint64_t(1) << 60;
  case Space::Local:
    return uint64_t(2) << 60;
  case Space::Const:
    return uint64_t(3) << 60;
  default:
    return 0;
  }
}

/// From the shared memory of a block of a cluster to that of the next one.
constexpr uint64_t kBlockWindow = uint64_t(1) << 28;
/// Of addresses that `mapa` made, which say whose memory it is.
constexpr uint64_t kMapped = uint64_t(1) << 40;

/// Arrays of modules in global memory begin here, beside those of callers.
constexpr uint64_t kModuleGlobals = uint64_t(4) << 60;

struct Instruction;

/// d = f(a, b, c, e) on slots.
using Compute = void (*)(uint64_t *slots, const Instruction &instruction);

enum class Action : uint8_t {
  Compute,
  Divide, ///< a Compute whose b must not be 0
  Load,
  Store,
  Prefetch,
  Branch,
  BranchTable,
  Call,
  Return,
  Exit,
  Trap,
  Barrier,
  ArriveCluster,
  WaitCluster,
  Shuffle,
  Vote,
  ActiveMask,
  CopyAsync,
  CommitAsync,
  WaitAsync,
  Order, ///< fences: threads are executed in an order that they hold in
};

enum class ShuffleMode : uint8_t { Up, Down, Butterfly, Index };
enum class VoteMode : uint8_t { All, Any, Uniform, Ballot };

struct Instruction {
  Compute compute = nullptr;
  Action action = Action::Order;
  bool guardNegated = false;
  Space space = Space::Generic;
  uint8_t bytes = 0; ///< of an element that is loaded or stored
  uint8_t count = 1; ///< of elements
  bool isSigned = false;
  bool readOnly = false; ///< ld.global.nc
  bool aligned = false;  ///< all threads of a warp meet in this instruction
  uint8_t mode = 0;      ///< of a shuffle, a vote, a wait
  uint32_t guard = 0;    ///< slot of the predicate; slot 0 is always true
  uint32_t d = 0, a = 0, b = 0, c = 0, e = 0;
  /// The first of `count` slots in Function::lists, of vectors and the like.
  uint32_t list = 0;
  /// Offset of an address, target of a branch, index of a table or call, mask.
  int64_t value = 0;
  unsigned line = 0;
  uint32_t opcode = 0; ///< in Module::opcodes
  uint32_t index = 0;  ///< in the module, function after function
};

/// A variable or a parameter.
struct Variable {
  std::string name;
  Space space = Space::Global;
  uint64_t address = 0;
  uint64_t bytes = 0;
  uint64_t alignment = 1;
  bool dynamic = false; ///< .extern .shared: as large as the launch says
  std::vector<uint8_t> initial;
};

/// What a parameter of a kernel is: `offset` in the bytes of a launch.
struct Parameter {
  std::string name;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  /// What a pointer is declared to be a multiple of (`.ptr .align 16`).
  uint64_t pointerAlignment = 1;
};

/// A register that only an execution knows, such as %tid.x.
enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  LanemaskEq,
  LanemaskLt,
  LanemaskLe,
  LanemaskGt,
  LanemaskGe,
  DynamicSmemSize,
  ClusterCtaidX,
  ClusterNctaidX,
};

struct CallSite {
  struct Copy {
    uint64_t from, to, bytes; ///< offsets in the parameters of the two
  };
  uint32_t callee = 0;
  std::vector<Copy> arguments, results;
};

struct Function {
  std::string name;
  bool isKernel = false;
  bool hasBody = false;
  unsigned line = 0;
  std::vector<Instruction> code;
  uint32_t firstInstruction = 0; ///< index of the first one
  std::vector<uint32_t> lists;
  std::vector<std::vector<uint32_t>> tables; ///< targets of brx.idx
  std::vector<CallSite> calls;
  std::vector<uint64_t> slots; ///< what a thread begins with
  std::vector<std::pair<uint32_t, Special>> specials;
  std::vector<Parameter> parameters, results;
  uint64_t parameterBytes = 0; ///< of `parameters`: what a launch passes
  /// Parameters, results and what calls of others pass, with their space.
  std::vector<Variable> paramVariables;
  uint64_t paramSpaceBytes = 0;
  std::optional<Dim3> maxThreads, requiredThreads;
  uint64_t staticSharedBytes = 0; ///< of the arrays that the body names
  bool usesDynamicShared = false;
};

struct Module {
  std::string target; ///< `sm_90`
  std::vector<Function> functions;
  std::vector<Variable> variables; ///< of all spaces but Param
  std::vector<std::string> opcodes;
  std::vector<std::string> lines;
  /// Whether single bytes or pairs of them are stored: races are then looked
  /// for byte by byte, else by words of four.
  bool storesParts = false;

  const Function *kernel(std::string_view name) const;
  /// The function and the instruction that `index` counts to.
  std::pair<const Function *, const Instruction *>
  instruction(uint32_t index) const;
  uint32_t instructionCount() const;
  std::string_view lineText(unsigned line) const;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_MODULE_H
