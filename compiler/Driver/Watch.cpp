//===- Watch.cpp - What is seen of a run ----------------------------------===//

#include "compiler/Driver/Watch.h"

#include "compiler/Driver/Options.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace eqc;
using llvm::StringRef;

/// A line of the terminal that says what goes on, once that takes a while.
class eqc::ProgressLine {
public:
  ProgressLine() : thread([this] { run(); }) {}
  ~ProgressLine() {
    {
      std::lock_guard<std::mutex> guard(lock);
      ended = true;
      hide();
    }
    changed.notify_one();
    thread.join();
  }

  void begins(StringRef step) {
    std::lock_guard<std::mutex> guard(lock);
    what = step.str();
    if (!going)
      since = Clock::now();
    going = true;
  }
  void rest() {
    std::lock_guard<std::mutex> guard(lock);
    going = false;
    hide();
  }

private:
  using Clock = std::chrono::steady_clock;

  void run() {
    std::unique_lock<std::mutex> guard(lock);
    while (!ended) {
      changed.wait_for(guard, std::chrono::milliseconds(200));
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since)
              .count();
      if (ended || !going || seconds < 1)
        continue;
      llvm::errs() << clear << "eqc: " << what << ", " << seconds << " s";
      shown = true;
    }
  }
  void hide() {
    if (shown)
      llvm::errs() << clear;
    shown = false;
  }

  /// To the start of the line, and nothing in it.
  static constexpr const char *clear = "\r\033[K";

  std::mutex lock;
  std::condition_variable changed;
  std::string what;
  Clock::time_point since;
  bool going = false, shown = false, ended = false;
  std::thread thread; ///< the last: it uses the others
};

Watch::Watch(const Options &options) : directory(options.saveIr) {
  if (options.progress && llvm::sys::Process::StandardErrIsDisplayed())
    progress = std::make_unique<ProgressLine>();
  if (options.time) {
    times = std::make_unique<mlir::DefaultTimingManager>();
    times->setEnabled(true);
    total = times->getRootScope();
  }
}

Watch::~Watch() {
  progress.reset();
  total.stop();
  if (times)
    times->print();
}

void Watch::follow(CompileOptions &compile) {
  if (progress || wantsTexts())
    compile.watcher = this;
  if (times)
    compile.timing = &total;
}

mlir::TimingScope Watch::step(StringRef what) {
  begins(what);
  return times ? total.nest(what) : mlir::TimingScope();
}

void Watch::rest() {
  if (progress)
    progress->rest();
}

void Watch::begins(StringRef what) {
  if (progress)
    progress->begins(what);
}

void Watch::left(StringRef name, StringRef text) {
  // In the order of the stages, in a listing too.
  texts.emplace_back(std::to_string(texts.size() + 1) + "-" + name.str(),
                     text.str());
}

Failure Watch::saveTexts() {
  if (!directory || texts.empty())
    return {};
  if (std::error_code error = llvm::sys::fs::create_directories(*directory))
    return {StatusFile, "'--save-ir': cannot make the folder '" + *directory +
                            "': " + error.message()};
  Outputs outputs;
  for (const auto &[name, text] : texts)
    outputs.setContents(outputs.add(*directory + "/" + name), text);
  if (Failure failure = outputs.check("-"))
    return failure;
  return outputs.commit();
}
