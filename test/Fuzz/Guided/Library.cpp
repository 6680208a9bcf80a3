//===- Library.cpp - Any bytes as calls of libeqc -------------------------===//
//
// The first bytes are options, the rest is a source: read, compiled where that
// is quick, loaded, and asked about all there is. Every call returns, and says
// the same as the status.
//
//===----------------------------------------------------------------------===//

#include "test/Fuzz/Guided/Target.h"

#include <eqc/compiler.h>

#include <cstring>
#include <string>

namespace {

/// Bytes, one after the other; zeros behind the last.
class Bytes {
public:
  Bytes(const uint8_t *data, size_t size) : data(data), size(size) {}
  uint8_t next() {
    if (size == 0)
      return 0;
    --size;
    return *data++;
  }
  std::string rest() const {
    return std::string(reinterpret_cast<const char *>(data), size);
  }

private:
  const uint8_t *data;
  size_t size;
};

} // namespace

static void askAll(const eqc_program *program) {
  const int status = eqc_program_status(program);
  require(status == 0 || status == 1 || status == 2 || status == 4,
          "the status is known");
  const int64_t errors = eqc_program_num_diagnostics(program);
  require((status == 0) == (errors == 0), "a failure says why");
  require((std::strlen(eqc_program_messages(program)) == 0) == (errors == 0),
          "in words too");
  for (int64_t i = -1; i <= errors; ++i)
    require((eqc_program_diagnostic(program, i) != nullptr) ==
                (i >= 0 && i < errors),
            "each diagnostic is there");
  const int64_t layers = eqc_program_num_layers(program);
  require(status == 0 || layers == 0, "no layers of what is refused");
  for (int64_t i = -1; i <= layers; ++i) {
    const eqc_layer_info *info = eqc_program_layer(program, i);
    require((info != nullptr) == (i >= 0 && i < layers), "each layer is there");
    for (int64_t d : {int64_t(-1), int64_t(0), info ? info->diagrams : 0})
      for (int bias : {0, 1})
        eqc_program_diagram(program, i, bias, d);
    eqc_program_packed_size(program, i);
  }
  for (int64_t i = -1; i <= eqc_program_num_networks(program); ++i)
    eqc_program_network(program, i);
  eqc_program_function(program, "f_forward");
  eqc_program_function(program, "");
}

/// Whether compiling takes a fraction of a second.
static bool isSmall(const eqc_program *program) {
  int64_t cost = 0;
  for (int64_t i = 0; i < eqc_program_num_layers(program); ++i) {
    const eqc_layer_info *info = eqc_program_layer(program, i);
    if (info->n > 8 || info->k + info->l > 5 || info->c_in > 40 ||
        info->c_out > 40)
      return false;
    cost += 4 + info->diagrams;
  }
  return cost <= 40;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const plans[] = {nullptr, "auto", "dense",    "shared",
                                      "schur", "",     "factored", "none"};
  static const char *const cpus[] = {nullptr,     "native",       "x86-64-v2",
                                     "x86-64-v3", "x86-64-v4",    "",
                                     "i686",      "native,native"};
  static const char *const targets[] = {nullptr, "", "cuda", "amdgcn"};
  Bytes bytes(data, size);
  eqc_compile_options options = {};
  options.struct_size = sizeof(options);
  options.plan = plans[bytes.next() % 8];
  options.cpu = cpus[bytes.next() % 8];
  options.target = targets[bytes.next() % 16 < 4 ? bytes.next() % 4 : 0];
  const uint8_t flags = bytes.next();
  options.optimize = flags % 8 - 1;
  options.single_thread = flags >> 3 & 1;
  options.forward_only = flags >> 4 & 1;
  options.ragged = flags >> 5 & 1;
  options.max_diagrams = flags >> 6 == 3 ? -1 : 300;
  const bool asJson = bytes.next() % 8 == 1;
  const std::string source = bytes.rest();

  if (asJson) {
    if (source.find("max_diagrams") != std::string::npos)
      return 0; // may ask for more than is quick
    if (source.size() > 300)
      return 0;
    eqc_program *program = eqc_compile_json(source.data(), source.size());
    askAll(program);
    eqc_program_free(program);
    return 0;
  }
  eqc_program *program = eqc_parse(source.data(), source.size(), &options);
  askAll(program);
  if (eqc_program_status(program) == 0 && isSmall(program)) {
    size_t length = 0;
    require(eqc_program_code(program, &length) == nullptr,
            "no code before it is compiled");
    if (eqc_program_compile(program) == 0) {
      const void *code = eqc_program_code(program, &length);
      require(code && length > 0, "there is code");
      eqc_program_load(program, code, length);
    }
    askAll(program);
  }
  eqc_program_free(program);
  return 0;
}
