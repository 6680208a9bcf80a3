//===- Watch.h - What is seen of a run ---------------------------*- C++
//-*-===//
//
// `--time`, `--progress` and `--save-ir`: one object that follows what a
// command does. Without these options it does nothing.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DRIVER_WATCH_H
#define EQC_DRIVER_WATCH_H

#include "compiler/Driver/Outputs.h"
#include "compiler/Pipelines/Compile.h"

#include "mlir/Support/Timing.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eqc {

struct Options;
class ProgressLine;

class Watch : public CompileWatcher {
public:
  explicit Watch(const Options &options);
  /// Prints the times, if they are wanted, to standard error.
  ~Watch() override;

  /// Has a compilation followed.
  void follow(CompileOptions &compile);
  /// A step of the driver begins; its time ends with what is returned.
  mlir::TimingScope step(llvm::StringRef what);
  /// Somebody else writes to the terminal next, or nothing goes on.
  void rest();
  /// Writes what `--save-ir` asks for: also of a compilation that failed, for
  /// then it is read the most.
  Failure saveTexts();

  void begins(llvm::StringRef what) override;
  bool wantsTexts() const override { return directory.has_value(); }
  void left(llvm::StringRef name, llvm::StringRef text) override;

private:
  std::optional<std::string> directory;
  std::vector<std::pair<std::string, std::string>> texts;
  std::unique_ptr<ProgressLine> progress;
  std::unique_ptr<mlir::DefaultTimingManager> times;
  mlir::TimingScope total;
};

} // namespace eqc

#endif // EQC_DRIVER_WATCH_H
