//===- SemaActions.cpp - Semantic checks: permutations and graphs ---------===//
//
// Groups that a source spells out: Perm and Graph, there or in files.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

/// Whether `path`, which exists, lies in `folder`, whatever links there are.
static bool liesIn(StringRef folder, StringRef path) {
  llvm::SmallString<256> realFolder, realPath;
  if (llvm::sys::fs::real_path(folder, realFolder) ||
      llvm::sys::fs::real_path(path, realPath))
    return false;
  if (realPath == realFolder) // which is no file, as is going to be said
    return true;
  if (realFolder != "/")
    realFolder += "/";
  return StringRef(realPath).starts_with(realFolder);
}

/// The text of a file that the source names; nothing where that is refused.
std::optional<std::string> LayerChecker::readFile(const Value &name) {
  const StringRef written = name.token.text.drop_front().drop_back();
  std::vector<std::string> folders = options.includeFolders;
  folders.insert(folders.begin(),
                 options.folder.empty() ? std::string(".") : options.folder);
  // Whether there is a file where sources may not read is not told.
  bool isOutside =
      llvm::sys::path::is_absolute(written) || written.starts_with("../");
  for (const std::string &folder : folders) {
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, written);
    if (llvm::sys::path::is_absolute(written))
      path = written;
    if (!llvm::sys::fs::exists(path))
      continue;
    if (llvm::none_of(folders, [&](const std::string &allowed) {
          return liesIn(allowed, path);
        })) {
      isOutside = true;
      break;
    }
    // A device or a pipe may never end.
    if (!llvm::sys::fs::is_regular_file(path)) {
      diags.error(DiagId::UnreadableFile, name.range,
                  "cannot read " + quoted(written) + ": it is no regular file");
      return std::nullopt;
    }
    uint64_t size = 0;
    if (!llvm::sys::fs::file_size(path, size) &&
        size > options.maxSourceBytes) {
      diags.error(DiagId::SourceTooLarge, name.range,
                  "file " + quoted(written) + " is larger than " +
                      Twine(options.maxSourceBytes) + " bytes");
      return std::nullopt;
    }
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true,
                                              /*RequiresNullTerminator=*/false,
                                              /*IsVolatile=*/true);
    if (!buffer) {
      diags.error(DiagId::UnreadableFile, name.range,
                  "cannot read " + quoted(written) + ": " +
                      buffer.getError().message());
      return std::nullopt;
    }
    if (options.filesRead)
      options.filesRead->push_back(path.str().str());
    return (*buffer)->getBuffer().str();
  }
  if (isOutside)
    diags
        .error(DiagId::FileOutside, name.range,
               "file " + quoted(written) +
                   " is not in the folder of the source")
        .help("name its folder with -I");
  else
    diags.error(DiagId::UnreadableFile, name.range,
                "cannot read " + quoted(written) + ": no such file");
  return std::nullopt;
}

/// Takes n off the start of a file, and splits it: a generator a line. Comments
/// and what is taken off become blanks, so that offsets stay.
static std::optional<int64_t> splitFile(std::string &text, bool isGraph,
                                        std::vector<size_t> &starts,
                                        std::vector<std::string> &parts) {
  bool inComment = false;
  for (char &c : text) {
    inComment = c == '#' || (inComment && c != '\n' && c != '\r');
    if (inComment)
      c = ' ';
  }
  const StringRef all(text);
  const size_t begin = std::min(all.find_first_not_of(" \t\r\n"), all.size());
  const size_t end =
      std::min(all.find_if_not(llvm::isDigit, begin), all.size());
  int64_t n = 0;
  if (all.slice(begin, end).getAsInteger(10, n) ||
      (end < all.size() && !llvm::isSpace(all[end])))
    return std::nullopt;
  if (isGraph) {
    starts.push_back(end);
    parts.push_back(all.substr(end).str());
    return n;
  }
  for (size_t at = end; at < all.size();) {
    const size_t stop = std::min(all.find_first_of("\r\n", at), all.size());
    const StringRef line = all.slice(at, stop);
    if (!line.trim().empty()) {
      starts.push_back(at);
      parts.push_back(line.str());
    }
    at = stop + 1;
  }
  return n;
}

void LayerChecker::readAction(const Value &sized) {
  const Family family = group->family();
  const std::string name(familyName(family));
  group.reset();
  auto isString = [](const Value &item) {
    return item.kind == Value::Kind::Scalar && item.token.is(TokenKind::String);
  };
  const Value &first = sized.items.empty() ? sized : sized.items.front();
  const bool isFile = first.kind == Value::Kind::Sized &&
                      first.items.size() == 1 && first.token.isWord("file");
  const bool isGraph = family == Family::Graph;
  std::vector<std::string> texts;
  std::vector<size_t> starts; // of the texts, in the source or in the file
  std::string content, fileName;
  std::optional<int64_t> points;
  if (isFile && sized.items.size() == 1) {
    std::optional<std::string> read = readFile(first.items.front());
    if (!read)
      return;
    content = std::move(*read);
    fileName = first.items.front().token.text.drop_front().drop_back().str();
    points = splitFile(content, isGraph, starts, texts);
    if (!points) {
      diags
          .error(DiagId::BadPermutations, first.range,
                 fileName + ":1:1: expected the number of points")
          .help("a file starts with n");
      return;
    }
  } else if (sized.items.size() >= 2 && !isFile &&
             llvm::all_of(llvm::drop_begin(sized.items), isString)) {
    points = readInteger(first, "n", 1);
    if (!points)
      return;
    for (const Value &item : llvm::drop_begin(sized.items)) {
      texts.push_back(item.token.text.drop_front().drop_back().str());
      starts.push_back(item.range.begin + 1);
    }
  } else {
    diags
        .error(DiagId::BadSignature, sized.range,
               "group '" + name + "' takes n and " +
                   (isGraph ? "a list of edges" : "generators") +
                   ", or a file, in parentheses")
        .help(isGraph ? "write Graph(3, \"0-1 1-2 2-0\") or Graph(file "
                        "\"ring.graph\")"
                      : "write Perm(3, \"(0 1 2)\") or Perm(file "
                        "\"wheel.perm\")");
    return;
  }
  auto action = Action::make(family, *points, texts);
  if (const auto *error = std::get_if<Action::Error>(&action)) {
    size_t begin = error->text < starts.size()
                       ? starts[error->text] + error->offset
                       : first.range.begin;
    SourceRange where{begin, begin + error->length};
    if (error->length == 0)
      where = first.range;
    std::string message = error->message;
    if (isFile) {
      const StringRef before =
          StringRef(content).take_front(error->length == 0 ? 0 : begin);
      message = fileName + ":" + std::to_string(before.count('\n') + 1) + ":" +
                std::to_string(before.size() - (before.rfind('\n') + 1) + 1) +
                ": " + message;
      where = first.range;
    }
    diags.error(error->isLimit ? DiagId::TooManyTuples
                               : DiagId::BadPermutations,
                where, message);
    return;
  }
  group = Group(std::get<const Action *>(action));
  n = *points;
}

/// Whether the diagrams are a list of graph maps.
bool LayerChecker::listsGraphMaps() {
  const Value *list = value(FieldKind::Diagrams);
  return group && rulesOf(*group).hasGraphMaps() && choice &&
         *choice == DiagramChoice::List && list &&
         llvm::any_of(list->items, [](const Value &item) {
           return item.kind != Value::Kind::Error &&
                  item.token.is(TokenKind::String) &&
                  isGraphMapText(item.token.text.drop_front().drop_back());
         });
}

/// Fields that layers of graph maps do not have.
void LayerChecker::checkGraphMaps() {
  if (!listsGraphMaps())
    return;
  auto refuse = [&](FieldKind field, const Twine &what, StringRef help) {
    diags.error(DiagId::GraphMapField, place(field), what).help(help);
  };
  if (spec.normalize == Normalize::Mean)
    refuse(FieldKind::Normalize, "graph maps are sums, not means",
           "write 'normalize = none'");
  if (spec.weightsOf == WeightsOf::Orbits)
    refuse(FieldKind::Weights, "graph maps have a weight each, not orbits",
           "write 'weights = diagram', or leave the field out");
  if (!spec.symmetry.isTrivial())
    diags
        .error(DiagId::GraphMapField, placeOfSymmetry(),
               "layers of graph maps have no symmetries of axes")
        .help("list the maps that are wanted, each with its letters moved");
}

/// Whether orbits can be made of the tuples of a layer, and the group is known.
void LayerChecker::checkAction() {
  if (!group || !rulesOf(*group).hasOrbits())
    return;
  const Action &action = *group->action();
  uint64_t order = static_cast<uint64_t>(*k) + static_cast<uint64_t>(*l);
  if (listsGraphMaps()) {
    // Only the bias is made of orbits then.
    if (!spec.bias && !k2)
      return;
    order = static_cast<uint64_t>(*l);
  }
  const std::string ofGroup = action.whyNoGenerators();
  const std::string why = ofGroup.empty() ? action.whyNoOrbits(order) : ofGroup;
  groupRefused = true;
  if (!ofGroup.empty())
    diags
        .error(DiagId::TooManyTuples,
               place(typed ? FieldKind::K : FieldKind::Group), why)
        .help(action.n() > kMostPoints
                  ? "list graph maps, such as \"o1=a i1=b : a-b\", and no bias"
                  : "give generators of them: space NAME = Perm(n, \"(0 1)(2 "
                    "3)\", ..)");
  else if (!why.empty())
    diags
        .error(DiagId::TooManyTuples,
               place(*k >= *l ? FieldKind::K : FieldKind::L), why)
        .help("lower k or l, or give fewer generators");
  else if (k2)
    diags
        .error(DiagId::NotBuiltYet, place(FieldKind::K),
               "axes of " + std::string(familyName(group->family())) +
                   " are not built yet in layers of two inputs")
        .help("make the product a layer's input instead");
  else
    groupRefused = false;
}
