//===- CompiledKernelsTest.cpp - Kernels as LLVM writes them --------------===//
//
// Kernels/*.mlir, which the build makes PTX of, against plain loops, and with
// something taken out that they need.
//
//===----------------------------------------------------------------------===//

#include "test/Ptx/Support.h"

#include <array>
#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

using namespace eqc::ptx;

namespace {

constexpr const char *kChips[] = {"sm_80", "sm_90", "sm_100"};

template <class T> constexpr const char *kType = "f64";
template <> constexpr const char *kType<float> = "f32";

std::string ptxOf(const std::string &kernel, const std::string &type,
                  const std::string &chip) {
  std::ifstream file(std::string(EQC_PTX_KERNELS) + "/" + kernel + "-" + type +
                     "-" + chip + ".ptx");
  EXPECT_TRUE(file.is_open()) << kernel;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

/// A memref of any offset and strides, as a kernel's parameters.
void addMemref(Arguments &arguments, uint64_t address,
               const std::vector<int64_t> &sizes) {
  arguments.add(address);
  arguments.add(address);
  arguments.add(int64_t(0));
  for (int64_t size : sizes)
    arguments.add(size);
  for (size_t n = 1; n <= sizes.size(); ++n) {
    int64_t stride = 1;
    for (size_t m = n; m < sizes.size(); ++m)
      stride *= sizes[m];
    arguments.add(stride);
  }
}

template <class T> std::vector<T> randomValues(size_t size) {
  std::mt19937 random(7);
  std::uniform_real_distribution<T> distribution(-1, 1);
  std::vector<T> values(size);
  for (T &value : values)
    value = distribution(random);
  return values;
}

/// A kernel with arrays that it reads and one that it writes.
template <class T> struct Case {
  std::string kernel;
  struct Array {
    std::vector<T> values;
    std::vector<int64_t> sizes;
  };
  std::vector<Array> inputs;
  Array output; ///< holds what is expected
  Dim3 grid, block;
  uint32_t dynamicShared = 0;
  double tolerance = 0; ///< 0: the same bits

  struct Result {
    Report report;
    std::vector<T> values;
  };
  Result execute(std::string_view ptx, Order order,
                 bool countTraffic = false) const {
    return execute(parseOrFail(ptx), order, countTraffic);
  }
  Result execute(const Module &module, Order order,
                 bool countTraffic = false) const {
    Launch launch;
    launch.maxInstructions = 20'000;
    launch.kernel = kernel;
    launch.grid = grid;
    launch.block = block;
    launch.dynamicShared = dynamicShared;
    launch.order = order;
    launch.countTraffic = countTraffic;
    Memory memory;
    Arguments arguments;
    for (const Array &input : inputs)
      addMemref(arguments,
                memory.addReadOnly("input", input.values.data(),
                                   input.values.size() * sizeof(T)),
                input.sizes);
    Result result;
    result.values.assign(output.values.size(), T(NAN));
    addMemref(arguments,
              memory.add("output", result.values.data(),
                         result.values.size() * sizeof(T)),
              output.sizes);
    launch.arguments = arguments.bytes;
    result.report = run(module, launch, memory);
    return result;
  }

  /// Right numbers, and the same bits in every order.
  void check() const {
    for (const char *chip : kChips) {
      const std::string ptx = ptxOf(kernel, kType<T>, chip);
      std::optional<std::vector<T>> first;
      for (Order order : kOrders) {
        const Result result = execute(ptx, order);
        ASSERT_FALSE(result.report.error) << chip << "\n"
                                          << result.report.error->message();
        for (size_t n = 0; n < output.values.size(); ++n)
          ASSERT_LE(std::abs(result.values[n] - output.values[n]), tolerance)
              << kernel << " " << chip << " " << n;
        if (!first)
          first = result.values;
        ASSERT_EQ(std::memcmp(first->data(), result.values.data(),
                              first->size() * sizeof(T)),
                  0);
      }
    }
  }

  /// Without any one line that begins with `word` there is an error, in every
  /// order.
  void checkNeeds(const std::string &word, size_t atLeast) const {
    for (const char *chip : kChips) {
      const std::string ptx = ptxOf(kernel, kType<T>, chip);
      const std::vector<unsigned> lines = linesWith(ptx, word);
      EXPECT_GE(lines.size(), atLeast) << kernel << " " << chip;
      for (unsigned line : lines)
        for (Order order : kOrders) {
          const Result result = execute(withoutLine(ptx, line), order);
          ASSERT_TRUE(result.report.error)
              << kernel << " " << chip << " without line " << line;
          EXPECT_TRUE(result.report.error->kind == Error::Kind::Race ||
                      result.report.error->kind == Error::Kind::Uninitialised ||
                      result.report.error->kind == Error::Kind::Divergence)
              << result.report.error->message();
        }
    }
  }
};

template <class T> Case<T> transposeCase(int64_t rows, int64_t cols) {
  Case<T> c;
  c.kernel = "transpose";
  c.inputs = {{randomValues<T>(size_t(rows * cols)), {rows, cols}}};
  c.output.sizes = {cols, rows};
  for (int64_t j = 0; j < cols; ++j)
    for (int64_t i = 0; i < rows; ++i)
      c.output.values.push_back(c.inputs[0].values[size_t(i * cols + j)]);
  c.grid.x = 3;
  c.block = {16, 16, 1};
  return c;
}

template <class T> Case<T> rowsumCase(int64_t rows, int64_t cols) {
  Case<T> c;
  c.kernel = "rowsum";
  c.inputs = {{randomValues<T>(size_t(rows * cols)), {rows, cols}}};
  c.output.sizes = {rows};
  for (int64_t i = 0; i < rows; ++i) {
    long double sum = 0;
    for (int64_t j = 0; j < cols; ++j)
      sum += c.inputs[0].values[size_t(i * cols + j)];
    c.output.values.push_back(T(sum));
  }
  c.grid.x = uint32_t(rows);
  c.block.x = 128;
  c.tolerance = double(cols) * std::numeric_limits<T>::epsilon();
  return c;
}

template <class T> Case<T> matmulCase(int64_t m, int64_t n, int64_t depth) {
  Case<T> c;
  c.kernel = "matmul";
  c.inputs = {{randomValues<T>(size_t(m * depth)), {m, depth}},
              {randomValues<T>(size_t(depth * n)), {depth, n}}};
  c.output.sizes = {m, n};
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      // The kernel's own order of products, so that not a bit may differ.
      T sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum = std::fma(c.inputs[0].values[size_t(i * depth + k)],
                       c.inputs[1].values[size_t(k * n + j)], sum);
      c.output.values.push_back(sum);
    }
  c.grid = {uint32_t(m / 32), uint32_t(n / 32), 1};
  c.block.x = 64;
  return c;
}

template <class T> Case<T> gatherCase(int64_t batch) {
  constexpr double kWeights[] = {1.0, -2.0, 0.5, 3.0};
  Case<T> c;
  c.kernel = "gather";
  c.inputs = {{randomValues<T>(size_t(batch * 64)), {batch, 64}}};
  c.output.sizes = {batch, 64};
  for (int64_t b = 0; b < batch; ++b) {
    const T *x = &c.inputs[0].values[size_t(b * 64)];
    for (int64_t i = 0; i < 64; ++i) {
      // A warp reads its half backwards, and so sums the other half.
      long double sum = 0;
      for (int64_t j = 0; j < 32; ++j)
        sum += x[(i < 32 ? 32 : 0) + j];
      c.output.values.push_back(T(x[63 - i] * T(kWeights[i % 4]) + sum));
    }
  }
  c.grid.x = uint32_t(batch);
  c.block.x = 64;
  c.dynamicShared = 64 * sizeof(T);
  c.tolerance = 64 * std::numeric_limits<T>::epsilon();
  return c;
}

template <class T> class CompiledKernels : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(CompiledKernels, Types);

TYPED_TEST(CompiledKernels, Transpose) {
  transposeCase<TypeParam>(40, 50).check();
  transposeCase<TypeParam>(1, 1).check();
  transposeCase<TypeParam>(16, 96).check();
  transposeCase<TypeParam>(80, 80).checkNeeds("bar.sync", 2);
}

TYPED_TEST(CompiledKernels, Rowsum) {
  rowsumCase<TypeParam>(5, 1000).check();
  rowsumCase<TypeParam>(1, 1).check();
  rowsumCase<TypeParam>(2, 300).checkNeeds("bar.sync", 2);
}

TYPED_TEST(CompiledKernels, Matmul) {
  matmulCase<TypeParam>(64, 96, 48).check();
  matmulCase<TypeParam>(32, 32, 48).checkNeeds("bar.sync", 2);
}

TYPED_TEST(CompiledKernels, Gather) {
  gatherCase<TypeParam>(3).check();
  gatherCase<TypeParam>(2).checkNeeds("bar.sync", 1);
  gatherCase<TypeParam>(2).checkNeeds("cp.async.wait_group", 1);
  gatherCase<TypeParam>(2).checkNeeds("cp.async.commit_group", 1);
}

/// What Kernels/scalars.mlir says, in C++.
template <class T> std::array<int64_t, 8> scalarsOf(int32_t a) {
  const uint32_t bits = uint32_t(a);
  std::array<int64_t, 8> y{};
  y[0] = int64_t(std::floor(a / 7.0));
  y[1] = bits % 10;
  switch (bits % 6) {
  case 0:
    y[2] = a;
    break;
  case 1:
    y[2] = int64_t(a) * a;
    break;
  case 2:
    y[2] = a ^ y[1];
    break;
  case 3:
    y[2] = a / y[1];
    break;
  case 4:
    y[2] = int64_t(a) * (1 << y[1]);
    break;
  default:
    y[2] = y[0] - a;
  }
  const T third = T(a) / T(3);
  y[3] = int64_t(third);
  y[4] = int32_t(bits + (bits & 7));
  y[5] = int64_t(int8_t(bits)) * uint16_t(bits);
  const int32_t less = std::min(a, int32_t(__builtin_popcount(bits)));
  const uint32_t zeros = bits == 0 ? 32 : uint32_t(__builtin_clz(bits));
  y[6] = int32_t(std::max(uint32_t(less), zeros)) >> 3;
  const T chosen = (third < 3) != (-third == third) ? -third : T(a);
  y[7] = chosen >= 3 ? uint32_t(chosen) : 0;
  return y;
}

TYPED_TEST(CompiledKernels, Scalars) {
  std::vector<int32_t> in = {0, 1, -1, 7, -7, 8, 9, INT32_MAX, INT32_MIN};
  std::mt19937 random(3);
  while (in.size() < 160)
    in.push_back(int32_t(random()) >> (random() % 30));
  for (const char *chip : kChips) {
    const Module module = parseOrFail(ptxOf("scalars", kType<TypeParam>, chip));
    std::vector<std::array<int64_t, 8>> out(in.size());
    Memory memory;
    Arguments arguments;
    const int64_t size = int64_t(in.size());
    addMemref(arguments, memory.addReadOnly("in", in.data(), size * 4), {size});
    addMemref(arguments, memory.add("out", out.data(), size * 64), {size, 8});
    Launch launch;
    launch.kernel = "scalars";
    launch.grid.x = uint32_t(size / 32);
    launch.block.x = 32;
    launch.arguments = arguments.bytes;
    const Report report = runInAllOrders(module, launch, memory);
    ASSERT_FALSE(report.error) << report.error->message();
    EXPECT_GT(report.counts.of("brx.idx"), 0U);
    EXPECT_GT(report.counts.of("ld.local"), 0U);
    for (size_t n = 0; n < in.size(); ++n)
      for (int k = 0; k < 8; ++k)
        EXPECT_EQ(out[n][k], scalarsOf<TypeParam>(in[n])[k])
            << in[n] << " " << k;
  }
}

/// Arrays that end before the kernel thinks.
TYPED_TEST(CompiledKernels, Bounds) {
  for (const char *chip : kChips) {
    Case<TypeParam> c = matmulCase<TypeParam>(32, 32, 32);
    const std::string ptx = ptxOf(c.kernel, kType<TypeParam>, chip);
    c.inputs[1].values.pop_back();
    const Report report = c.execute(ptx, Order::Forwards).report;
    ASSERT_TRUE(report.error);
    EXPECT_EQ(report.error->kind, Error::Kind::OutOfBounds);
  }
}

/// Whatever is missing, there is an answer.
TYPED_TEST(CompiledKernels, AnyLineMissing) {
  const Case<TypeParam> cases[] = {
      transposeCase<TypeParam>(17, 20), rowsumCase<TypeParam>(2, 200),
      matmulCase<TypeParam>(32, 32, 16), gatherCase<TypeParam>(1)};
  for (const Case<TypeParam> &c : cases) {
    const std::string ptx = ptxOf(c.kernel, kType<TypeParam>, "sm_90");
    const unsigned lines = unsigned(linesWith(ptx, "").size());
    unsigned refused = 0, failed = 0;
    for (unsigned line = 1; line <= lines; ++line) {
      Error error;
      const std::optional<Module> module = parse(withoutLine(ptx, line), error);
      if (!module) {
        EXPECT_FALSE(error.text.empty());
        ++refused;
        continue;
      }
      const Report report = c.execute(*module, Order::Forwards).report;
      failed += report.error.has_value();
    }
    // Declarations and labels are missed at once, much of the rest later.
    EXPECT_GE(refused, 5U) << c.kernel;
    EXPECT_GE(failed, lines / 6) << c.kernel;
  }
}

TYPED_TEST(CompiledKernels, FmasAndTraffic) {
  const int64_t m = 64, n = 96, depth = 48;
  for (const char *chip : kChips) {
    Case<TypeParam> c = matmulCase<TypeParam>(m, n, depth);
    const Report report =
        c.execute(ptxOf(c.kernel, kType<TypeParam>, chip), Order::Forwards,
                  /*countTraffic=*/true)
            .report;
    ASSERT_FALSE(report.error);
    const uint64_t fmas = uint64_t(m * n * depth);
    EXPECT_EQ(report.counts.fmasF32, sizeof(TypeParam) == 4 ? fmas : 0);
    EXPECT_EQ(report.counts.fmasF64, sizeof(TypeParam) == 8 ? fmas : 0);
    // a is read by each column of blocks and b by each row, c written once.
    constexpr uint64_t kPerSector = 32 / sizeof(TypeParam);
    ASSERT_EQ(report.traffic.size(), 3U);
    const Traffic &a = report.traffic[0].loads, &b = report.traffic[1].loads;
    EXPECT_EQ(a.sectors, m * depth / kPerSector);
    EXPECT_EQ(a.blockSectors, a.sectors * (n / 32));
    EXPECT_EQ(b.sectors, n * depth / kPerSector);
    EXPECT_EQ(b.blockSectors, b.sectors * (m / 32));
    const Traffic &out = report.traffic[2].stores;
    EXPECT_EQ(out.sectors, m * n / kPerSector);
    EXPECT_EQ(out.blockSectors, out.sectors);
    EXPECT_EQ(out.bytes, m * n * sizeof(TypeParam));
  }
}

} // namespace
