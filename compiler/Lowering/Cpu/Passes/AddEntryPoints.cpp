//===- AddEntryPoints.cpp - The C functions of layers ---------------------===//
//
// Around the kernels: the exported functions, and the descriptor through which
// the runtime calls the kernels. Which functions there are, and what they take,
// says compiler/Interface.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interface/Signature.h"
#include "compiler/Lowering/Cpu/Passes/EntryFunctions.h"
#include "compiler/Lowering/Cpu/Passes/Passes.h"
#include "compiler/Lowering/Entry/EntryInfo.h"
#include "compiler/Lowering/Entry/NetworkEntry.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/PlanRules.h"
#include "dialect/Eqc/EqcNetwork.h"

#include <eqc/kernel.h>

#include <map>
#include <tuple>

namespace eqc {
#define GEN_PASS_DEF_ADDENTRYPOINTSPASS
#include "compiler/Lowering/Cpu/Passes/Passes.h.inc"
} // namespace eqc

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

/// The kernels of a module, by layer, CPU and role.
class KernelTable {
public:
  explicit KernelTable(ModuleOp module) {
    const SymbolTable symbols(module);
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      auto attribute =
          function->getAttrOfType<KernelAttr>(EqcDialect::kKernelAttrName);
      if (!attribute)
        continue;
      EntryKernel kernel{function,
                         symbols.lookup<LLVM::LLVMFuncOp>(
                             (function.getName() + ".arena").str()),
                         attribute, attribute.getRecord()};
      const TargetAttr target = attribute.getTarget();
      if (attribute.getRole() == KernelRole::Forward)
        targets[attribute.getLayer()].push_back(target);
      kernels[{attribute.getLayer().str(), target.getName().str(),
               attribute.getRole()}] = kernel;
    }
  }

  /// The CPUs of a layer, least demanding first.
  ArrayRef<TargetAttr> targetsOf(StringRef layer) const {
    auto found = targets.find(layer);
    return found == targets.end() ? ArrayRef<TargetAttr>() : found->second;
  }

  const EntryKernel *find(StringRef layer, TargetAttr target,
                          KernelRole role) const {
    auto found = kernels.find({layer.str(), target.getName().str(), role});
    return found == kernels.end() ? nullptr : &found->second;
  }

private:
  llvm::StringMap<SmallVector<TargetAttr>> targets;
  std::map<std::tuple<std::string, std::string, KernelRole>, EntryKernel>
      kernels;
};

/// Writes the entry points of one layer.
class LayerEntryPoints {
public:
  LayerEntryPoints(EntryBuilder &b, const KernelTable &kernels,
                   InterfaceAttr interface, bool threads, bool ragged,
                   bool exports)
      : b(b), kernels(kernels), interface(interface), layer(interface),
        threads(threads), ragged(ragged && hasRagged(interface)),
        exports(exports) {}

  LogicalResult add(ModuleOp module) {
    const ArrayRef<TargetAttr> targets = kernels.targetsOf(layer.name);
    if (targets.empty())
      return module.emitError()
             << "layer '" << layer.name << "' has no kernel to be called";
    if (interface.getNumber("k2") >= 0)
      return addBilinear(module, targets);
    const bool gradients = interface.getNumber("has_backward") != 0;
    EntryConstant info = addLayerInfo(b, interface);
    std::vector<EntryConstant> variants, backward;
    for (TargetAttr target : targets)
      if (failed(addVariant(module, layer, target, variants)))
        return failure();
    for (TargetAttr target : targets)
      if (gradients && failed(addGradient(module, target, backward)))
        return failure();
    std::vector<EntryConstant> fields = kernelFields(info, variants);
    fields.push_back(gradients ? b.addTable(layer.name + ".gradients", backward)
                               : EntryConstant::none());
    fields.push_back(addFlips());
    EntryConstant kernel =
        b.addSized(layer.name + ".kernel", fields, sizeof(eqc_kernel));
    for (const CFunction *function :
         cFunctions(gradients, Interface::Host, ragged))
      if (exports)
        addExported(*function, kernel, info);
    return success();
  }

  /// Elements of packed weights, at most; those of two inputs stay as they are.
  int64_t packedSize() const {
    if (interface.getNumber("k2") >= 0)
      return interface.getNumber("weight_size");
    int64_t most = 0;
    for (TargetAttr target : kernels.targetsOf(layer.name)) {
      int64_t elements = 1;
      for (int64_t extent :
           kernels.find(layer.name, target, KernelRole::Forward)
               ->record.packedShape)
        elements *= extent;
      most = std::max(most, elements);
    }
    return most;
  }

  /// Of a layer of two inputs, an `eqc_bilinear`.
  LogicalResult addBilinear(ModuleOp module, ArrayRef<TargetAttr> targets) {
    const bool gradients = interface.getNumber("has_backward") != 0;
    EntryConstant info = addLayerInfo(b, interface);
    std::vector<EntryConstant> variants, backward;
    bool good = true;
    auto map = [&](TargetAttr target, BilinearRole role) {
      const EntryLayer of(interface, role);
      const EntryKernel *kernel =
          find(module, of.name, target, KernelRole::Forward);
      good &= kernel != nullptr;
      return kernel ? makeBilinearVariant(b, of, target, *kernel)
                    : EntryConstant::none();
    };
    for (TargetAttr target : targets) {
      variants.push_back(map(target, BilinearRole::Forward));
      if (!gradients)
        continue;
      const EntryLayer of(interface, BilinearRole::GradWeight);
      const EntryKernel *sums = find(module, of.name, target, KernelRole::Sums);
      if (!sums)
        return failure();
      EntryConstant x = map(target, BilinearRole::GradX);
      EntryConstant z = map(target, BilinearRole::GradZ);
      backward.push_back(EntryConstant::ofStruct(
          {std::move(x), std::move(z), makeBilinearSums(b, of, *sums)}));
    }
    if (!good)
      return failure();
    std::vector<EntryConstant> fields = kernelFields(info, variants);
    fields.push_back(EntryConstant::none()); // gradients
    fields.push_back(EntryConstant::none()); // flips
    fields.push_back(gradients ? b.addTable(layer.name + ".gradients", backward)
                               : EntryConstant::none());
    EntryConstant kernel =
        b.addSized(layer.name + ".kernel", fields, sizeof(eqc_bilinear));
    for (const CFunction *function : bilinearFunctions(gradients))
      if (exports)
        addExported(*function, kernel, info,
                    function == &kPack ? "eqc_rt_" : "eqc_rt_bilinear_");
    return success();
  }

private:
  /// An `eqc_kernel` but for its gradients.
  std::vector<EntryConstant>
  kernelFields(const EntryConstant &info,
               const std::vector<EntryConstant> &variants) {
    const llvm::StringRef dtype = interface.getText("dtype");
    int64_t abi = EQC_KERNEL_ABI;
    if (dtype != "f32" && dtype != "f64")
      abi += EQC_KERNEL_ABI_STORED;
    if (interface.getText("pool") != "sum")
      abi += EQC_KERNEL_ABI_POOLED;
    if (layer.n == -2 && layer.numSizes > 0)
      abi += EQC_KERNEL_ABI_SIZED;
    return {EntryConstant::ofWord(0),
            EntryConstant::ofWord(abi),
            info,
            EntryConstant::ofNumber(layer.elementBytes),
            EntryConstant::ofNumber(static_cast<int64_t>(variants.size())),
            b.addTable(layer.name + ".variants", variants),
            EntryConstant::ofNumber(threads),
            EntryConstant::ofNumber(sizeUnitOf(interface)),
            b.addVariable(layer.name + ".chosen")};
  }

  /// Whether samples of a batch may differ in size.
  static bool hasRagged(InterfaceAttr interface) {
    const std::optional<PlanKind> plan = findPlan(interface.getText("plan"));
    return interface.getNumber("n") == -1 && plan && rulesOf(*plan).takesRagged;
  }

  const EntryKernel *find(ModuleOp module, StringRef name, TargetAttr target,
                          KernelRole role) {
    const EntryKernel *kernel = kernels.find(name, target, role);
    if (!kernel)
      module.emitError() << "layer '" << layer.name << "' has no kernel '"
                         << getSpelling(role) << "' of '" << name << "' for '"
                         << target.getName() << "'";
    return kernel;
  }

  LogicalResult addVariant(ModuleOp module, const EntryLayer &of,
                           TargetAttr target,
                           std::vector<EntryConstant> &variants) {
    const EntryKernel *forward =
        find(module, of.name, target, KernelRole::Forward);
    const EntryKernel *pack = find(module, of.name, target, KernelRole::Pack);
    if (!forward || !pack)
      return failure();
    EntryVariant variant{target, *pack, *forward, std::nullopt};
    if (const EntryKernel *lanes =
            kernels.find(of.name, target, KernelRole::Lanes))
      variant.lanes = *lanes;
    variants.push_back(makeVariant(b, of, variant));
    return success();
  }

  /// A constant `eqc_gradient`: the kernels of grad_x, which is a layer of its
  /// own, and those of the sums over the batch.
  LogicalResult addGradient(ModuleOp module, TargetAttr target,
                            std::vector<EntryConstant> &gradients) {
    std::vector<EntryConstant> fields;
    if (failed(addVariant(module, layer.gradientOfX(), target, fields)))
      return failure();
    const std::string name = gradientOfWeightName(layer.name);
    const EntryKernel *sums = find(module, name, target, KernelRole::Sums);
    if (!sums)
      return failure();
    fields.push_back(makeSums(b, layer, *sums,
                              kernels.find(name, target, KernelRole::LaneSums),
                              kernels.find(name, target, KernelRole::Unpack)));
    gradients.push_back(EntryConstant::ofStruct(std::move(fields)));
    return success();
  }

  /// Signs and exponents of 1/n, or of the sizes of all spaces; null where that
  /// multiplies by 1 for all.
  EntryConstant addFlips() {
    std::vector<EntryConstant> flips;
    bool trivial = true;
    const size_t each =
        1 + std::max<size_t>(1, interface.getSpaces().spaces.size());
    for (auto [i, value] : llvm::enumerate(interface.getFlips())) {
      trivial &= value == (i % each == 0 ? 1 : 0);
      flips.push_back(EntryConstant::ofNumber(value));
    }
    return trivial ? EntryConstant::none()
                   : b.addTable(layer.name + ".flips", flips);
  }

  /// An exported function. One with a status hands its arguments to the
  /// runtime's, after the descriptor and, where that takes one, n.
  void addExported(const CFunction &function, const EntryConstant &kernel,
                   const EntryConstant &info,
                   const std::string &prefix = "eqc_rt_") {
    const std::string name = nameOf(function, layer.name);
    if (function.result == ResultKind::Info)
      return addInfoFunction(b, name, info);
    if (function.takesReport)
      return addSelftest(name, kernel);
    SmallVector<Type> taken, passed{b.pointer()};
    const int sizes = function.takesSizes ? layer.numSizes : 0;
    taken.append(static_cast<size_t>(sizes), b.i64());
    // Whether its own or -1; but packed samples have no n in common.
    if (function.takesSizes || !function.isRagged())
      passed.push_back(b.i64());
    if (function.takesBatch) {
      taken.push_back(b.i64());
      passed.push_back(b.i64());
    }
    if (function.isRagged()) {
      taken.push_back(b.pointer());
      passed.push_back(b.pointer());
    }
    taken.append(function.numArrays, b.pointer());
    passed.append(function.numArrays, b.pointer());
    b.addForwarder(name, prefix + function.suffix, b.op().getI32Type(), taken,
                   passed, kernel, sizes);
  }

  /// NAME_selftest, which tries the functions beside it.
  void addSelftest(const std::string &name, const EntryConstant &kernel) {
    auto exported = [&](const CFunction &function) {
      return EntryConstant::ofAddress(nameOf(function, layer.name));
    };
    const bool gradients = interface.getNumber("has_backward") != 0;
    const EntryConstant record = b.addSized(
        layer.name + ".selftest",
        {EntryConstant::ofWord(0), EntryConstant::ofWord(EQC_KERNEL_ABI),
         kernel, exported(kForward), exported(kPack), exported(kForwardPacked),
         gradients ? exported(kBackward) : EntryConstant::none()},
        sizeof(eqc_selftest));
    b.addForwarder(name, "eqc_rt_selftest", b.op().getI32Type(),
                   {b.pointer(), b.i64()}, {b.pointer(), b.pointer(), b.i64()},
                   record);
  }

  EntryBuilder &b;
  const KernelTable &kernels;
  InterfaceAttr interface;
  EntryLayer layer;
  bool threads, ragged;
  bool exports; ///< whether programs may call the layer itself
};

struct AddEntryPoints : eqc::impl::AddEntryPointsPassBase<AddEntryPoints> {
  using AddEntryPointsPassBase::AddEntryPointsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto interfaces =
        module->getAttrOfType<ArrayAttr>(EqcDialect::kInterfacesAttrName);
    if (!interfaces)
      return;
    hideKernels(module);
    const KernelTable kernels(module);
    EntryBuilder builder(module);
    llvm::StringMap<NetworkCallee> layers;
    for (auto interface : interfaces.getAsRange<InterfaceAttr>()) {
      LayerEntryPoints layer(builder, kernels, interface, threads, ragged,
                             /*exports=*/!networkOnly);
      if (failed(layer.add(module)))
        return signalPassFailure();
      layers[interface.getName()] = {interface, layer.packedSize()};
      ++numLayers;
    }
    for (auto network :
         llvm::make_early_inc_range(module.getOps<NetworkOp>())) {
      if (failed(addNetwork(builder, network, layers)))
        return signalPassFailure();
      network.erase();
    }
  }

  LogicalResult addNetwork(EntryBuilder &builder, NetworkOp network,
                           const llvm::StringMap<NetworkCallee> &layers) {
    FailureOr<NetworkSpec> spec = getNetwork(network);
    if (failed(spec))
      return failure();
    std::vector<NetworkCallee> callees;
    for (const NetworkLayer &layer : spec->layers) {
      auto found = layers.find(layer.name);
      if (found == layers.end())
        return network.emitError()
               << "network calls layer '" << layer.name << "', which has no "
               << "kernel";
      callees.push_back(found->second);
    }
    const auto source =
        network->getAttrOfType<StringAttr>(EqcDialect::kSourceAttrName);
    addNetworkEntryPoints(builder, *spec, callees,
                          source ? source.getValue() : StringRef(), threads,
                          ragged);
    return success();
  }

  /// What is there is for the entry points alone.
  static void hideKernels(ModuleOp module) {
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal())
        continue;
      function.setLinkage(LLVM::Linkage::Internal);
      function.setNoUnwind(true);
    }
    for (auto global : module.getOps<LLVM::GlobalOp>())
      global.setLinkage(LLVM::Linkage::Internal);
  }
};

} // namespace
