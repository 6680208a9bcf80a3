//===- Print.cpp - Layers back to source text -----------------------------===//
//
// One field per line, defaults included.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Print.h"

#include "compiler/Algebra/Diagram.h"

using namespace eqc;

static std::string diagramsText(const LayerSpec &spec) {
  if (spec.choice == DiagramChoice::All)
    return "all";
  if (spec.choice == DiagramChoice::Basis)
    return "basis";
  std::string list = "[";
  for (const Diagram &diagram : spec.diagrams)
    list += (list.size() > 1 ? ", \"" : "\"") + toString(diagram) + "\"";
  return list + "]";
}

std::string eqc::toSource(const LayerSpec &spec) {
  std::string text = "layer " + spec.name + " {\n";
  auto field = [&](const char *name, const std::string &value) {
    text += std::string("  ") + name + " = " + value + "\n";
  };
  field("group", groupName(spec.group));
  if (!spec.group.hasSignature())
    field("n", spec.dynamicN() ? "?" : std::to_string(spec.n));
  field("k", std::to_string(spec.k));
  field("l", std::to_string(spec.l));
  field("channels",
        std::to_string(spec.cIn) + " -> " + std::to_string(spec.cOut));
  field("bias", spec.bias ? "true" : "false");
  field("dtype", spec.dtype == DType::F32 ? "f32" : "f64");
  field("layout", spec.layout == Layout::ChannelsLast ? "channels_last"
                                                      : "channels_first");
  field("normalize", spec.normalize == Normalize::None ? "none" : "mean");
  field("diagrams", diagramsText(spec));
  if (spec.batch != 0)
    field("batch", std::to_string(spec.batch));
  return text + "}\n";
}
