//===- OutputPath.h - What a path to write to really is ---------*- C++ -*-===//
//
// Follows links, tells files from devices and streams, and finds out whether
// two paths mean the same place.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_OUTPUTPATH_H
#define EQC_DRIVER_OUTPUTPATH_H

#include "llvm/ADT/StringRef.h"

#include <string>
#include <sys/types.h>

namespace eqc {

/// Something that can be read or written, whatever path led to it.
struct Place {
  enum class Kind {
    Regular, ///< a regular file, or nothing yet
    Special, ///< a device or FIFO
    Stream,  ///< a descriptor of this process
  };
  Kind kind = Kind::Regular;
  int fd = -1;           ///< of a stream
  std::string target;    ///< the path with all links followed
  std::string directory; ///< of the target
  std::string name;      ///< of the target in its directory
  bool exists = false;
  mode_t mode = 0; ///< when it exists, as are the owners
  uid_t user = 0;
  gid_t group = 0;
  /// Device and inode of what exists, otherwise of its directory.
  bool known = false;
  dev_t device = 0;
  ino_t inode = 0;
  /// Whether the device and inode are those of a regular file.
  bool regularInode = false;

  /// Whether writing one changes the other. Two streams may lead to one
  /// terminal or pipe without harm, so of streams only files count.
  bool sameAs(const Place &other) const;
};

/// Finds what an output path means; "-" is standard output. On failure returns
/// why it cannot be written, as the operating system would put it.
std::string resolveOutput(llvm::StringRef path, Place &place);

/// Finds what an input path means. What does not exist is no failure here.
Place resolveInput(llvm::StringRef path);

} // namespace eqc

#endif // EQC_DRIVER_OUTPUTPATH_H
