//===- DescribeKernels.cpp - What `eqc explain` says of kernels -----------===//

#include "compiler/Lowering/Gpu/GpuTarget.h"
#include "compiler/Lowering/Gpu/LayerWidths.h"
#include "compiler/Lowering/Gpu/MixTile.h"
#include "compiler/Lowering/Nests/MixNest.h"

using namespace eqc;
using namespace eqc::device;

namespace {

/// A line for each stage.
struct LayerDescriber {
  std::string operator()(const StrandPlan &plan) const {
    std::string text = (plan.hasStrands() ? "" : block()) + channels();
    for (const auto &[stage, fourier] :
         llvm::zip_equal(plan.shared.stages, plan.strands)) {
      if (const auto *read = std::get_if<ReadStage>(&stage))
        text += line(
            "read", "a thread for each row of " +
                        std::to_string(read->entries.size()) +
                        (read->entries.size() == 1 ? " pattern" : " patterns"));
      else if (fourier)
        text += line("mix", "all orders of strands at once, in Fourier space");
      else if (const auto *mix = std::get_if<MixStage>(&stage))
        text += describeMix(*mix);
      else
        text += line("write", "pattern by pattern, a thread for each row of y");
    }
    return text;
  }
  std::string operator()(const IsotypicPlan &plan) const {
    std::string text = block() + channels();
    text += line("read", "a thread for each row of the other basis");
    for (const MixStage &mix : plan.mixes)
      text += describeMix(mix);
    return text + line("write", "a thread for each row of y");
  }
  std::string operator()(const DensePlan &plan) const {
    return line("matrix", "a thread for each pair of channels") +
           describeTile(plan.rows, plan.columns, plan.columns, plan.rows);
  }
  std::string operator()(const FactoredLayer &layer) const {
    std::string text = channels();
    text += line("copy", "for one diagram after the other, a thread for each "
                         "row");
    const auto &diagrams = layer.plan.diagrams;
    if (llvm::any_of(diagrams, [](const FactoredSteps &steps) {
          return !steps.contractions.empty();
        }))
      text += line("read", "block by block, a thread for each row");
    text += line("mix", "tiles of 4 rows by 4 columns");
    return text + line("write", "walk by walk, a thread for each row of y");
  }

  static std::string block() {
    return line("block",
                "where samples fit in shared memory, of a cluster of blocks on "
                "sm_90 and newer: all stages in one kernel; else");
  }
  std::string channels() const {
    return spec.layout == Layout::ChannelsFirst
               ? line("rows", "x and y are transposed in the workspace")
               : "";
  }
  static std::string line(std::string stage, const std::string &what) {
    stage.resize(7, ' ');
    return "    " + stage + what + "\n";
  }

  std::string describeMix(const MixStage &mix) const {
    const MixNest nest(mix, 0);
    return describeTile(spec.cIn, spec.cOut,
                        lengthOfWeights(spec, vectorWidths(spec).front(),
                                        isGradientOfX(spec.name)),
                        spec.cIn * (nest.mostFromInput + nest.mostFromStored));
  }
  /// With arrays that are aligned, and so many weights in a row.
  std::string describeTile(int64_t rows, int64_t columns, int64_t length,
                           int64_t products) const {
    const int64_t most = vectorWidths(spec).front() / spec.elementSize();
    auto widthOf = [&](int64_t channels) {
      return channels % most == 0 ? most : 1;
    };
    const int64_t width = widthOf(length);
    const MixTile tile = mixTileOf(mixShapeOf(
        spec.elementSize(), widthOf(rows), {columns, length, width}, products,
        /*isPhase=*/false));
    return line("mix",
                "tiles of " + std::to_string(tile.rows) + " rows by " +
                    std::to_string(tile.vectors * width) +
                    (tile.vectors * width == 1 ? " column" : " columns"));
  }

  const LayerSpec &spec;
};

} // namespace

std::string GpuTarget::describe(const LayerSpec &spec, const LayerPlan &plan,
                                const Machine &) const {
  return std::visit(LayerDescriber{spec}, plan);
}

std::string GpuTarget::describe(const LayerSpec &, const GradientPlan &plan,
                                const Machine &) const {
  std::string text;
  for (size_t i = 0; i < plan.gradY.stages.size() + plan.x.stages.size(); ++i)
    text += LayerDescriber::line("read", "a thread for each row");
  return text + LayerDescriber::line("sum", "slabs of rows, at most 256, then "
                                            "the sum of the slabs");
}
