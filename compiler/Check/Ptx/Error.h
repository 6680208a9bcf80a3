//===- Error.h - What is wrong with a kernel, and where ---------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_ERROR_H
#define EQC_CHECK_PTX_ERROR_H

#include <cstdint>
#include <optional>
#include <string>

namespace eqc::ptx {

/// Sizes and indices of grids and blocks.
struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;

  uint64_t size() const { return uint64_t(x) * y * z; }
  /// The place of index `linear` when x runs fastest.
  Dim3 at(uint64_t linear) const {
    return {uint32_t(linear % x), uint32_t(linear / x % y),
            uint32_t(linear / x / y)};
  }
  std::string text() const;
};

struct Error {
  enum class Kind {
    Syntax,        ///< not PTX
    Unsupported,   ///< an instruction, modifier or directive not known here
    Launch,        ///< the launch does not fit the kernel
    OutOfBounds,   ///< an access outside every array
    Misaligned,    ///< an address that is no multiple of the access's size
    ReadOnly,      ///< a write to what may only be read
    Uninitialised, ///< a read of bytes that nobody wrote
    Race,          ///< accesses that nothing orders, one of them a write
    Divergence,    ///< a barrier or a shuffle that some threads do not reach
    Budget,        ///< more instructions than a thread may execute
    Undefined,     ///< a result that PTX leaves open: division by zero, `trap`
  };
  struct Place {
    Dim3 block, thread;
  };

  Kind kind = Kind::Syntax;
  std::string function;       ///< empty outside of functions
  unsigned line = 0;          ///< counted from 1; 0: the launch itself
  std::string source;         ///< the text of that line
  std::optional<Place> place; ///< of an error at run time
  std::string text;           ///< what is wrong

  /// All of it: `kernel 'f', line 7: `ret;`: block (0, 0, 0), thread ..: text`.
  std::string message() const;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_ERROR_H
