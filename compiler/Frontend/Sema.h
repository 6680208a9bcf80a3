//===- Sema.h - Semantic checks of layers -----------------------*- C++ -*-===//
//
// From layers as written to LayerSpecs: values, groups, diagrams, limits.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_SEMA_H
#define EQC_FRONTEND_SEMA_H

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Frontend/AST.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Frontend/Language.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

#include <array>
#include <optional>
#include <set>
#include <vector>

namespace eqc {

/// More vertices than this, k + l, are refused: no such layer can be run, and
/// nothing after the front end need think about larger ones.
inline constexpr int64_t maxVertices = 128;

/// What plans spell out for signs: entries of Levi-Civita symbols and terms of
/// symplectic forms. As many as this take seconds and some hundred megabytes.
inline constexpr int64_t maxSignedTerms = int64_t(1) << 20;

/// The most weights of a layer of two inputs.
inline constexpr int64_t maxBilinearWeights = int64_t(1) << 28;

inline constexpr size_t numFields = 0
#define EQC_FIELD(ID, NAME, WORDS, HELP) +1
#include "compiler/Frontend/Fields.def"
    ;

/// A space as declared. A sum has its name alone, and its summands.
struct DeclaredSpace {
  Space space;
  std::vector<Space> summands;

  bool isSum() const { return !summands.empty(); }
  bool operator==(const DeclaredSpace &o) const {
    return space == o.space && summands == o.summands;
  }
};
/// By name; nothing where the space is refused.
using DeclaredSpaces = llvm::StringMap<std::optional<DeclaredSpace>>;

/// What names of layers and of spaces must be like.
void checkName(const Token &name, llvm::StringRef what,
               DiagnosticEngine &diags);

/// The space that a word names as that of an axis; null where it is refused.
const DeclaredSpace *findSpace(const Value &axis, const DeclaredSpaces &spaces,
                               DiagnosticEngine &diags, bool &isDual);

/// Checks one layer. Every check that can be made is made, whatever failed
/// before, so that all independent errors appear in one run; a check that
/// needs the value of a refused field is left out.
class LayerChecker {
public:
  LayerChecker(const LayerDecl &decl, const DeclaredSpaces &spaces,
               const FrontendOptions &options, DiagnosticEngine &diags)
      : decl(decl), spaces(spaces), options(options), diags(diags) {}

  /// The checked layer, or nothing when it has errors.
  std::optional<LayerSpec> check();

  /// The group and the size of a space, whose declaration is the only field
  /// `group` of the layer; nothing when they have errors.
  std::optional<Space> checkSpace();

private:
  // Sema.cpp: the fields as such.
  void collectFields();
  bool mayHaveSize() const;
  void checkMissing();
  void fillSpec();

  // SemaValues.cpp: one value at a time.
  const Value *value(FieldKind kind) const;
  void readValues();
  bool expectScalar(const Value &value, TokenKind kind, llvm::StringRef field,
                    const llvm::Twine &takes);
  std::optional<int64_t> readInteger(const Value &value, llvm::StringRef field,
                                     int64_t least,
                                     const llvm::Twine &takes = "an integer");
  std::optional<size_t> readWord(FieldKind kind,
                                 llvm::ArrayRef<llvm::StringRef> words);
  std::optional<size_t> readWord(FieldKind kind) {
    return readWord(kind, infoOf(kind).words);
  }
  /// The group's value where it has a size in parentheses, else null.
  const Value *sizedGroup() const;
  std::optional<size_t> findWord(FieldKind kind, const Token &token,
                                 llvm::ArrayRef<llvm::StringRef> words);
  bool suggestSize(const Token &token, llvm::ArrayRef<llvm::StringRef> names,
                   Diagnostic &error) const;
  void readGroup();
  void readSizes(const Value &sized);
  // SemaActions.cpp: permutations and graphs that the source spells out.
  void readAction(const Value &sized);
  std::optional<std::string> readFile(const Value &name);
  void checkAction();
  bool listsGraphMaps();
  void checkGraphMaps();
  void readN();
  void readSize(const Value &written);
  void readChannels();
  void readBilinearChannels(const Value &written);
  void readOrder();
  void readQuadratic();
  /// The value of k where it is a product: the layer has several inputs.
  const Value *inputProduct() const;
  // SemaSpaces.cpp: axes.
  struct WrittenAxes {
    std::vector<const DeclaredSpace *> spaces;
    std::vector<bool> dual;
  };
  bool namesAxes(FieldKind kind) const;
  void findForm();
  void readAxes();
  bool readAxes(FieldKind kind, WrittenAxes &axes,
                std::optional<int64_t> &order);
  bool readAxes(FieldKind kind, const Value &written, WrittenAxes &axes,
                std::optional<int64_t> &order);
  bool checkSpacesOfAxes(const std::vector<Space> &used, size_t numSums,
                         bool ofInputs);
  LayerRows rows(bool ofBias = false) const;
  /// Whether `rows` says more than the orders.
  bool hasAxes() const { return group->isProduct() || !spec.duals().empty(); }
  void readDiagramChoice();

  // SemaSymmetry.cpp: axes with a symmetry, orbits of diagrams.
  void checkSymmetry();
  SourceRange placeOfSymmetry() const;
  std::vector<AxisPermutation> readSymmetry(FieldKind kind);
  bool checkExchanged(const AxisPermutation &generator, FieldKind kind,
                      SourceRange where);
  void keepOrbits(std::vector<Diagram> &diagrams, bool ofBias);
  bool replaceByFirst(Diagram &diagram, SourceRange where);

  // SemaOrbitWeights.cpp: weights of orbits of tuples.
  void checkOrbitWeights();
  void checkCoarser(const std::vector<Diagram> &diagrams, FieldKind field);

  // SemaPool.cpp: extremes instead of sums.
  void checkPool();

  // SemaDiagrams.cpp: what the values mean together.
  void checkSize();
  void checkGroup();
  void checkSymbols();
  void checkHeads();
  void checkDiagramCount();
  void checkBias();
  void checkSizes();
  void checkWeights();
  void checkBilinearWeights();
  bool namesSummands();
  void checkList();
  void checkListElement(const Value &item);
  bool findHead(Diagram &diagram, SourceRange where);
  void enumerate();
  void checkSignedTerms(const std::vector<Diagram> &diagrams, FieldKind field);
  void reportCount(SourceRange where, Count count, llvm::StringRef what);
  /// Where the value of a field stands (of n, maybe behind the group), else
  /// where the layer's name does.
  SourceRange place(FieldKind kind) const;
  bool ordersKnown() const { return k && l; }
  /// Whether how many diagrams there are is known before they are listed.
  bool isCounted() const {
    return choice != DiagramChoice::Basis &&
           choice != DiagramChoice::Connected &&
           (choice == DiagramChoice::List || spec.symmetry.isTrivial());
  }
  /// Whether k + l is small enough to be worked with.
  bool ordersSmall() const {
    return ordersKnown() && *k <= maxVertices && *l <= maxVertices &&
           *k + *l <= maxVertices;
  }

  const LayerDecl &decl;
  const DeclaredSpaces &spaces;
  const FrontendOptions &options;
  DiagnosticEngine &diags;

  std::array<const Field *, numFields> fields = {};
  /// Fields written, or meant by a misspelt name: these are not missing.
  std::array<bool, numFields> present = {};

  std::optional<Group> group;
  std::optional<int64_t> n; ///< -1: at run time
  std::optional<int64_t> k, l, cIn, cOut;
  /// Of the second of two inputs.
  std::optional<int64_t> k2, cIn2;
  bool depthwise = false;
  std::optional<DiagramChoice> choice;
  bool groupRefused = false;    ///< the group has no diagrams here
  bool tooMany = false;         ///< more diagrams than may be listed
  bool pruned = false;          ///< the diagrams have been listed
  bool symmetryRefused = false; ///< nothing is known of orbits
  bool badSize = false;         ///< the group has no such size
  bool typed = false;           ///< axes are those of spaces
  std::optional<Count> weightDiagrams, biasDiagrams;
  std::vector<SourceRange> listed; ///< where spec.diagrams stand in a list
  LayerSpec spec;
};

/// Checks all layers and networks of a source and the names they share.
void checkFile(const SourceFile &file, const FrontendOptions &options,
               DiagnosticEngine &diags, std::vector<LayerSpec> &layers,
               std::vector<NetworkSpec> &networks);

/// Checks all spaces of a source.
DeclaredSpaces checkSpaces(const SourceFile &file,
                           const FrontendOptions &options,
                           DiagnosticEngine &diags);

} // namespace eqc

#endif // EQC_FRONTEND_SEMA_H
