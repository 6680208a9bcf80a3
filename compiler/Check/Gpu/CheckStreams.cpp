//===- CheckStreams.cpp - Streams, workspaces and graphs ------------------===//

#include "compiler/Check/Gpu/CheckStreams.h"

#include "compiler/Check/CheckCases.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/Gpu/OnGpu.h"
#include "compiler/Check/Oracle.h"

#include <fmt/format.h>

#include <optional>

using namespace eqc;

namespace {

using Bytes = std::vector<unsigned char>;

/// Times that two streams are given work in turns.
constexpr int kRounds = 4;

/// An array of the device.
class Array {
public:
  Array(Gpu &gpu, size_t size)
      : gpu(gpu), size(size), data(gpu.allocate(size, 0)) {}
  Array(Gpu &gpu, const Bytes &bytes) : Array(gpu, bytes.size()) {
    write(bytes);
  }
  ~Array() { gpu.release(data); }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;

  void write(const Bytes &bytes) {
    if (data)
      gpu.write(data, bytes.data(), size);
  }
  Bytes read() const {
    Bytes bytes(size);
    if (data)
      gpu.read(bytes.data(), data, size);
    return bytes;
  }

  Gpu &gpu;
  const size_t size;
  void *const data;
};

class Stream {
public:
  explicit Stream(Gpu &gpu) : gpu(gpu) {
    // One that does not wait for the legacy stream.
    gpu.succeeded(gpu.driver().cuStreamCreate(&handle, 1), "cuStreamCreate");
  }
  ~Stream() {
    if (handle)
      gpu.succeeded(gpu.driver().cuStreamDestroy(handle), "cuStreamDestroy");
  }
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  Gpu &gpu;
  void *handle = nullptr;
};

/// What a call reads and writes, with room for everything it can write.
struct Call {
  Call(Gpu &gpu, const Bytes &x, const Bytes &gradY, size_t weights,
       size_t biases)
      : x(gpu, x), gradY(gpu, gradY), y(gpu, gradY.size()),
        gradX(gpu, x.size()), gradWeight(gpu, weights), gradBias(gpu, biases) {}

  bool isComplete() const {
    return x.data && gradY.data && y.data && gradX.data && gradWeight.data &&
           gradBias.data;
  }
  /// Fills what is written with something else.
  void forget() {
    for (Array *array : {&y, &gradX, &gradWeight, &gradBias})
      array->write(Bytes(array->size, 0x5A));
  }
  std::vector<Bytes> results() const {
    return {y.read(), gradX.read(), gradWeight.read(), gradBias.read()};
  }

  Array x, gradY, y, gradX, gradWeight, gradBias;
};

class StreamChecker {
public:
  StreamChecker(const LayerSpec &spec, const LoadedLibrary &library,
                const CheckCase &test, uint64_t seed, Gpu &gpu)
      : spec(spec), library(library), n(test.n), batch(test.batch), gpu(gpu),
        random(seed), weight(gpu, draw(weights())), bias(gpu, draw(biases())) {
    for (auto &call : calls) {
      const Bytes x = draw(batch * inputPositions(spec, n) * spec.cIn);
      const Bytes gradY = draw(batch * outputPositions(spec, n) * spec.cOut);
      inputs.push_back(x);
      call.emplace(gpu, x, gradY, weight.size, bias.size);
    }
    // Gradients of both calls are for the same gradient of y, so that a graph
    // of one of them can be that of the other.
    calls[1]->gradY.write(calls[0]->gradY.read());
  }

  std::vector<CheckRow> run() {
    if (!calls[0]->isComplete() || !calls[1]->isComplete() || !weight.data ||
        !bias.data)
      return {row(check_tests::kStreams, "no memory for it")};
    for (auto &call : calls) {
      call->forget();
      perform({}, *call);
      gpu.wait();
      expected.push_back(call->results());
    }
    std::vector<CheckRow> rows;
    rows.push_back(row(check_tests::kStreams, onStreams()));
    rows.push_back(row(check_tests::kWorkspace, inWorkspace()));
    if (hasPools())
      rows.push_back(row(check_tests::kGraph, inGraph()));
    return rows;
  }

private:
  int64_t weights() const {
    return static_cast<int64_t>(spec.diagrams.size()) * spec.cIn * spec.cOut;
  }
  int64_t biases() const {
    return static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut;
  }
  Bytes draw(int64_t count) {
    Bytes bytes(static_cast<size_t>(count * spec.elementSize()));
    const Values values = drawValues(spec.dtype, count, random);
    for (size_t i = 0; i < values.size(); ++i) {
      if (spec.dtype == DType::F32)
        reinterpret_cast<float *>(bytes.data())[i] =
            static_cast<float>(values[i]);
      else
        reinterpret_cast<double *>(bytes.data())[i] = values[i];
    }
    return bytes;
  }

  /// Forward and, where there is one, backward.
  void perform(const DeviceCall &how, Call &call) {
    std::string error;
    const std::optional<KernelFunctions> kernel =
        library.kernel(spec, error, how);
    if (!kernel) {
      problem = error;
      return;
    }
    note("forward",
         kernel->forward(n, batch, call.x.data, weight.data,
                         spec.bias ? bias.data : nullptr, call.y.data));
    hasBackward = kernel->backward != nullptr;
    if (hasBackward)
      note("backward",
           kernel->backward(n, batch, call.x.data, weight.data, call.gradY.data,
                            call.gradX.data, call.gradWeight.data,
                            spec.bias ? call.gradBias.data : nullptr));
  }
  void note(const char *function, int status) {
    if (status && problem.empty())
      problem = fmt::format("'{}_{}' returned {}: {}", spec.name, function,
                            status, library.lastError());
  }

  /// Whether a call has left what it leaves on the legacy stream; `which` is
  /// whose x it had.
  void compare(const Call &call, size_t which) {
    gpu.wait();
    if (call.results() != expected[which] && problem.empty())
      problem = "other bits";
  }

  std::string onStreams() {
    Stream first(gpu), second(gpu);
    for (auto &call : calls)
      call->forget();
    gpu.wait();
    for (int round = 0; round < kRounds; ++round) {
      perform({first.handle, std::nullopt}, *calls[0]);
      perform({second.handle, std::nullopt}, *calls[1]);
    }
    compare(*calls[0], 0);
    compare(*calls[1], 1);
    return takeProblem();
  }

  std::string inWorkspace() {
    int64_t bytes = 0;
    for (bool backward : {false, true}) {
      if (backward && !hasBackward)
        break;
      const int64_t needed = library.workspaceBytes(spec, n, batch, backward);
      if (needed < 0)
        note("workspace_bytes", static_cast<int>(needed));
      bytes = std::max(bytes, needed);
    }
    Array workspace(gpu, static_cast<size_t>(bytes));
    Stream stream(gpu);
    calls[0]->forget();
    gpu.wait();
    perform({stream.handle, workspace.data}, *calls[0]);
    compare(*calls[0], 0);
    return takeProblem();
  }

  bool hasPools() {
    int device = 0, pools = 0;
    return gpu.succeeded(gpu.driver().cuCtxGetDevice(&device),
                         "cuCtxGetDevice") &&
           gpu.succeeded(gpu.driver().cuDeviceGetAttribute(
                             &pools, EQC_CU_MEMORY_POOLS_SUPPORTED, device),
                         "cuDeviceGetAttribute") &&
           pools != 0;
  }

  std::string inGraph() {
    const GpuDriver &driver = gpu.driver();
    Stream stream(gpu);
    void *graph = nullptr, *executable = nullptr;
    calls[0]->forget();
    if (!gpu.succeeded(driver.cuStreamBeginCapture(stream.handle, 0),
                       "cuStreamBeginCapture"))
      return takeProblem();
    perform({stream.handle, std::nullopt}, *calls[0]);
    if (gpu.succeeded(driver.cuStreamEndCapture(stream.handle, &graph),
                      "cuStreamEndCapture") &&
        gpu.succeeded(driver.cuGraphInstantiate(&executable, graph, 0),
                      "cuGraphInstantiate")) {
      for (size_t which : {size_t(0), size_t(1), size_t(1)}) {
        calls[0]->x.write(inputs[which]);
        calls[0]->forget();
        gpu.wait();
        gpu.succeeded(driver.cuGraphLaunch(executable, stream.handle),
                      "cuGraphLaunch");
        compare(*calls[0], which);
      }
      gpu.succeeded(driver.cuGraphExecDestroy(executable),
                    "cuGraphExecDestroy");
    }
    if (graph)
      gpu.succeeded(driver.cuGraphDestroy(graph), "cuGraphDestroy");
    calls[0]->x.write(inputs[0]);
    return takeProblem();
  }

  std::string takeProblem() {
    const std::string found = gpu.takeProblems();
    if (!found.empty())
      problem += (problem.empty() ? "" : "; ") + found;
    return std::exchange(problem, "");
  }
  CheckRow row(const char *test, const std::string &note) const {
    CheckRow row;
    row.test = test;
    row.n = n;
    row.batch = batch;
    row.note = note;
    row.verdict = note.empty() ? Verdict::Ok : Verdict::Failed;
    return row;
  }

  const LayerSpec &spec;
  const LoadedLibrary &library;
  const int64_t n, batch;
  Gpu &gpu;
  Random random;
  Array weight, bias;
  std::optional<Call> calls[2];
  std::vector<Bytes> inputs;
  std::vector<std::vector<Bytes>> expected;
  std::string problem;
  bool hasBackward = false;
};

} // namespace

CheckReport eqc::checkOnGpu(const LayerSpec &spec, const LoadedLibrary &library,
                            const CheckOptions &options, Gpu &gpu) {
  CheckReport report = checkLibrary(
      spec, library, options,
      [&gpu](const LayerSpec &layer, const KernelFunctions &kernel) {
        return asHostLayer(layer, kernel, gpu);
      });
  if (!report.checked())
    return report;
  // Large batches keep several blocks of threads busy, an interpreter for long.
  std::optional<CheckCase> chosen;
  for (const CheckCase &test : planCases(spec, options))
    if (!test.skipped &&
        (!chosen || (gpu.isStandIn() ? test.batch < chosen->batch
                                     : test.batch > chosen->batch)))
      chosen = test;
  if (!chosen)
    return report;
  for (CheckRow &row :
       StreamChecker(spec, library, *chosen, options.seed, gpu).run())
    report.rows.push_back(std::move(row));
  return report;
}
