//===- EntryPoints.cpp - The C functions of GPU layers --------------------===//

#include "compiler/Lowering/Cuda/EntryPoints.h"
#include "compiler/Interface/Signature.h"
#include "compiler/Lowering/Cuda/Chips.h"
#include "compiler/Lowering/Entry/EntryInfo.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "dialect/Eqc/EqcDialect.h"

#include <eqc/cuda_kernel.h>

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include "llvm/ADT/StringSet.h"

using namespace eqc;
using namespace eqc::cuda;
using namespace eqc::device;
using namespace eqc::ir;
using namespace mlir;

namespace {

/// The record and the functions of one layer.
class CudaLayer {
public:
  CudaLayer(EntryBuilder &b, InterfaceAttr interface, const Images &images)
      : b(b), interface(interface), layer(interface), images(images) {}

  LogicalResult add(ModuleOp module) {
    EntryConstant info = addLayerInfo(b, interface);
    std::vector<EntryConstant> records;
    for (auto function : module.getOps<func::FuncOp>()) {
      auto kernel =
          function->getAttrOfType<KernelAttr>(EqcDialect::kKernelAttrName);
      if (kernel && kernel.getLayer() == layer.name &&
          kernel.getRole() == KernelRole::Forward &&
          failed(addImages(module, kernel, records)))
        return failure();
    }
    if (records.empty())
      return module.emitError()
             << "layer '" << layer.name << "' has no kernel to be called";
    std::vector<EntryConstant> fields{
        EntryConstant::ofWord(0),
        EntryConstant::ofWord(EQC_CUDA_ABI),
        info,
        EntryConstant::ofNumber(layer.elementBytes),
        EntryConstant::ofNumber(sizeUnitOf(interface)),
        EntryConstant::ofNumber(packedElements * layer.elementBytes),
        EntryConstant::ofNumber(static_cast<int64_t>(records.size())),
        b.addTable(layer.name + ".images", records),
        b.addVariable(layer.name + ".loaded")};
    EntryConstant kernel = b.addSized(layer.name + ".cuda_kernel", fields,
                                      sizeof(eqc_cuda_kernel));
    const bool gradients = interface.getNumber("has_backward") != 0;
    for (const CFunction *function : cFunctions(gradients, Interface::Device)) {
      if (function->result == ResultKind::Info)
        addInfoFunction(b, nameOf(*function, layer.name), info);
      else
        addExported(*function, kernel);
    }
    return success();
  }

private:
  /// What a chip's kernels are launched by; chips that agree share it.
  using Programs = SmallVector<ArrayAttr, EQC_NUM_PROGRAMS>;

  LogicalResult addImages(ModuleOp module, KernelAttr forward,
                          std::vector<EntryConstant> &records) {
    const StringRef target = forward.getTarget().getName();
    const std::string name = layer.name + ".kernels." + target.str();
    const Chip *chip = chipTable().find(target);
    auto image = images.find(name);
    auto kernels = module.lookupSymbol<gpu::GPUModuleOp>(name);
    if (!chip || image == images.end() || !kernels)
      return module.emitError() << "layer '" << layer.name
                                << "' has no image for '" << target << "'";
    int64_t elements = 1;
    for (int64_t extent : forward.getPacked())
      elements *= extent;
    packedElements = std::max(packedElements, elements);
    const Programs programs = programsFor(module, target);
    if (code.symbol.empty() || programs != known) {
      code = addCode(name, kernels, programs);
      known = programs;
    }
    auto add = [&](int64_t kind, StringRef bytes, const char *what) {
      records.push_back(EntryConstant::ofStruct(
          {EntryConstant::ofNumber(chip->number), EntryConstant::ofNumber(kind),
           EntryConstant::ofNumber(0), b.addBytes(name + what, bytes), code}));
    };
    if (!image->second.ptx.empty())
      add(EQC_IMAGE_PTX, image->second.ptx, ".ptx");
    if (!image->second.cubin.empty())
      add(EQC_IMAGE_CUBIN, image->second.cubin, ".cubin");
    return success();
  }

  Programs programsFor(ModuleOp module, StringRef target) {
    Programs programs(EQC_NUM_PROGRAMS);
    auto find = [&](int program, const std::string &of, KernelRole role,
                    StringRef forms) {
      for (auto function : module.getOps<func::FuncOp>()) {
        auto kernel =
            function->getAttrOfType<KernelAttr>(EqcDialect::kKernelAttrName);
        if (kernel && kernel.getLayer() == of && kernel.getRole() == role &&
            kernel.getTarget().getName() == target)
          programs[program] = function->getAttrOfType<ArrayAttr>(forms);
      }
    };
    find(EQC_PROGRAM_FORWARD, layer.name, KernelRole::Forward, "cuda_forms");
    find(EQC_PROGRAM_FORWARD_PACKED, layer.name, KernelRole::Forward,
         "cuda_packed_forms");
    find(EQC_PROGRAM_PACK, layer.name, KernelRole::Pack, "cuda_forms");
    find(EQC_PROGRAM_GRAD_X, gradientOfXName(layer.name), KernelRole::Forward,
         "cuda_forms");
    find(EQC_PROGRAM_GRAD_SUMS, gradientOfWeightName(layer.name),
         KernelRole::Sums, "cuda_forms");
    return programs;
  }

  EntryConstant addCode(const std::string &name, gpu::GPUModuleOp kernels,
                        const Programs &programs) {
    prefix = name;
    numbers.clear();
    std::vector<EntryConstant> functions;
    const llvm::StringSet<> large = largeKernels(programs);
    kernels.walk([&](LLVM::LLVMFuncOp function) {
      if (function.isExternal())
        return;
      numbers[function.getName()] = static_cast<int64_t>(functions.size());
      auto block =
          function->getAttrOfType<DenseI32ArrayAttr>("gpu.known_block_size");
      if (!block)
        block = function->getAttrOfType<DenseI32ArrayAttr>("nvvm.maxntid");
      functions.push_back(EntryConstant::ofStruct(
          {b.text(function.getName()), EntryConstant::ofNumber(block[0]),
           EntryConstant::ofNumber(large.contains(function.getName())
                                       ? EQC_CUDA_LARGE_SHARED
                                       : 0)}));
    });
    std::vector<EntryConstant> fields{
        EntryConstant::ofNumber(static_cast<int64_t>(functions.size())),
        b.addTable(name + ".functions", functions)};
    for (ArrayAttr forms : programs)
      fields.push_back(addProgram(forms));
    return b.addConstant(name + ".code", EntryConstant::ofStruct(fields));
  }

  /// Those that may have more shared memory than any kernel has.
  static llvm::StringSet<> largeKernels(const Programs &programs) {
    llvm::StringSet<> large;
    for (ArrayAttr forms : programs)
      if (forms)
        for (auto form : forms.getAsRange<DictionaryAttr>())
          for (auto launch :
               form.getAs<ArrayAttr>("launches").getAsRange<DictionaryAttr>())
            if (launch.contains("shared"))
              large.insert(launch.getAs<StringAttr>("kernel").getValue());
    return large;
  }

  std::string fresh(const char *what) {
    return prefix + "." + what + std::to_string(numConstants++);
  }

  EntryConstant addProgram(ArrayAttr forms) {
    std::vector<EntryConstant> records;
    if (forms)
      for (auto form : forms.getAsRange<DictionaryAttr>())
        records.push_back(addForm(form));
    return EntryConstant::ofStruct(
        {EntryConstant::ofNumber(static_cast<int64_t>(records.size())),
         records.empty() ? EntryConstant::none()
                         : b.addTable(fresh("forms"), records)});
  }

  EntryConstant addForm(DictionaryAttr form) {
    std::vector<EntryConstant> launches;
    for (auto launch :
         form.getAs<ArrayAttr>("launches").getAsRange<DictionaryAttr>())
      launches.push_back(addLaunch(launch));
    return EntryConstant::ofStruct(
        {formula(form.getAs<DenseI64ArrayAttr>("condition")),
         formula(form.getAs<DenseI64ArrayAttr>("chunk")),
         EntryConstant::ofNumber(1),
         formula(form.getAs<DenseI64ArrayAttr>("workspace")),
         EntryConstant::ofNumber(static_cast<int64_t>(launches.size())),
         b.addTable(fresh("launches"), launches)});
  }

  EntryConstant addLaunch(DictionaryAttr launch) {
    std::vector<EntryConstant> params;
    for (auto param :
         launch.getAs<ArrayAttr>("params").getAsRange<DenseI64ArrayAttr>()) {
      const ArrayRef<int64_t> words = param.asArrayRef();
      params.push_back(EntryConstant::ofStruct(
          {EntryConstant::ofNumber(words[0]), EntryConstant::ofNumber(words[1]),
           formula(words.drop_front(2))}));
    }
    return EntryConstant::ofStruct(
        {EntryConstant::ofNumber(
             numbers.lookup(launch.getAs<StringAttr>("kernel").getValue())),
         formula(launch.getAs<DenseI64ArrayAttr>("grid")),
         formula(launch.getAs<DenseI64ArrayAttr>("shared")),
         formula(launch.getAs<DenseI64ArrayAttr>("cluster")),
         EntryConstant::ofNumber(launch.contains("loop") ? 1 : 0),
         EntryConstant::ofNumber(static_cast<int64_t>(params.size())),
         b.addTable(fresh("params"), params)});
  }

  EntryConstant formula(DenseI64ArrayAttr words) {
    return words ? formula(words.asArrayRef()) : EntryConstant::none();
  }
  /// One constant for all formulas that are the same.
  EntryConstant formula(ArrayRef<int64_t> words) {
    std::string &symbol =
        formulas[std::vector<int64_t>(words.begin(), words.end())];
    if (symbol.empty()) {
      std::vector<EntryConstant> table;
      for (int64_t word : words)
        table.push_back(EntryConstant::ofNumber(word));
      symbol = b.addTable(fresh("formula"), table).symbol;
    }
    return EntryConstant::ofAddress(symbol);
  }

  /// An exported function hands its arguments to the runtime's, after the
  /// record and n.
  void addExported(const CFunction &function, const EntryConstant &kernel) {
    const bool takesN = function.takesSizes && layer.hasDynamicN();
    const bool passesN = function.suffix != kPrepare.suffix;
    SmallVector<Type> taken, passed{b.pointer()};
    auto both = [&](Type type) {
      taken.push_back(type);
      passed.push_back(type);
    };
    if (takesN)
      taken.push_back(b.i64());
    if (passesN)
      passed.push_back(b.i64());
    if (function.takesBatch)
      both(b.i64());
    for (size_t i = 0; i < function.numArrays; ++i)
      both(b.pointer());
    if (function.takesBackward)
      both(b.op().getI32Type());
    if (function.takesWorkspace)
      both(b.pointer());
    const bool hasStatus = function.result == ResultKind::Status;
    if (hasStatus)
      both(b.pointer()); // the stream
    Type result = hasStatus ? Type(b.op().getI32Type()) : b.i64();
    b.addForwarder(nameOf(function, layer.name),
                   std::string("eqc_rt_cuda_") + function.suffix, result, taken,
                   passed, kernel);
  }

  EntryBuilder &b;
  InterfaceAttr interface;
  EntryLayer layer;
  const Images &images;
  int64_t packedElements = 0;
  EntryConstant code; ///< of the last chip
  Programs known;     ///< its programs
  std::string prefix;
  int64_t numConstants = 0;
  llvm::StringMap<int64_t> numbers; ///< of the functions
  std::map<std::vector<int64_t>, std::string> formulas;
};

} // namespace

LogicalResult cuda::addEntryPoints(ModuleOp module, const Images &images) {
  auto interfaces =
      module->getAttrOfType<ArrayAttr>(EqcDialect::kInterfacesAttrName);
  EntryBuilder builder(module);
  for (auto interface : interfaces.getAsRange<InterfaceAttr>())
    if (failed(CudaLayer(builder, interface, images).add(module)))
      return failure();
  for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
    if (isa<func::FuncOp, gpu::GPUModuleOp>(op))
      op.erase();
  module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  return success();
}
