//===- Interpreter.h - Executing kernels without a GPU ----------*- C++ -*-===//
//
//   Error error;
//   std::optional<Module> module = parse(text, error);
//   Memory memory;
//   Arguments arguments;
//   arguments.add(memory.addReadOnly("x", x.data(), bytes));
//   arguments.add(memory.add("y", y.data(), bytes));
//   Launch launch;
//   launch.kernel = "f";
//   launch.block = {128, 1, 1};
//   launch.arguments = arguments.bytes;
//   Report report = run(*module, launch, memory);
//
// Each thread is executed until it waits, then the next one. A correct kernel
// has the same results in every order, and an incorrect one is reported in
// every order: races are found by when accesses may happen, not by values.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_PTX_INTERPRETER_H
#define EQC_CHECK_PTX_INTERPRETER_H

#include "compiler/Check/Ptx/Memory.h"
#include "compiler/Check/Ptx/Parser.h"

#include <cstring>

namespace eqc::ptx {

/// The bytes of a launch's parameters, each at a multiple of its size.
struct Arguments {
  std::vector<uint8_t> bytes;

  template <class T> void add(T value) {
    bytes.resize((bytes.size() + alignof(T) - 1) / alignof(T) * alignof(T));
    bytes.resize(bytes.size() + sizeof(T));
    std::memcpy(&bytes[bytes.size() - sizeof(T)], &value, sizeof(T));
  }
};

/// The same from a pointer to each value, as the driver's interface has it.
std::vector<uint8_t> gatherArguments(const Function &kernel,
                                     const void *const *values);

/// In which order the threads of a block or cluster, and these, are executed.
enum class Order : uint8_t { Forwards, Backwards, Shuffled };

struct Launch {
  std::string kernel;
  Dim3 grid, block;
  uint32_t cluster = 1;       ///< blocks that follow each other along x
  uint32_t dynamicShared = 0; ///< bytes of a block
  std::vector<uint8_t> arguments;
  Order order = Order::Forwards;
  uint64_t seed = 1; ///< of a shuffle
  /// What a thread may execute before it is taken to never end.
  uint64_t maxInstructions = 100'000'000;
  bool countTraffic = false; ///< fill `traffic` and `banks`; takes longer
};

/// Accesses of global memory in sectors of 32 bytes.
struct Traffic {
  uint64_t bytes = 0;   ///< that threads asked for
  uint64_t sectors = 0; ///< that were touched at all
  /// The same counted in each block, or cluster of blocks: those that share a
  /// sector count twice.
  uint64_t blockSectors = 0;
  /// How often instructions touched sectors. The threads of a warp that
  /// execute an instruction together touch a sector once.
  uint64_t touches = 0;
  uint64_t mostTouches = 0; ///< of one sector
};

/// Accesses of shared memory. It has 32 banks of four bytes, and serves from
/// each bank one word at a time: the threads of a warp together where they read
/// the same words or different banks. Of accesses of 8 bytes it serves 16
/// threads at a time, of 16 bytes 8.
struct BankTraffic {
  uint64_t requests = 0; ///< of such groups of threads: the least time
  uint64_t rounds = 0;   ///< that they take; more than requests: conflicts
};

struct BufferTraffic {
  std::string name;
  uint64_t address = 0;
  Traffic loads, stores;
};

struct Counts {
  uint64_t instructions = 0; ///< of all threads, without those not executed
  uint64_t fmasF32 = 0, fmasF64 = 0;
  std::map<std::string, uint64_t, std::less<>> opcodes;
  std::map<unsigned, uint64_t> lines; ///< by lines of the text

  /// Of opcodes that begin so: `of("ld.global")`.
  uint64_t of(std::string_view prefix) const;
};

struct Report {
  std::optional<Error> error;
  Counts counts;
  std::vector<BufferTraffic> traffic;    ///< of the buffers that were touched
  std::map<unsigned, BankTraffic> banks; ///< by lines of the text
};

/// One launch at a time may run on a memory.
Report run(const Module &module, const Launch &launch, Memory &memory);

/// Instructions of an innermost loop, in the lines of the text that it takes.
struct Loop {
  unsigned firstLine = 0, lastLine = 0;
  uint64_t instructions = 0; ///< executed in it
  uint64_t fmas = 0;         ///< of these, fused products and sums

  double fmaShare() const { return double(fmas) / double(instructions); }
};

/// The one with the most instructions executed; none, if none was.
std::optional<Loop> hottestLoop(const Module &module, const Counts &counts);

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_INTERPRETER_H
