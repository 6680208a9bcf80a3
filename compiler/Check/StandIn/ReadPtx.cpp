//===- ReadPtx.cpp - What a driver reads of PTX before it is run
//--------------===//

#include "compiler/Check/StandIn/Driver.h"

#include <cctype>
#include <cstdlib>

namespace eqc::standin {

static size_t skipSpace(const std::string &text, size_t at) {
  while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])))
    ++at;
  return at;
}

static std::string word(const std::string &text, size_t at) {
  size_t end = at;
  while (end < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[end])) ||
          text[end] == '_' || text[end] == '$' || text[end] == '.'))
    ++end;
  return text.substr(at, end - at);
}

static unsigned number(const std::string &text, size_t at) {
  return static_cast<unsigned>(std::atol(text.c_str() + skipSpace(text, at)));
}

int ptxVersion(const std::string &text) {
  size_t at = text.find(".version ");
  if (at == std::string::npos)
    return 0;
  std::string version = word(text, skipSpace(text, at + 9));
  size_t point = version.find('.');
  return std::atoi(version.c_str()) * 10 +
         (point == std::string::npos ? 0
                                     : std::atoi(version.c_str() + point + 1));
}

int ptxTarget(const std::string &text) {
  size_t at = text.find(".target sm_");
  return at == std::string::npos ? 0 : static_cast<int>(number(text, at + 11));
}

/// Bytes of a declaration such as ".param .align 8 .b8 name[16]".
static unsigned declaredBytes(const std::string &text) {
  static const std::pair<const char *, unsigned> types[] = {
      {".b8", 1},  {".u8", 1},  {".s8", 1},  {".b16", 2}, {".u16", 2},
      {".s16", 2}, {".b32", 4}, {".u32", 4}, {".s32", 4}, {".f32", 4},
      {".b64", 8}, {".u64", 8}, {".s64", 8}, {".f64", 8}};
  unsigned bytes = 0, count = 1;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '.') {
      std::string type = word(text, at);
      for (auto [name, size] : types)
        if (type == name)
          bytes = size;
      at += type.size() - 1;
    } else if (text[at] == '[') {
      count = number(text, at + 1);
    }
  }
  return bytes * count;
}

static std::vector<unsigned> readParams(const std::string &list) {
  std::vector<unsigned> bytes;
  for (size_t at = list.find(".param"); at != std::string::npos;) {
    size_t end = list.find(".param", at + 1);
    bytes.push_back(declaredBytes(list.substr(at, end - at)));
    at = end;
  }
  return bytes;
}

/// Where the block that is opened at `at` ends.
static size_t closing(const std::string &text, size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
    if (depth == 0 && text[at] == '}')
      return at;
  }
  return std::string::npos;
}

static unsigned sumShared(const std::string &text) {
  unsigned bytes = 0;
  for (size_t at = 0; (at = text.find(".shared", at)) != std::string::npos;
       ++at) {
    // A declaration, not a load; ".extern .shared" has no size.
    bool declares = text[skipSpace(text, at + 7)] == '.' &&
                    std::isspace(static_cast<unsigned char>(text[at + 7]));
    if (declares)
      bytes += declaredBytes(text.substr(at, text.find(';', at) - at));
  }
  return bytes;
}

/// The same text with spaces for comments.
static std::string withoutComments(std::string text) {
  for (size_t at = 0; (at = text.find('/', at)) != std::string::npos; ++at) {
    bool isLine = text.compare(at, 2, "//") == 0;
    if (!isLine && text.compare(at, 2, "/*") != 0)
      continue;
    size_t end = text.find(isLine ? "\n" : "*/", at);
    end = end == std::string::npos ? text.size() : end + (isLine ? 0 : 2);
    text.replace(at, end - at, end - at, ' ');
  }
  return text;
}

std::optional<std::vector<Entry>> readPtx(const std::string &original) {
  const std::string text = withoutComments(original);
  std::vector<Entry> entries;
  std::vector<std::pair<size_t, size_t>> bodies;
  std::string outside = text;
  for (size_t at = text.find(".entry"); at != std::string::npos;
       at = text.find(".entry", at + 1)) {
    Entry entry;
    size_t name = skipSpace(text, at + 6);
    entry.name = word(text, name);
    size_t open = text.find_first_of("({", name);
    size_t brace = text.find('{', name);
    size_t end = brace == std::string::npos ? brace : closing(text, brace);
    if (end == std::string::npos)
      return std::nullopt;
    size_t heading = open;
    if (text[open] == '(') {
      heading = text.find(')', open);
      entry.params = readParams(text.substr(open, heading - open));
    }
    std::string directives = text.substr(heading, brace - heading);
    if (size_t max = directives.find(".maxntid"); max != std::string::npos)
      entry.maxThreads = number(directives, max + 8);
    entry.staticShared = sumShared(text.substr(brace, end - brace));
    outside.replace(brace, end - brace, end - brace, ' ');
    entries.push_back(std::move(entry));
  }
  // LLVM declares shared memory outside the functions that use it. Each is
  // taken to use all of it.
  unsigned common = sumShared(outside);
  for (Entry &entry : entries)
    entry.staticShared += common;
  if (entries.empty())
    return std::nullopt;
  return entries;
}

} // namespace eqc::standin
