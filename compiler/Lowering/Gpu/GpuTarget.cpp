//===- GpuTarget.cpp - What all kinds of GPUs have in common --------------===//
//
// Where what a sample has between the stages of a plan fits in shared memory, a
// plan is one kernel. Else every stage is one, or a few, over all samples of a
// call, and what is between stages lies in the workspace. Programs stand as
// functions without a body, whose attributes say what is launched.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/GpuTarget.h"
#include "compiler/Lowering/Gpu/BlockScope.h"
#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Gpu/LayerWidths.h"
#include "compiler/Lowering/Gpu/MixTile.h"
#include "dialect/Eqc/EqcDialect.h"

#include <eqc/cuda_kernel.h>

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

#include <algorithm>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

/// What programs are made of: forms, from the fastest to the one that always
/// serves.
static constexpr const char *kForms = "cuda_forms";
static constexpr const char *kPackedForms = "cuda_packed_forms";

static func::FuncOp declareProgram(const KernelSite &site, KernelRole role) {
  auto function =
      func::FuncOp::create(site.builder, site.loc, site.nameOf(role),
                           site.builder.getFunctionType({}, {}));
  function.setPrivate();
  return function;
}

static std::string prefixOf(const KernelSite &site, int64_t vectorBytes) {
  std::string name = site.layer.str();
  std::replace(name.begin(), name.end(), '.', '$');
  return name + "$" + std::to_string(vectorBytes);
}

/// What the weights of a layer are multiplied by on the way to its gradient.
static SmallVector<int64_t> flipsOf(const KernelSite &site) {
  Operation *module = site.builder.getBlock()->getParentOp();
  auto interfaces =
      module->getAttrOfType<ArrayAttr>(ir::EqcDialect::kInterfacesAttrName);
  if (interfaces)
    for (auto interface : interfaces.getAsRange<ir::InterfaceAttr>())
      if (interface.getName() == site.layer.split('.').first)
        return SmallVector<int64_t>(interface.getFlips());
  return {};
}

/// A mix whose terms are multiplied by the weights of diagrams as they are.
static void readWeights(Table &terms, ArrayRef<PackedTerm> packed) {
  Table direct(terms.numFields());
  for (int64_t r = 0; r < terms.size(); ++r) {
    std::vector<Poly> row = terms.row(r);
    const int64_t term = row[MixNest::kWeight].at(1);
    row[MixNest::kWeight] = Poly(packed[term].front().diagram);
    direct.addRow(std::move(row));
  }
  terms = std::move(direct);
}

static bool isPlain(ArrayRef<PackedTerm> packed) {
  return llvm::all_of(packed, [](const PackedTerm &term) {
    return term.size() == 1 && term.front().factor == 1;
  });
}

namespace {

/// The forward function of a layer, or of one from grad_y to grad_x.
class LayerEmitter {
public:
  LayerEmitter(const KernelSite &site, const LayerSpec &spec)
      : site(site), spec(spec), isGradient(isGradientOfX(site.layer)) {}

  KernelTarget::Kernels emit(const LayerPlan &plan) {
    SmallVector<Attribute> forms, packedForms, packForms;
    for (int64_t vectorBytes : vectorWidths(spec)) {
      Program whole(site, kernelModule(site), spec, prefixOf(site, vectorBytes),
                    vectorBytes);
      program = &whole;
      packLaunches = 0;
      blockForms.clear();
      wantsBlock = vectorBytes == vectorWidths(spec).front();
      std::visit(*this, plan);
      for (const Program &form : blockForms)
        addForm(form, forms, packedForms);
      addForm(whole, forms, packedForms);
      if (packLaunches > 0) {
        Program pack = whole;
        pack.launches.resize(packLaunches);
        pack.workspace = 0;
        pack.chunk.reset();
        usePackedWeights(pack);
        packForms.push_back(pack.form());
      }
    }
    return {declare(KernelRole::Pack, packForms, {}),
            declare(KernelRole::Forward, forms, packedForms)};
  }

  void operator()(const StrandPlan &strands) {
    const SharedPlan &plan = strands.shared;
    packsAlways = strands.hasStrands();
    DeviceArray weights = packWeights(strands.packed, weightsInRow());
    emitBlock([&](int64_t blocks) { emitInBlock(strands, weights, blocks); });
    LayerArrays arrays = openArrays();
    if (!plan.stored.empty())
      arrays.stored = program->scratch(plan.storedRows, spec.cIn);
    if (!plan.nodes.empty())
      arrays.nodes = program->scratch(plan.nodeRows, spec.cOut);
    takeBias(strands.bias, arrays);
    emitStages(strands, arrays, weights);
    closeArrays(arrays);
    program->divideBatch(inputRows());
  }

  void operator()(const IsotypicPlan &plan) {
    DeviceArray weights = packWeights(plan.packed, weightsInRow());
    emitBlock([&](int64_t blocks) { emitInBlock(plan, weights, blocks); });
    LayerArrays arrays = openArrays();
    arrays.stored = program->scratch(Poly(plan.storedRows), spec.cIn);
    arrays.nodes = program->scratch(Poly(plan.nodeRows), spec.cOut);
    takeBias(plan.bias, arrays);
    emitStages(plan, arrays, weights);
    closeArrays(arrays);
    program->divideBatch(inputRows());
  }

  void operator()(const DensePlan &plan) {
    // In the order of the layer's layout: nothing is transposed.
    DeviceArray matrix = program->scratch(Poly(plan.rows), plan.columns, true);
    matrix.isPacked = true;
    emitMatrix(*program, plan, plan.diagrams, false, weightArray(spec.cOut),
               matrix);
    packLaunches = isGradient ? 0 : 1;
    packedShape = {plan.rows, plan.columns};
    LayerArrays arrays;
    arrays.input = {inputArray(), 0, Poly(1), plan.rows};
    arrays.output = {outputArray(), 0, Poly(1), plan.columns};
    MixTarget target;
    target.target.array = PlanArray::Output;
    MixTerm term;
    term.view.array = PlanArray::Input;
    target.fromInput.push_back(term);
    if (spec.bias && !isGradient) {
      arrays.bias = program->scratch(Poly(1), plan.columns, true);
      emitMatrix(*program, plan, plan.bias, true, biasArray(), arrays.bias);
      RowView row;
      row.array = PlanArray::Bias;
      target.inits.push_back(row);
    }
    MixStage stage;
    stage.target = PlanArray::Output;
    stage.targets.push_back(std::move(target));
    emitMix(*program, arrays, matrix, MixNest(stage, 0));
  }

  void operator()(const FactoredLayer &layer) {
    DeviceArray weights = packWeights(layer.packed, spec.cOut);
    SmallVector<int64_t> matrices;
    for (const auto &[d, term] : llvm::enumerate(layer.packed))
      matrices.push_back(isPlain(layer.packed) ? term.front().diagram
                                               : static_cast<int64_t>(d));
    LayerArrays arrays = openArrays();
    takeBias(layer.bias, arrays);
    emitFactored(*program, arrays, weights, matrices, layer.plan);
    closeArrays(arrays);
  }

private:
  /// A program, and the same with weights that the caller has packed.
  void addForm(const Program &form, SmallVectorImpl<Attribute> &forms,
               SmallVectorImpl<Attribute> &packedForms) const {
    forms.push_back(form.form());
    Program packed = form;
    usePackedWeights(packed);
    packed.launches.erase(packed.launches.begin(),
                          packed.launches.begin() + packLaunches);
    packedForms.push_back(packed.form());
  }
  static void usePackedWeights(Program &form) {
    for (Launch &launch : form.launches)
      for (DeviceArray &array : launch.arrays)
        if (array.isPacked)
          array = {EQC_ARRAY_PACKED, 0, array.rows, array.channels, true};
  }

  //===--------------------------------------------------------------------===//
  // Stages, in kernels of their own or as phases of one
  //===--------------------------------------------------------------------===//

  void emitStages(const StrandPlan &strands, const LayerArrays &arrays,
                  const DeviceArray &weights) {
    const SharedPlan &plan = strands.shared;
    int64_t firstTerm = 0;
    for (size_t i = 0; i < plan.stages.size(); ++i) {
      const std::optional<StrandStage> &fourier = strands.strands[i];
      if (const auto *read = std::get_if<ReadStage>(&plan.stages[i])) {
        emitRead(*program, arrays, plan, *read);
      } else if (fourier) {
        emitStrands(*program, arrays, weights, StrandNest(*fourier, firstTerm));
        firstTerm += static_cast<int64_t>(fourier->packed.size());
      } else if (const auto *mix = std::get_if<MixStage>(&plan.stages[i])) {
        const WriteStage *write = writeAfter(plan, i);
        const std::optional<GatherNest> gathered =
            write ? gatheredIn(plan, *mix, *write) : std::nullopt;
        mixStage(arrays, weights, strands.packed, *mix, firstTerm,
                 gathered ? &*gathered : nullptr);
        i += gathered ? 1 : 0;
      } else {
        emitWrite(*program, arrays, std::get<WriteStage>(plan.stages[i]));
      }
    }
  }

  /// What a write adds to y, to be added before y is written: blocks of threads
  /// write y once. Where some of it is subtracted, so do the kernels of their
  /// own: roundings follow the order. No table has more rows than so many.
  std::optional<GatherNest> gatheredIn(const SharedPlan &plan,
                                       const MixStage &mix,
                                       const WriteStage &write) const {
    constexpr int64_t kMostRows = 1 << 14;
    if (spec.dynamicN() || write.target != PlanArray::Output ||
        mix.targets.front().node >= 0 || // a slice of y
        rowsOfOutput().at(spec.n) > kMostRows || write.isUneven())
      return std::nullopt;
    // The mix has the other inits itself.
    MixStage bare;
    bare.targets.push_back(mix.targets.front());
    bare.targets.front().inits.clear();
    GatherNest gathered(plan, bare, &write);
    if (!program->block && !subtracts(gathered))
      return std::nullopt;
    return gathered;
  }

  void emitStages(const IsotypicPlan &plan, const LayerArrays &arrays,
                  const DeviceArray &weights) {
    emitRows(*program, plan.read, arrays.input, arrays.stored);
    int64_t firstTerm = 0;
    for (const MixStage &mix : plan.mixes)
      mixStage(arrays, weights, plan.packed, mix, firstTerm);
    emitRows(*program, plan.write, arrays.nodes, arrays.output);
  }

  //===--------------------------------------------------------------------===//
  // All stages in one kernel
  //===--------------------------------------------------------------------===//

  /// After what has been launched so far; `emit` adds to `blockForms` where
  /// there is such a kernel: of a block, or of a cluster of as few as a sample
  /// fits in. Where n is given at run time, so is which of the two it is.
  void emitBlock(llvm::function_ref<void(int64_t blocks)> emit) {
    for (int64_t blocks : {1, 2, 4, 8}) {
      const bool isCluster = blocks > 1;
      if (!wantsBlock || (isCluster && !hasClusters(*program)))
        return;
      if (spec.dynamicN() ? isCluster && blocks < kMostBlocksOfCluster
                          : !blockForms.empty())
        continue;
      Program *whole = program;
      Program form = *whole;
      program = &form;
      emit(blocks);
      program = whole;
    }
  }

  void emitInBlock(const StrandPlan &strands, const DeviceArray &weights,
                   int64_t blocks) {
    const SharedPlan &plan = strands.shared;
    if (strands.hasStrands() || !strands.bias.rows.empty())
      return;
    BlockScope block(*program, blocks);
    LayerArrays arrays;
    arrays.bias = biasArray();
    auto placeInputs = [&] {
      arrays.input = block.place(rowsOfInput(), spec.cIn);
      if (!plan.stored.empty())
        arrays.stored = block.place(plan.storedRows, spec.cIn);
    };
    auto placeOutputs = [&] {
      if (!plan.nodes.empty())
        arrays.nodes = block.place(plan.nodeRows, spec.cOut);
      placeOutput(block, arrays);
    };
    if (block.widthOf(spec.cIn) > 1) {
      placeInputs();
      placeOutputs();
    } else {
      placeOutputs();
      placeInputs();
    }
    std::vector<const MixStage *> mixes;
    for (const SharedStage &stage : plan.stages)
      if (const auto *mix = std::get_if<MixStage>(&stage))
        mixes.push_back(mix);
    emitPhases(block, arrays, weights, mixes,
               [&] { emitStages(strands, arrays, weights); });
  }

  void emitInBlock(const IsotypicPlan &plan, const DeviceArray &weights,
                   int64_t blocks) {
    BlockScope block(*program, blocks);
    LayerArrays arrays;
    // The layer's own basis is done with before there are nodes.
    std::tie(arrays.input, arrays.nodes) = block.placeEither(
        rowsOfInput(), spec.cIn, Poly(plan.nodeRows), spec.cOut);
    arrays.stored = block.place(Poly(plan.storedRows), spec.cIn);
    placeOutput(block, arrays);
    arrays.bias = biasArray();
    const DeviceArray bias = arrays.bias;
    if (!plan.bias.rows.empty())
      arrays.bias = block.place(
          Poly(static_cast<int64_t>(plan.bias.rows.size())), spec.cOut, true);
    std::vector<const MixStage *> mixes;
    for (const MixStage &mix : plan.mixes)
      mixes.push_back(&mix);
    emitPhases(block, arrays, weights, mixes, [&] {
      if (!plan.bias.rows.empty())
        emitRows(*program, plan.bias, bias, arrays.bias);
      emitStages(plan, arrays, weights);
    });
  }

  /// y, or its rows where they are transposed.
  void placeOutput(BlockScope &block, LayerArrays &arrays) const {
    arrays.output = outputRows();
    if (isTransposed(spec.l))
      arrays.output = block.place(rowsOfOutput(), spec.cOut);
  }

  void emitPhases(BlockScope &block, const LayerArrays &arrays,
                  const DeviceArray &weights,
                  const std::vector<const MixStage *> &mixes,
                  llvm::function_ref<void()> stages) {
    Poly rows;
    int64_t tilesOfRow = 1;
    bool needsSlots = false;
    for (const MixStage *mix : mixes) {
      rows +=
          productOf(mix->lengths,
                    mix->subsets * static_cast<int64_t>(mix->targets.size()));
      const MixNest nest(*mix, 0);
      const MixTile tile = mixTileOf(mixShapeOf(
          spec.elementSize(), block.widthOf(spec.cIn),
          program->columnsOf(weights, spec.cOut),
          spec.cIn * (nest.mostFromInput + nest.mostFromStored), true));
      tilesOfRow = std::max(tilesOfRow, tile.count);
      needsSlots |= tile.totals == MixTile::Shared;
    }
    if (!block.fits(needsSlots))
      return;
    const DeviceArray x = inputRows(), y = outputRows();
    block.open({x, weights, biasArray(), y}, rows, tilesOfRow, needsSlots);
    program->block = &block;
    program->worthIt = block.condition();
    if (isTransposed(spec.k))
      emitToRows(*program, x, arrays.input);
    else
      emitCopy(*program, x, arrays.input);
    stages();
    if (arrays.output.shared)
      emitFromRows(*program, arrays.output, y);
    program->block = nullptr;
    blockForms.push_back(*program);
  }

  bool isTransposed(int order) const {
    return spec.layout == Layout::ChannelsFirst && order > 0;
  }
  /// Of a sample.
  Poly rowsOfInput() const {
    return productOf(lengthsOfAxes(spec.group, spec.k, spec.xAxes));
  }
  Poly rowsOfOutput() const {
    return productOf(lengthsOfAxes(spec.group, spec.l, spec.yAxes));
  }
  DeviceArray inputRows() const {
    return {inputArray(), 0, rowsOfInput(), spec.cIn};
  }
  DeviceArray outputRows() const {
    return {outputArray(), 0, rowsOfOutput(), spec.cOut};
  }

  //===--------------------------------------------------------------------===//
  // Arrays
  //===--------------------------------------------------------------------===//

  int64_t inputArray() const {
    return isGradient ? EQC_ARRAY_GRAD_Y : EQC_ARRAY_X;
  }
  int64_t outputArray() const {
    return isGradient ? EQC_ARRAY_GRAD_X : EQC_ARRAY_Y;
  }
  DeviceArray biasArray() const {
    return {EQC_ARRAY_BIAS, 0, Poly(1), spec.cOut, true};
  }

  int64_t weightsInRow() const {
    return lengthOfWeights(spec, program->vectorBytes, isGradient);
  }

  /// The weights of the layer; from grad_y to grad_x they are made first, with
  /// rows of such a length.
  DeviceArray weightArray(int64_t length) {
    DeviceArray weight{EQC_ARRAY_WEIGHT, 0, Poly(spec.cIn), spec.cOut, true};
    if (!isGradient)
      return weight;
    const SmallVector<int64_t> flips = flipsOf(site);
    const DeviceArray flipped = program->scratch(
        Poly(static_cast<int64_t>(flips.size() / (1 + spec.group.numSpaces())) *
             spec.cIn),
        length, true);
    emitFlip(*program, flips, weight, flipped);
    return flipped;
  }

  /// Whether mixes read the weights of the layer instead of packed ones.
  bool readsPlain(ArrayRef<PackedTerm> packed) const {
    return !packsAlways && isPlain(packed);
  }

  DeviceArray packWeights(ArrayRef<PackedTerm> packed, int64_t length) {
    DeviceArray weight = weightArray(length);
    packedShape = {static_cast<int64_t>(packed.size()), spec.cIn, spec.cOut};
    if (readsPlain(packed)) {
      for (const PackedTerm &term : packed)
        packedShape.front() =
            std::max<int64_t>(packedShape.front(), term.front().diagram + 1);
      weight.isPacked = true;
      return weight;
    }
    DeviceArray target =
        program->scratch(Poly(static_cast<int64_t>(packed.size()) * spec.cIn),
                         weight.channels, true);
    target.isPacked = true;
    emitPack(*program, packed, weight, target);
    packLaunches = isGradient ? 0 : 1;
    return target;
  }

  void mixStage(const LayerArrays &arrays, const DeviceArray &weights,
                ArrayRef<PackedTerm> packed, const MixStage &mix,
                int64_t &firstTerm, const GatherNest *gathered = nullptr) {
    MixNest nest(mix, firstTerm);
    firstTerm += mix.terms();
    if (readsPlain(packed)) {
      readWeights(nest.inputTerms, packed);
      readWeights(nest.storedTerms, packed);
    }
    emitMix(*program, arrays, weights, nest, gathered);
  }

  /// Sums of rows of the layer's bias take its place, where there are any.
  void takeBias(const RowTransform &bias, LayerArrays &arrays) {
    if (bias.rows.empty())
      return;
    DeviceArray rows = program->scratch(
        Poly(static_cast<int64_t>(bias.rows.size())), spec.cOut, true);
    emitRows(*program, bias, arrays.bias, rows);
    arrays.bias = rows;
  }

  /// x and y as rows of channels.
  LayerArrays openArrays() {
    LayerArrays arrays;
    arrays.input = inputRows();
    arrays.output = outputRows();
    arrays.bias = biasArray();
    if (isTransposed(spec.k)) {
      const DeviceArray rows = program->scratch(arrays.input.rows, spec.cIn);
      emitToRows(*program, arrays.input, rows);
      arrays.input = rows;
    }
    if (isTransposed(spec.l))
      arrays.output = program->scratch(arrays.output.rows, spec.cOut);
    return arrays;
  }
  void closeArrays(const LayerArrays &arrays) {
    if (arrays.output.array == EQC_ARRAY_WORKSPACE)
      emitFromRows(*program, arrays.output, outputRows());
  }

  std::pair<KernelRole, EmittedKernel> declare(KernelRole role,
                                               ArrayRef<Attribute> forms,
                                               ArrayRef<Attribute> packed) {
    func::FuncOp function = declareProgram(site, role);
    function->setAttr(kForms, site.builder.getArrayAttr(forms));
    if (!packed.empty())
      function->setAttr(kPackedForms, site.builder.getArrayAttr(packed));
    KernelRecord record;
    record.packedShape = packedShape;
    // Launches follow each other by themselves.
    record.phases = 1;
    return {role, {function, record}};
  }

  const KernelSite &site;
  const LayerSpec &spec;
  const bool isGradient;
  Program *program = nullptr;
  bool wantsBlock = false;
  /// In Fourier space terms are numbered as they are packed.
  bool packsAlways = false;
  std::vector<Program> blockForms; ///< in the order in which they are tried
  int64_t packLaunches = 0;        ///< of the program, at its start
  std::vector<int64_t> packedShape;
};

} // namespace

/// One side of the gradients: its rows, and what is read of them.
static LayerArrays openReads(Program &program, const SharedPlan &plan,
                             int64_t array, int64_t channels,
                             const Formula &condition) {
  const size_t first = program.launches.size();
  LayerArrays arrays;
  arrays.input = {array, 0, productOf(plan.inputLengths()), channels};
  if (program.spec.layout == Layout::ChannelsFirst && plan.k > 0) {
    const DeviceArray rows = program.scratch(arrays.input.rows, channels);
    emitToRows(program, arrays.input, rows);
    arrays.input = rows;
  }
  if (!plan.stored.empty())
    arrays.stored = program.scratch(plan.storedRows, channels);
  for (const SharedStage &stage : plan.stages)
    emitRead(program, arrays, plan, std::get<ReadStage>(stage));
  for (size_t i = first; i < program.launches.size(); ++i)
    program.launches[i].items = condition * program.launches[i].items;
  return arrays;
}

CostTarget GpuTarget::costTarget(const CpuVariant &variant) const {
  return {variant.name, variant.machine, noRates};
}

std::string GpuTarget::whyNoKernels(const LayerSpec &spec) const {
  if (spec.storage != Storage::AsComputed)
    return "numbers of 16 bits are not built yet for GPUs";
  if (spec.group.isProduct() && spec.dynamicN())
    return "sizes given at run time beside other spaces are not built yet for "
           "GPUs";
  if (spec.pools())
    return "maxima and minima over inputs are not built yet for GPUs";
  return spec.isBilinear() ? "layers of two inputs are not built yet for GPUs"
                           : "";
}

KernelTarget::Kernels GpuTarget::emitLayer(const KernelSite &site,
                                           const LayerSpec &spec,
                                           const LayerPlan &plan) const {
  return LayerEmitter(site, spec).emit(plan);
}

KernelTarget::Kernels GpuTarget::emitGradients(const KernelSite &site,
                                               const LayerSpec &spec,
                                               const GradientPlan &plan) const {
  SmallVector<Attribute> forms;
  const Formula asked = Formula::variable(EQC_VAR_SUMS);
  for (int64_t vectorBytes : vectorWidths(spec)) {
    Program program(site, kernelModule(site), spec, prefixOf(site, vectorBytes),
                    vectorBytes);
    const LayerArrays gradY =
        openReads(program, plan.gradY, EQC_ARRAY_GRAD_Y, spec.cOut, 1);
    const LayerArrays x =
        openReads(program, plan.x, EQC_ARRAY_X, spec.cIn, remainder(asked, 2));
    emitGradientSums(program, plan, x, gradY);
    forms.push_back(program.form());
  }
  func::FuncOp function = declareProgram(site, KernelRole::Sums);
  function->setAttr(kForms, site.builder.getArrayAttr(forms));
  Kernels kernels;
  KernelRecord record;
  record.phases = 1;
  kernels.push_back({KernelRole::Sums, {function, record}});
  return kernels;
}

void GpuTarget::addDialects(DialectRegistry &registry) const {
  registry.insert<arith::ArithDialect, func::FuncDialect, gpu::GPUDialect,
                  LLVM::LLVMDialect, scf::SCFDialect, vector::VectorDialect>();
}

void GpuTarget::addTranslations(DialectRegistry &registry) const {
  registerGPUDialectTranslation(registry);
}

void device::addDevicePasses(OpPassManager &kernels) {
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(createSCFToControlFlowPass());
}
