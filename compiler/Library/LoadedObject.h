//===- LoadedObject.h - Compiled layers in memory ---------------*- C++ -*-===//
//
// Links an object of compiled layers into this process, with the runtime that
// this process has, so that layers can be called without a file.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LIBRARY_LOADEDOBJECT_H
#define EQC_LIBRARY_LOADEDOBJECT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <string>

namespace eqc {

/// Functions found in it must not be called after it is gone.
class LoadedObject {
public:
  /// Null and `error` when the object is not one for this machine or asks for
  /// a symbol that there is not.
  static std::unique_ptr<LoadedObject> load(llvm::ArrayRef<char> object,
                                            std::string &error);
  ~LoadedObject();

  /// A function that the object exports or a public one of the runtime that it
  /// calls; null where there is none.
  void *function(llvm::StringRef name) const;

  /// NAME_PACKED_SIZE of a layer, from what the runtime is told; 0 where the
  /// object has no such layer.
  int64_t packedSize(llvm::StringRef layer) const;

private:
  struct Session;
  explicit LoadedObject(std::unique_ptr<Session> session);

  std::unique_ptr<Session> session;
};

} // namespace eqc

#endif // EQC_LIBRARY_LOADEDOBJECT_H
