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

namespace {

/// A file of a group in parts: n, and a text for each generator or one of all
/// edges. Offsets are those of the file.
struct SplitFile {
  size_t begin = 0, end = 0; ///< of what stands first, which shall be n
  std::vector<size_t> starts;
  std::vector<std::string> texts;
};

} // namespace

/// Comments become blanks, so that offsets stay.
static SplitFile splitFile(std::string &text, size_t start, bool isGraph) {
  bool inComment = false;
  for (char &c : text) {
    inComment = c == '#' || (inComment && c != '\n' && c != '\r');
    if (inComment)
      c = ' ';
  }
  const StringRef all(text), blanks(" \t\r\n");
  SplitFile file;
  file.begin = std::min(all.find_first_not_of(blanks, start), all.size());
  file.end = std::min(all.find_first_of(blanks, file.begin), all.size());
  if (isGraph) {
    file.starts.push_back(file.end);
    file.texts.push_back(all.substr(file.end).str());
    return file;
  }
  for (size_t at = file.end; at < all.size();) {
    const size_t stop = std::min(all.find_first_of("\r\n", at), all.size());
    const StringRef line = all.slice(at, stop);
    if (!line.trim().empty()) {
      file.starts.push_back(at);
      file.texts.push_back(line.str());
    }
    at = stop + 1;
  }
  return file;
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
  std::string content;
  SourceText file("", "");
  SourceRange written; // n in a file
  std::optional<int64_t> points;
  /// An error in a file is told where the source names it, with its place.
  auto inFile = [&](size_t offset, const Twine &message) {
    const LineColumn at = file.lineColumn(offset);
    return (file.name() + ":" + Twine(at.line) + ":" + Twine(at.column) + ": " +
            message)
        .str();
  };
  if (isFile && sized.items.size() == 1) {
    std::optional<std::string> read = readFile(first.items.front());
    if (!read)
      return;
    content = std::move(*read);
    file = SourceText(content,
                      first.items.front().token.text.drop_front().drop_back());
    SplitFile parts = splitFile(content, file.begin(), isGraph);
    written = {parts.begin, parts.end};
    const StringRef word = StringRef(content).slice(parts.begin, parts.end);
    if (word.empty() || !llvm::all_of(word, llvm::isDigit)) {
      diags
          .error(DiagId::BadPermutations, first.range,
                 inFile(parts.begin,
                        "expected the number of points, found " +
                            (word.empty() ? "the end" : quoted(word))))
          .help("a file starts with n");
      return;
    }
    int64_t number = 0;
    if (word.getAsInteger(10, number)) {
      diags.error(
          DiagId::OutOfRange, first.range,
          inFile(parts.begin, "integer " + quoted(word) + " is out of range"));
      return;
    }
    points = number;
    starts = std::move(parts.starts);
    texts = std::move(parts.texts);
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
    // Without a length it is about n, or about a text as a whole.
    const bool ofN = error->length == 0 && error->text == 0;
    const bool isPlaced = !ofN && error->text < starts.size();
    const size_t begin = isPlaced ? starts[error->text] + error->offset
                         : isFile ? written.begin
                                  : first.range.begin;
    SourceRange where = first.range;
    if (!isFile && error->length > 0)
      where = {begin, begin + error->length};
    const std::string message =
        isFile ? inFile(begin, error->message) : error->message;
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

/// The space whose permutations are spelled out, of which there is one at most;
/// else -1.
static int spelledOutSpace(Group group) {
  for (size_t c = 0; c < group.numSpaces(); ++c)
    if (rulesOf(group.of(static_cast<int>(c))).hasOrbits())
      return static_cast<int>(c);
  return -1;
}

/// Whether orbits can be made of the tuples of a layer, and the group is known.
void LayerChecker::checkAction() {
  const int space = group ? spelledOutSpace(*group) : -1;
  if (space < 0)
    return;
  const Action &action = *group->of(space).action();
  uint64_t order = static_cast<uint64_t>(*k) + static_cast<uint64_t>(*l);
  if (group->isProduct()) {
    // As many of a sum as may be in the space.
    order = llvm::count_if(rows().axes, [&](int axis) {
      const SpaceSum *sum = sumOf(*group, axis);
      return sum ? llvm::is_contained(sum->summands, space) : axis == space;
    });
  } else if (listsGraphMaps()) {
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
  else if (k2 && listsGraphMaps())
    diags
        .error(DiagId::NotBuiltYet, place(FieldKind::K),
               "graph maps are not built yet in layers of two inputs")
        .help("list orbits, or make the product a layer's input instead");
  else
    groupRefused = false;
}
