//===- Sema.cpp - Semantic checks: names and fields -----------------------===//
//
// Which fields a layer has, what it and its generated names are called.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Sema.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/SemaNetworks.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/Names.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Interface/Signature.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

#include <array>

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

static const StringRef fieldNames[numFields] = {
#define EQC_FIELD(ID, NAME, WORDS, HELP) NAME,
#include "compiler/Frontend/Fields.def"
};

void eqc::checkName(const Token &token, StringRef what,
                    DiagnosticEngine &diags) {
  if (!token.is(TokenKind::Word))
    return;
  StringRef name = token.text;
  SourceRange where = token.range;
  if (name.size() > maxNameLength)
    diags
        .error(DiagId::BadLayerName, where,
               what + " name " + quoted(name) + " has " + Twine(name.size()) +
                   " characters")
        .note("names have at most " + Twine(maxNameLength) + " characters");
  if (name.ends_with("'"))
    diags
        .error(DiagId::BadLayerName, where,
               what + " name " + quoted(name) + " has an apostrophe")
        .fix(where, name.drop_back(), "write it without");
  if (isCKeyword(name))
    diags
        .error(DiagId::ReservedLayerName, where,
               what + " name " + quoted(name) + " is a keyword of C or C++")
        .fix(where, (name + "_" + what).str(),
             "choose another name, such as '" + name + "_" + what + "'");
  else if (name.starts_with("eqc_"))
    diags
        .error(DiagId::ReservedLayerName, where,
               what + " name " + quoted(name) + " starts with 'eqc_'")
        .help("names starting with 'eqc_' are the runtime's; choose another");
}

void LayerChecker::collectFields() {
  std::array<bool, numFields> given = {};
  for (const Field &field : decl.fields)
    if (const StringRef *found = llvm::find(fieldNames, field.name.text);
        found != std::end(fieldNames))
      given[found - fieldNames] = true;
  for (const Field &field : decl.fields) {
    StringRef name = field.name.text;
    const StringRef *found = llvm::find(fieldNames, name);
    if (found == std::end(fieldNames)) {
      Diagnostic &error = diags.error(DiagId::UnknownField, field.name.range,
                                      "unknown field " + quoted(name));
      std::optional<StringRef> meant = fieldMeantBy(name);
      if (!meant)
        meant = closestWord(name, fieldNames);
      size_t index = meant ? llvm::find(fieldNames, *meant) - fieldNames : 0;
      if (meant && !given[index]) {
        error.fix(field.name.range, *meant, "did you mean '" + *meant + "'?");
        present[index] = given[index] = true;
      } else {
        error.note("the fields are " +
                   llvm::join(llvm::ArrayRef(fieldNames), ", "));
        if (name.contains("channels") || name.starts_with("c_"))
          error.help("write 'channels = C_IN -> C_OUT'");
      }
      continue;
    }
    size_t index = found - fieldNames;
    present[index] = true;
    if (fields[index])
      diags
          .error(DiagId::RepeatedField, field.name.range,
                 "field " + quoted(name) + " is given more than once")
          .note(fields[index]->name.range, "it was given first here");
    else
      fields[index] = &field;
  }
}

/// Whether a group has its size with it wherever it is written.
static bool isSpelledOut(StringRef word) {
  return llvm::any_of(allGroups, [&](Group known) {
    return rulesOf(known).hasOrbits() &&
           word == StringRef(familyName(known.family()));
  });
}

/// Whether the size stands behind the group, or another error says that it has
/// to.
bool LayerChecker::mayHaveSize() const {
  const Field *field = fields[static_cast<size_t>(FieldKind::Group)];
  return field && (field->value.kind == Value::Kind::Error || sizedGroup() ||
                   isSpelledOut(field->value.token.text) ||
                   // 'S4'
                   field->value.token.text.find_first_of("0123456789") !=
                       StringRef::npos);
}

void LayerChecker::checkMissing() {
  if (decl.incomplete)
    return;
  std::vector<std::string> missing;
  for (FieldKind kind :
       {FieldKind::Group, FieldKind::N, FieldKind::K, FieldKind::L})
    if (!present[static_cast<size_t>(kind)] &&
        !(kind == FieldKind::N && mayHaveSize()) &&
        !(typed && (kind == FieldKind::Group || kind == FieldKind::N)))
      missing.push_back("'" + fieldNames[static_cast<size_t>(kind)].str() +
                        "'");
  // What a layer of two inputs makes of their channels is not to be guessed.
  if (inputProduct() && !present[static_cast<size_t>(FieldKind::Channels)])
    missing.push_back("'channels'");
  if (missing.empty())
    return;
  std::string name = decl.name.is(TokenKind::Word)
                         ? "layer " + quoted(decl.name.text)
                         : std::string("this layer");
  Diagnostic &error = diags.error(DiagId::MissingFields, decl.name.range,
                                  name + " lacks the required field" +
                                      (missing.size() > 1 ? "s " : " ") +
                                      llvm::join(missing, ", "));
  if (missing.back() == "'channels'")
    error.help("of two inputs write 'channels = C_X * C_Z -> C_OUT', or one "
               "number for weights on each channel");
}

void LayerChecker::fillSpec() {
  LineColumn where = diags.source().lineColumn(decl.name.range.begin);
  spec.name = decl.name.text.str();
  spec.position = {diags.source().name().str(), where.line, where.column};
  spec.group = *group;
  spec.n = *n;
  spec.k = static_cast<int>(*k);
  spec.l = static_cast<int>(*l);
  spec.cIn = *cIn;
  spec.cOut = *cOut;
  if (k2) {
    spec.k2 = static_cast<int>(*k2);
    spec.cIn2 = *cIn2;
    spec.depthwise = depthwise;
  }
  spec.choice = *choice;
}

std::optional<LayerSpec> LayerChecker::check() {
  size_t errorsBefore = diags.errorCount();
  checkName(decl.name, "layer", diags);
  collectFields();
  findForm();
  checkMissing();
  readValues();
  checkSize();
  checkGroup();
  checkDiagramCount();
  checkSymmetry();
  checkOrbitWeights();
  checkGraphMaps();
  checkPool();
  checkBias();
  checkList();
  checkSizes();
  checkWeights();
  bool complete = group && n && ordersSmall() && cIn && cOut && choice &&
                  (!inputProduct() || (k2 && cIn2));
  // Names and fields may be wrong in ways that leave all of these known.
  if (!complete || diags.errorCount() != errorsBefore)
    return std::nullopt;
  fillSpec();
  checkSymbols();
  if (diags.errorCount() != errorsBefore)
    return std::nullopt;
  enumerate();
  if (diags.errorCount() != errorsBefore)
    return std::nullopt;
  return std::move(spec);
}

/// What a name must have more than another for the two to clash: where a suffix
/// ends in another suffix, the rest of it. The layers `a` and `a_BIAS` would
/// both define the macro `a_BIAS_DIAGRAMS`, so `_BIAS` is one.
static std::vector<std::pair<StringRef, StringRef>> clashingStems() {
  std::vector<std::pair<StringRef, StringRef>> stems;
  for (StringRef suffix : exportedSuffixes())
    for (StringRef tail : exportedSuffixes())
      if (suffix != tail && suffix.ends_with(tail))
        stems.emplace_back(suffix.drop_back(tail.size()), suffix);
  return stems;
}

static void reportClash(const Token &name, const Token &other,
                        StringRef generated, DiagnosticEngine &diags) {
  diags
      .error(DiagId::ExportClash, name.range,
             quoted(other.text) + " and " + quoted(name.text) +
                 " would both define " + quoted(generated))
      .note(other.range, "the other one is here")
      .help("rename one of them");
}

/// Names of networks differ from those of layers and of each other, and so do
/// all names generated for them.
static void checkNetworkNames(const SourceFile &file,
                              const llvm::StringMap<const LayerDecl *> &layers,
                              DiagnosticEngine &diags) {
  llvm::StringMap<const Token *> names;
  llvm::StringMap<const Token *> exported; // by which network
  for (const NetworkDecl &decl : file.networks) {
    if (!decl.name.is(TokenKind::Word))
      continue;
    const Token *first = nullptr;
    if (const LayerDecl *layer = layers.lookup(decl.name.text))
      first = &layer->name;
    else if (auto [entry, isNew] =
                 names.try_emplace(decl.name.text, &decl.name);
             !isNew)
      first = entry->second;
    if (first) {
      diags
          .error(DiagId::DuplicateLayer, decl.name.range,
                 "network " + quoted(decl.name.text) +
                     " has the name of another network or layer")
          .note(first->range, "it was declared first here");
      continue;
    }
    for (StringRef suffix : networkSuffixes()) {
      auto [entry, isNew] =
          exported.try_emplace(decl.name.text.str() + suffix.str(), &decl.name);
      if (!isNew)
        reportClash(decl.name, *entry->second, entry->first(), diags);
    }
  }
  if (file.networks.empty())
    return;
  for (const LayerDecl &decl : file.layers) {
    if (!decl.name.is(TokenKind::Word) || diags.saturated())
      continue;
    for (StringRef suffix : exportedSuffixes()) {
      const auto found = exported.find(decl.name.text.str() + suffix.str());
      if (found != exported.end() && found->second->text != decl.name.text) {
        reportClash(decl.name, *found->second, found->first(), diags);
        break;
      }
    }
  }
}

/// Names of layers, spaces and networks must differ, and so must all names
/// generated for them.
static void checkNames(const SourceFile &file, DiagnosticEngine &diags) {
  const llvm::ArrayRef<LayerDecl> decls = file.layers;
  llvm::StringMap<const SpaceDecl *> spaces;
  for (const SpaceDecl &space : file.spaces) {
    if (diags.saturated())
      return;
    if (!space.name.is(TokenKind::Word))
      continue;
    auto [first, isNew] = spaces.try_emplace(space.name.text, &space);
    if (!isNew)
      diags
          .error(DiagId::DuplicateLayer, space.name.range,
                 "space " + quoted(space.name.text) +
                     " is declared more than once")
          .note(first->second->name.range, "it was declared first here");
  }
  auto clashesWithSpace = [&](const Token &name, StringRef what) {
    if (const SpaceDecl *space = spaces.lookup(name.text);
        space && name.is(TokenKind::Word))
      diags
          .error(DiagId::DuplicateLayer, name.range,
                 what + " " + quoted(name.text) + " has the name of a space")
          .note(space->name.range, "the space is declared here");
  };
  for (const LayerDecl &decl : decls)
    clashesWithSpace(decl.name, "layer");
  for (const NetworkDecl &decl : file.networks)
    clashesWithSpace(decl.name, "network");
  llvm::StringMap<const LayerDecl *> byName;
  for (const LayerDecl &decl : decls) {
    if (diags.saturated())
      return;
    if (!decl.name.is(TokenKind::Word))
      continue;
    auto [first, isNew] = byName.try_emplace(decl.name.text, &decl);
    if (!isNew)
      diags
          .error(DiagId::DuplicateLayer, decl.name.range,
                 "layer " + quoted(decl.name.text) +
                     " is declared more than once")
          .note(first->second->name.range, "it was declared first here");
  }
  checkNetworkNames(file, byName, diags);
  for (const auto &[stem, suffix] : clashingStems()) {
    for (const LayerDecl &decl : decls) {
      StringRef shorter = decl.name.text;
      if (!decl.name.is(TokenKind::Word) || !shorter.consume_back(stem))
        continue;
      const LayerDecl *other = byName.lookup(shorter);
      if (!other)
        continue;
      diags
          .error(DiagId::ExportClash, decl.name.range,
                 "layers " + quoted(shorter) + " and " +
                     quoted(decl.name.text) + " would both define " +
                     quoted((shorter + suffix).str()))
          .note(other->name.range, "the other layer is here")
          .help("rename one of them");
    }
  }
}

/// Macros for the sizes of spaces, `a_N_users`, are not those of other layers
/// and of networks, whose names may be longer.
static void checkSizeMacros(const SourceFile &file,
                            llvm::ArrayRef<LayerSpec> specs,
                            DiagnosticEngine &diags) {
  llvm::StringMap<StringRef> defined; // by which layer or network
  if (llvm::none_of(specs, [](const LayerSpec &spec) { return spec.typed; }))
    return;
  for (const LayerSpec &spec : specs)
    for (StringRef suffix : exportedSuffixes())
      defined[spec.name + suffix.str()] = spec.name;
  for (const NetworkDecl &decl : file.networks)
    for (StringRef suffix : networkSuffixes())
      defined[decl.name.text.str() + suffix.str()] = decl.name.text;
  for (const LayerSpec &spec : specs)
    for (const auto &[macro, size] : sizeMacros(spec)) {
      const std::string name = spec.name + "_" + macro;
      auto [first, isNew] = defined.try_emplace(name, spec.name);
      if (!isNew)
        diags
            .error(DiagId::ExportClash, spec.position,
                   "layers " + quoted(first->second) + " and " +
                       quoted(spec.name) + " would both define " + quoted(name))
            .help("rename one of them, or the space");
    }
}

void eqc::checkFile(const SourceFile &file, const FrontendOptions &options,
                    DiagnosticEngine &diags, std::vector<LayerSpec> &specs,
                    std::vector<NetworkSpec> &networks) {
  checkNames(file, diags);
  const DeclaredSpaces spaces = checkSpaces(file, options, diags);
  LayerSignatures signatures;
  for (auto [index, decl] : llvm::enumerate(file.layers)) {
    if (diags.saturated())
      break;
    std::optional<LayerSpec> spec =
        LayerChecker(decl, spaces, options, diags).check();
    if (!file.networks.empty())
      signatures.try_emplace(decl.name.text,
                             spec ? std::optional(signatureOf(*spec, index))
                                  : std::nullopt);
    // Diagrams of a source that is refused anyway are not worth their memory.
    if (spec && !diags.hasErrors())
      specs.push_back(std::move(*spec));
  }
  if (!diags.hasErrors())
    checkSizeMacros(file, specs, diags);
  networks = checkNetworks(file, spaces, signatures, diags);
}
