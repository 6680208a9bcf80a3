//===- Program.cpp - The launches of a piece of work ----------------------===//

#include "compiler/Lowering/Gpu/Program.h"

#include <eqc/cuda_kernel.h>

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

DeviceArray Program::scratch(const Poly &rows, int64_t channels,
                             bool oneSample) {
  const Formula samples =
      oneSample ? Formula(1) : Formula::variable(EQC_VAR_BATCH);
  DeviceArray array = scratchBytes(Formula::of(rows) * samples *
                                   Formula(channels * spec.elementSize()));
  array.rows = rows;
  array.channels = channels;
  array.oneSample = oneSample;
  return array;
}

DeviceArray Program::scratchBytes(const Formula &bytes) {
  DeviceArray array;
  array.array = EQC_ARRAY_WORKSPACE;
  array.offset = workspace;
  workspace =
      workspace + dividedUp(bytes, EQC_CUDA_ALIGN) * Formula(EQC_CUDA_ALIGN);
  return array;
}

int64_t Program::width(int64_t channels) const {
  const int64_t width = vectorBytes / spec.elementSize();
  return channels % width == 0 ? width : 1;
}

gpu::GPUFuncOp Program::addKernel(Launch launch) {
  OpBuilder &b = site.builder;
  SmallVector<Type> types(
      launch.arrays.size(),
      LLVM::LLVMPointerType::get(b.getContext(), kGlobalSpace));
  types.append(launch.numbers.size() + 1, b.getI64Type());
  b.setInsertionPointToEnd(module.getBody());
  auto function = gpu::GPUFuncOp::create(b, site.loc, launch.kernel,
                                         b.getFunctionType(types, {}));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function.setKnownBlockSizeAttr(
      b.getDenseI32ArrayAttr({static_cast<int32_t>(launch.threads), 1, 1}));
  b.setInsertionPointToEnd(&function.getBody().front());
  gpu::ReturnOp::create(b, site.loc);
  b.setInsertionPointToStart(&function.getBody().front());
  launches.push_back(std::move(launch));
  return function;
}

static bool isOfSamples(const Launch &launch) {
  return llvm::any_of(
      launch.arrays, [](const DeviceArray &array) { return !array.oneSample; });
}

void Program::divideBatch(const DeviceArray &x) {
  if (llvm::count_if(launches, isOfSamples) < 2)
    return;
  const Formula bytes =
      Formula::of(x.rows) * Formula(x.channels * spec.elementSize());
  const Formula half = divided(Formula::variable(EQC_VAR_L2), 2);
  chunk = smaller(Formula::variable(EQC_VAR_BATCH),
                  larger(1, divided(half, larger(1, bytes))));
}

/// The launch for the samples of a chunk: those of x and y that are there, and
/// a workspace that is not larger.
static Launch inChunks(Launch launch, const LayerSpec &spec) {
  auto change = [](Formula &formula) {
    formula = formula.with(EQC_VAR_BATCH, EQC_VAR_COUNT);
  };
  for (DeviceArray &array : launch.arrays) {
    const bool isSample =
        array.array == EQC_ARRAY_X || array.array == EQC_ARRAY_Y ||
        array.array == EQC_ARRAY_GRAD_X || array.array == EQC_ARRAY_GRAD_Y;
    if (isSample)
      array.offset =
          array.offset + Formula::variable(EQC_VAR_FIRST) *
                             Formula::of(array.rows) *
                             Formula(array.channels * spec.elementSize());
  }
  for (Formula &number : launch.numbers)
    change(number);
  change(launch.items);
  return launch;
}

/// {kernel, grid, params}; a parameter is its kind, its array, its formula.
static Attribute attributeOf(Builder &b, const Launch &launch, bool loops) {
  SmallVector<Attribute> params;
  auto add = [&](int64_t kind, int64_t array, const Formula &value) {
    std::vector<int64_t> words = value.words();
    words.insert(words.begin(), {kind, array});
    params.push_back(b.getDenseI64ArrayAttr(words));
  };
  for (const DeviceArray &array : launch.arrays)
    add(EQC_PARAM_ARRAY, array.array, array.offset);
  for (const Formula &number : launch.numbers)
    add(EQC_PARAM_I64, 0, number);
  add(EQC_PARAM_BLOCK, 0, 0);
  const Formula grid =
      launch.blocks ? *launch.blocks : dividedUp(launch.items, launch.threads);
  SmallVector<NamedAttribute> fields{
      b.getNamedAttr("kernel", b.getStringAttr(launch.kernel)),
      b.getNamedAttr("grid", b.getDenseI64ArrayAttr(grid.words())),
      b.getNamedAttr("params", b.getArrayAttr(params))};
  if (!launch.shared.isZero())
    fields.push_back(b.getNamedAttr(
        "shared", b.getDenseI64ArrayAttr(launch.shared.words())));
  if (loops)
    fields.push_back(b.getNamedAttr("loop", b.getI64IntegerAttr(1)));
  if (launch.cluster > 1)
    fields.push_back(b.getNamedAttr(
        "cluster", b.getDenseI64ArrayAttr(Formula(launch.cluster).words())));
  return b.getDictionaryAttr(fields);
}

Attribute Program::form() const {
  Builder b(site.target.getContext());
  // What is done once, with weights and the bias, needs nothing of the samples.
  SmallVector<Attribute> list, looped;
  for (Launch launch : launches) {
    const bool loops = chunk && isOfSamples(launch);
    if (loops)
      launch = inChunks(std::move(launch), spec);
    if (chunk)
      for (DeviceArray &array : launch.arrays)
        array.offset = array.offset.with(EQC_VAR_BATCH, EQC_VAR_CHUNK);
    (loops ? looped : list).push_back(attributeOf(b, launch, loops));
  }
  llvm::append_range(list, looped);
  SmallVector<NamedAttribute> fields{
      b.getNamedAttr("launches", b.getArrayAttr(list))};
  const Formula bytes =
      chunk ? workspace.with(EQC_VAR_BATCH, EQC_VAR_CHUNK) : workspace;
  if (!bytes.isZero())
    fields.push_back(
        b.getNamedAttr("workspace", b.getDenseI64ArrayAttr(bytes.words())));
  if (chunk)
    fields.push_back(
        b.getNamedAttr("chunk", b.getDenseI64ArrayAttr(chunk->words())));
  Formula condition = worthIt;
  if (vectorBytes > spec.elementSize()) {
    const Formula bytes = vectorBytes;
    condition = condition *
                atMost(bytes, Formula::variable(EQC_VAR_ALIGN_SAMPLES)) *
                atMost(bytes, Formula::variable(EQC_VAR_ALIGN_WEIGHTS));
  }
  if (!condition.isOne())
    fields.push_back(
        b.getNamedAttr("condition", b.getDenseI64ArrayAttr(condition.words())));
  return b.getDictionaryAttr(fields);
}

gpu::GPUModuleOp device::kernelModule(const KernelSite &site) {
  const std::string name =
      (site.layer.split('.').first + ".kernels." + site.target.getName()).str();
  auto module =
      site.builder.getBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!module)
    module = cast<ModuleOp>(site.builder.getBlock()->getParentOp());
  if (auto found = module.lookupSymbol<gpu::GPUModuleOp>(name))
    return found;
  OpBuilder::InsertionGuard guard(site.builder);
  site.builder.setInsertionPointToEnd(module.getBody());
  return gpu::GPUModuleOp::create(site.builder, site.loc, name);
}
