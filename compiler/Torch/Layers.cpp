//===- Layers.cpp - Compiled layers by the text that tells them -----------===//

#include "compiler/Torch/Layers.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>

using namespace eqc::torch;

/// Only grows, and is read without a lock: nobody waits for a compilation but
/// who asked for it, and no forked child inherits a lock.
static std::atomic<const Layer *> layers;

static const Layer *findKnown(std::string_view key) {
  for (const Layer *layer = layers.load(std::memory_order_acquire); layer;
       layer = layer->next)
    if (layer->key == key)
      return layer;
  return nullptr;
}

int64_t Layer::numSizes() const {
  if (info.n != -2)
    return info.n == -1;
  int64_t sizes = 0;
  for (int64_t space = 0; space < info.spaces; ++space)
    sizes += info.space[space].n < 0;
  return sizes;
}

/// The length of axes of a space, or of a sum: that of its summands, whose
/// names its group is.
static int64_t lengthOf(const eqc_layer_info &info, int64_t axis, int64_t n) {
  if (info.space[axis].n >= 0)
    return info.space[axis].n;
  if (axis < info.spaces)
    return n;
  int64_t length = 0;
  std::string_view names = info.space[axis].group;
  while (!names.empty()) {
    const size_t end = std::min(names.find(" + "), names.size());
    for (int64_t space = 0; space < info.spaces; ++space)
      if (names.substr(0, end) == info.space[space].name)
        length += lengthOf(info, space, n);
    names.remove_prefix(std::min(names.size(), end + 3));
  }
  return length;
}

std::vector<int64_t> Layer::shape(int64_t batch, int64_t n, int64_t order,
                                  const int32_t *axes, int64_t channels) const {
  std::vector<int64_t> result{batch};
  for (int64_t axis = 0; axis < order; ++axis) {
    result.push_back(lengthOf(info, axes[axis] % EQC_DUAL_AXIS, n));
  }
  const bool last = std::string_view(info.layout) == "channels_last";
  result.insert(last ? result.end() : result.begin() + 1, channels);
  return result;
}

/// The same text, for a chip. Of two values of a name the last one counts, and
/// ragged batches are no matter of GPUs.
static std::string textFor(std::string_view key, std::string_view chip) {
  std::string text(key);
  const size_t end = text.rfind('}');
  if (chip.empty() || end == std::string::npos)
    return text;
  return text.insert(end, std::string(text.find(':') < end ? "," : "") +
                              R"("target":"cuda","ragged":false,"chip":")" +
                              std::string(chip) + "\"");
}

const Layer &eqc::torch::findLayer(const Functions &call, std::string_view key,
                                   std::string_view chip) {
  const std::string text = textFor(key, chip);
  if (const Layer *known = findKnown(text))
    return *known;
  std::unique_ptr<eqc_program, decltype(call.eqc_program_free)> program(
      call.eqc_compile_json(text.data(), text.size()), call.eqc_program_free);
  if (!program)
    throw std::runtime_error("no memory for a layer");
  if (call.eqc_program_status(program.get()) != 0)
    throw std::runtime_error(call.eqc_program_messages(program.get()));
  if (call.eqc_program_num_layers(program.get()) != 1)
    throw std::runtime_error("the text of a layer holds several");

  auto layer = std::make_unique<Layer>();
  layer->key = text;
  layer->info = *call.eqc_program_layer(program.get(), 0);
  const std::string_view dtype = layer->info.dtype;
  layer->computed = dtype == "f64" ? Element::F64 : Element::F32;
  layer->stored = dtype == "bf16"  ? Element::BF16
                  : dtype == "f16" ? Element::F16
                                   : layer->computed;
  const std::string name = layer->info.name;
  auto find = [&](const char *suffix) {
    return call.eqc_program_function(program.get(), (name + suffix).c_str());
  };
  layer->forward = find(chip.empty() ? "_forward" : "_forward_in");
  layer->backward = find(chip.empty() ? "_backward" : "_backward_in");
  layer->workspaceBytes = chip.empty() ? nullptr : find("_workspace_bytes");
  layer->zeroBias.resize(static_cast<size_t>(layer->info.bias_size));

  // Two threads may have compiled the same layer; both are right.
  layer->next = layers.load(std::memory_order_relaxed);
  while (!layers.compare_exchange_weak(layer->next, layer.get(),
                                       std::memory_order_release,
                                       std::memory_order_relaxed))
    ;
  static_cast<void>(
      program.release()); // keeps the functions and the texts alive
  return *layer.release();
}
