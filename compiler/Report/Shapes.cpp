//===- Shapes.cpp - Shapes of a layer's arrays in words -------------------===//

#include "compiler/Report/Shapes.h"

#include <fmt/format.h>

using namespace eqc;

std::string eqc::arrayShape(const LayerSpec &layer, BilinearRow row) {
  std::string text = "[batch";
  const std::vector<Space> spaces = layer.spaces();
  const std::vector<int> axes = axesOf(layer, row);
  const std::string channels = std::to_string(channelsOf(layer, row));
  if (layer.layout == Layout::ChannelsFirst)
    text += ", " + channels;
  for (int axis = 0; axis < orderOf(layer, row); ++axis) {
    const int number = axes.empty() ? 0 : axes[axis];
    if (const SpaceSum *sum = sumOf(layer.group, number)) {
      const int64_t length = sizeOf(layer.group, layer.n, number);
      text += ", " + (length < 0 ? sum->name : std::to_string(length));
      continue;
    }
    const Space &space = spaces[number];
    text += ", " + (space.n >= 0         ? std::to_string(space.n)
                    : space.name.empty() ? "n"
                                         : space.name);
  }
  if (layer.layout == Layout::ChannelsLast)
    text += ", " + channels;
  return text + "]";
}

std::string eqc::weightShape(const LayerSpec &layer) {
  if (layer.depthwise)
    return fmt::format("[{}, {}]", layer.diagrams.size(), layer.cOut);
  if (layer.isBilinear())
    return fmt::format("[{}, {}, {}, {}]", layer.diagrams.size(), layer.cIn,
                       layer.cIn2, layer.cOut);
  return fmt::format("[{}, {}, {}]", layer.diagrams.size(), layer.cIn,
                     layer.cOut);
}

std::string eqc::ordersAndChannels(const LayerSpec &layer) {
  if (!layer.isBilinear())
    return fmt::format("order {} -> {}, channels {} -> {}", layer.k, layer.l,
                       layer.cIn, layer.cOut);
  return fmt::format("orders {} * {} -> {}, channels {}", layer.k1(), layer.k2,
                     layer.l,
                     layer.depthwise ? std::to_string(layer.cOut)
                                     : fmt::format("{} * {} -> {}", layer.cIn,
                                                   layer.cIn2, layer.cOut));
}
