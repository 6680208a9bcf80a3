//===- Error.cpp - What is wrong with a kernel, and where -----------------===//

#include "compiler/Check/Ptx/Error.h"

#include <fmt/format.h>

using namespace eqc::ptx;

std::string Dim3::text() const { return fmt::format("({}, {}, {})", x, y, z); }

std::string Error::message() const {
  std::string result;
  auto add = [&](const std::string &part, const char *separator) {
    if (!result.empty())
      result += separator;
    result += part;
  };
  if (!function.empty())
    add(fmt::format("kernel '{}'", function), "");
  if (line != 0)
    add(fmt::format("line {}", line), ", ");
  if (!source.empty())
    add(fmt::format("`{}`", source), ": ");
  if (place)
    add(fmt::format("block {}, thread {}", place->block.text(),
                    place->thread.text()),
        ": ");
  add(text, ": ");
  return result;
}
