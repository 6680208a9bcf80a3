//===- Generate.cpp - Random programs -------------------------------------===//
//
// What is legal is the front end's to say: declarations are drawn until it
// takes them. So no rule of the language stands here again, and what the
// language gains later is drawn by adding a choice.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fuzz/Generate.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Fuzz/GenerateNetwork.h"
#include "compiler/Fuzz/Legal.h"
#include "compiler/Plan/PlanKind.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

using namespace eqc;

const std::vector<std::string> &eqc::fuzzedGroups() {
  static const std::vector<std::string> groups = [] {
    std::vector<std::string> names;
    for (Group group : allGroups)
      names.emplace_back(familyName(group.family()));
    for (Group group : allGroups)
      if (rulesOf(group).takesSignature())
        names.push_back(std::string(familyName(group.family())) + "(p,q)");
    return names;
  }();
  return groups;
}

/// `auto` and every plan.
static const std::vector<std::string> &fuzzedPlans() {
  static const std::vector<std::string> plans = [] {
    std::vector<std::string> names{std::string(planName(PlanKind::Auto))};
    for (PlanKind plan : allPlans)
      names.emplace_back(planName(plan));
    return names;
  }();
  return plans;
}

static const std::vector<int64_t> kChannels = {
    1, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 40, 64, 65};
static const std::vector<int64_t> kFewChannels = {1, 1, 2, 3, 4, 5, 8, 9, 17};

namespace {

class Generator {
public:
  Generator(uint64_t seed, const GenerateOptions &options)
      : choose(seed), options(options) {
    program.settings.data = 1 + choose.random.below(1 << 20);
  }

  FuzzProgram run() {
    drawSizes();
    if (options.target.empty() && choose.oneIn(5))
      addNetwork(choose,
                 options.groups.empty() ? fuzzedGroups() : options.groups,
                 program);
    const int64_t layers =
        program.declarations.empty() ? 1 + choose.below(3) : 0;
    for (int64_t i = 0; i < layers; ++i)
      addLayer(fmt::format("f{}", i + 1));
    drawSettings();
    return std::move(program);
  }

private:
  /// Sizes for `?`, all even now and then, as Sp wants them.
  void drawSizes() {
    const int64_t unit = choose.oneIn(3) ? 2 : 1;
    program.settings.calls.clear();
    for (int i = 0; i < 2; ++i)
      program.settings.calls.emplace_back(
          unit * choose.of<int64_t>({1, 2, 3, 4, 5, 7, 8}),
          choose.of<int64_t>(
              {1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 64, 130}));
  }

  std::string group() {
    return choose.of(options.groups.empty() ? fuzzedGroups() : options.groups);
  }

  //===--------------------------------------------------------------------===//
  // Layers
  //===--------------------------------------------------------------------===//

  void addLayer(const std::string &name) {
    for (int tries = 0; tries < 200; ++tries) {
      FuzzProgram next = program;
      Declaration layer =
          choose.below(10) < 6 ? counted(name) : typed(name, next.declarations);
      addFields(layer);
      next.declarations.push_back(std::move(layer));
      if (takeLayer(std::move(next)))
        return;
    }
    // Some layer there has to be.
    FuzzProgram next = program;
    next.declarations.push_back(
        {"layer " + name, {"group = " + plainGroup(), "k = 1", "l = 1"}});
    takeLayer(std::move(next));
  }

  /// The first of the groups that may be asked for, with a size.
  std::string plainGroup() {
    return sized(options.groups.empty() ? "S" : options.groups.front(),
                 /*mayBeDynamic=*/false);
  }

  /// Takes the program, without a bias if the last layer can have none.
  bool takeLayer(FuzzProgram next) {
    if (auto spec = lastLayer(next, program.settings)) {
      listDiagrams(next, *spec);
      program = std::move(next);
      return true;
    }
    auto &body = next.declarations.back().body;
    auto bias = std::find(body.begin(), body.end(), "bias = true");
    if (bias == body.end())
      return false;
    body.erase(bias);
    return takeLayer(std::move(next));
  }

  /// A group with a size, as `S(3)` or `O(1,2)`.
  std::string sized(const std::string &group, bool mayBeDynamic) {
    if (llvm::StringRef(group).ends_with("(p,q)"))
      return fmt::format("{}({},{})", group.substr(0, group.size() - 5),
                         1 + choose.below(3), 1 + choose.below(2));
    if (group == "Perm" || group == "Graph")
      return spelledOut(group);
    if (mayBeDynamic && choose.oneIn(3))
      return group + "(?)";
    return fmt::format(
        "{}({})", group,
        choose.of<int64_t>({1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 13}));
  }

  /// Some permutations, as `Perm(3, "(2 0 1)")`, or a graph.
  std::string spelledOut(const std::string &group) {
    const int64_t n = 1 + choose.below(5);
    std::string text = fmt::format("{}({}", group, n);
    for (int64_t g = choose.below(2); group == "Perm" && g >= 0; --g) {
      std::vector<int64_t> points(static_cast<size_t>(n));
      std::iota(points.begin(), points.end(), 0);
      choose.random.shuffle(points);
      points.resize(static_cast<size_t>(choose.below(n + 1)));
      text += fmt::format(", \"({})\"", fmt::join(points, " "));
    }
    if (group == "Perm")
      return text + ")";
    text += ", \"";
    for (int64_t a = 0; a < n; ++a)
      for (int64_t b = a; b < n; ++b)
        if (choose.oneIn(2))
          text += fmt::format("{}{}{}{} ", a, choose.oneIn(4) ? ">" : "-", b,
                              choose.oneIn(4) ? ":1" : "");
    return text + "\")";
  }

  /// Orders, small ones most of the time.
  int64_t order() { return choose.of<int64_t>({0, 1, 1, 1, 2, 2, 2, 3, 4}); }

  /// A layer whose axes are numbers.
  Declaration counted(const std::string &name) {
    Declaration layer{"layer " + name, {}};
    std::string acting = sized(group(), true);
    // Either spelling.
    const size_t at = acting.find('(');
    if (choose.oneIn(2) && acting.find(',') == std::string::npos)
      layer.body = {"group = " + acting.substr(0, at),
                    "n = " + acting.substr(at + 1, acting.size() - at - 2)};
    else
      layer.body = {"group = " + acting};
    isBilinear = choose.oneIn(4) && options.target.empty();
    const int64_t k = order();
    layer.body.push_back(isBilinear ? fmt::format("k = {} * {}",
                                                  std::min<int64_t>(k, 2),
                                                  choose.below(3))
                                    : fmt::format("k = {}", k));
    layer.body.push_back(fmt::format("l = {}", order()));
    return layer;
  }

  /// A layer whose axes are of spaces, new ones among them.
  Declaration typed(const std::string &name,
                    std::vector<Declaration> &declarations) {
    std::vector<std::string> spaces;
    const int64_t wanted = 1 + choose.below(3);
    for (const Declaration &declaration : declarations)
      if (declaration.isSpace() && choose.oneIn(2))
        spaces.push_back(declaration.head);
    while (static_cast<int64_t>(spaces.size()) < wanted) {
      const bool maybeSized =
          wanted == 1 || (options.target.empty() && choose.oneIn(2));
      spaces.push_back(fmt::format("space v{} = {}", ++numSpaces,
                                   sized(group(), maybeSized)));
      declarations.insert(declarations.begin(), {spaces.back(), {}});
    }
    isBilinear = choose.oneIn(4) && options.target.empty();
    if (choose.oneIn(3))
      addSum(spaces, declarations);
    auto side = [&](int64_t axes) {
      std::string text;
      for (int64_t i = 0; i < axes; ++i) {
        const std::string space = choose.of(spaces);
        const llvm::StringRef name =
            llvm::StringRef(space).split(' ').second.split(' ').first;
        text += (text.empty() ? "" : " ") + name.str();
        if (llvm::StringRef(space).contains("= GL(") && choose.oneIn(2))
          text += "'";
      }
      return text.empty() ? "0" : text;
    };
    std::string inputs = side(choose.below(isBilinear ? 3 : 4));
    if (isBilinear)
      inputs += " * " + side(choose.below(3));
    return {"layer " + name, {"k = " + inputs, "l = " + side(choose.below(4))}};
  }

  /// Declares the sum of some of the spaces, maybe of one of them twice.
  void addSum(std::vector<std::string> &spaces,
              std::vector<Declaration> &declarations) {
    std::vector<std::string> summands;
    for (int64_t i = 0, count = 2 + choose.below(2); i < count; ++i) {
      const std::string chosen = choose.of(spaces);
      const llvm::StringRef space = chosen;
      if (!space.contains(" + ") &&
          (options.target.empty() || !space.contains("?")))
        summands.push_back(space.split(' ').second.split(' ').first.str());
    }
    if (summands.size() < 2)
      return;
    spaces.push_back(fmt::format("space v{} = {}", ++numSpaces,
                                 llvm::join(summands, " + ")));
    declarations.insert(declarations.begin(), {spaces.back(), {}});
  }

  void addFields(Declaration &layer) {
    auto add = [&](std::string field) {
      layer.body.push_back(std::move(field));
    };
    auto channels = [&] {
      return choose.of(isBilinear ? kFewChannels : kChannels);
    };
    if (isBilinear)
      add(choose.oneIn(2) ? fmt::format("channels = {}", choose.of(kChannels))
                          : fmt::format("channels = {} * {} -> {}", channels(),
                                        channels(), channels()));
    else if (!choose.oneIn(5))
      add(fmt::format("channels = {} -> {}", channels(), channels()));
    if (choose.oneIn(2))
      add("bias = true");
    if (choose.oneIn(3))
      add("dtype = f64");
    else if (choose.oneIn(6) && !isBilinear && options.target.empty())
      add(choose.oneIn(2) ? "dtype = bf16" : "dtype = f16");
    if (choose.oneIn(3))
      add("layout = channels_first");
    if (choose.oneIn(4))
      add("normalize = mean");
    else if (choose.oneIn(6))
      add("weights = orbit");
    else if (choose.oneIn(4) && !isBilinear && options.target.empty())
      add(choose.oneIn(2) ? "pool = max" : "pool = min");
    if (choose.oneIn(4))
      add("diagrams = basis");
    else if (isBilinear && choose.oneIn(4))
      add("diagrams = connected");
    if (choose.oneIn(8))
      add(fmt::format("batch = {}", choose.of<int64_t>({1, 2, 31})));
    if (!isBilinear && choose.oneIn(6))
      addSymmetry(layer, choose.oneIn(2) ? "k" : "l");
  }

  /// Of two axes of a side that are alike, if there are such.
  void addSymmetry(Declaration &layer, const std::string &side) {
    std::vector<std::string> axes;
    for (llvm::StringRef field : layer.body)
      if (field.consume_front(side + " = "))
        for (llvm::StringRef axis : llvm::split(field, ' '))
          axes.push_back(axis.str());
    int64_t order = 0;
    if (axes.size() == 1 && !llvm::StringRef(axes[0]).getAsInteger(10, order))
      axes.assign(static_cast<size_t>(order), "");
    std::vector<std::string> pairs;
    for (size_t a = 0; a < axes.size(); ++a)
      for (size_t b = a + 1; b < axes.size(); ++b)
        if (axes[a] == axes[b])
          pairs.push_back(fmt::format("({} {})", a + 1, b + 1));
    if (!pairs.empty())
      layer.body.push_back(
          fmt::format("{}_symmetry = [\"{}{}\"]", side == "k" ? "in" : "out",
                      choose.oneIn(3) ? "-" : "", choose.of(pairs)));
  }

  /// Now and then some diagrams of the last layer, in no order and written in
  /// no particular way.
  void listDiagrams(FuzzProgram &next, const LayerSpec &spec) {
    if (!spec.group.isProduct() && rulesOf(spec.group).hasGraphMaps() &&
        choose.oneIn(2))
      return listMaps(next, spec);
    if (!choose.oneIn(4))
      return;
    std::vector<Diagram> diagrams = spec.diagrams;
    // Jellyfish of one of several spaces cannot be written.
    if (spec.group.isProduct())
      llvm::erase_if(diagrams, [](const Diagram &diagram) {
        return diagram.head >= 0 && !diagram.orbit.exists();
      });
    for (const SpaceSum &sum : spec.group.sums())
      if (std::set<int>(sum.summands.begin(), sum.summands.end()).size() <
          sum.summands.size())
        return; // summands have no names of their own
    if (diagrams.empty())
      return;
    auto &body = next.declarations.back().body;
    withoutDiagrams(body);
    choose.random.shuffle(diagrams);
    // Weights of orbits want all that are coarser, too.
    const bool isWhole = spec.weightsOf == WeightsOf::Orbits;
    if (!isWhole)
      diagrams.resize(std::min<size_t>(diagrams.size(), 1 + choose.below(6)));
    std::vector<std::string> texts;
    for (const Diagram &diagram : diagrams)
      texts.push_back('"' + shuffled(toString(diagram, spec.group)) + '"');
    if (!isWhole && spec.group == Group::S && spec.k + spec.l > 0 &&
        choose.oneIn(2)) {
      // Also one with more blocks than `all` may have.
      std::vector<int> labels(spec.k + spec.l);
      for (int &label : labels)
        label = static_cast<int>(choose.below(spec.k + spec.l));
      const Diagram extra = makeDiagram(spec.l, spec.k, labels);
      if (std::find(diagrams.begin(), diagrams.end(), extra) == diagrams.end())
        texts.push_back('"' + shuffled(toString(extra)) + '"');
    }
    body.push_back("diagrams = [" + llvm::join(texts, ", ") + "]");
  }

  static void withoutDiagrams(std::vector<std::string> &body) {
    llvm::erase_if(body, [](const std::string &field) {
      return llvm::StringRef(field).starts_with("diagrams =");
    });
  }

  /// Graph maps of up to six letters, if they make a layer.
  void listMaps(FuzzProgram &next, const LayerSpec &spec) {
    FuzzProgram listed = next;
    auto &body = listed.declarations.back().body;
    withoutDiagrams(body);
    std::vector<std::string> texts;
    for (int64_t count = 1 + choose.below(4); count > 0; --count) {
      const int64_t letters = 1 + choose.below(6);
      auto letter = [&] {
        return std::string(1, static_cast<char>('a' + choose.below(letters)));
      };
      std::string text;
      for (int vertex = 0; vertex < spec.l + spec.k; ++vertex)
        text += vertexName(spec.l, vertex) + "=" + letter() + " ";
      const int64_t edges =
          spec.l + spec.k == 0 ? 1 + choose.below(5) : choose.below(6);
      text += edges > 0 ? ":" : "";
      for (int64_t edge = 0; edge < edges; ++edge)
        text += " " + letter() + (choose.oneIn(2) ? "-" : ">") + letter();
      texts.push_back('"' + text + '"');
    }
    body.push_back("diagrams = [" + llvm::join(texts, ", ") + "]");
    if (lastLayer(listed, program.settings))
      next = std::move(listed);
  }

  std::string shuffled(const std::string &text) {
    std::vector<std::string> blocks;
    for (llvm::StringRef block : llvm::split(text, " | ")) {
      std::vector<std::string> words;
      for (llvm::StringRef word : llvm::split(block, " "))
        words.push_back(word.str());
      const bool isFree = words.front() == "*";
      if (isFree)
        words.erase(words.begin());
      choose.random.shuffle(words);
      blocks.push_back((isFree ? "* " : "") + llvm::join(words, " "));
    }
    choose.random.shuffle(blocks);
    return llvm::join(blocks, " | ");
  }

  //===--------------------------------------------------------------------===//
  // Settings
  //===--------------------------------------------------------------------===//

  void drawSettings() {
    FuzzSettings &settings = program.settings;
    settings.plan =
        choose.of(options.plans.empty() ? fuzzedPlans() : options.plans);
    // LLVM takes two thirds of the time at -O3, and none of ours is in it. A
    // program at -O1 or -O3 takes three times what others do.
    settings.optLevel =
        choose.of<int>({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3});
    settings.target = options.target;
    // Three CPUs are three times the code.
    settings.cpu = choose.oneIn(16)
                       ? "x86-64-v2,x86-64-v3,x86-64-v4"
                       : choose.of<std::string>(
                             {"native", "native", "x86-64-v2", "x86-64-v3",
                              "x86-64-v4", "haswell", "skylake-avx512"});
    settings.cap = choose.oneIn(4) ? 1 + static_cast<int>(choose.below(2)) : 0;
    settings.threads = choose.of<int>({1, 1, 2, 3, 4});
    settings.canShare = !choose.oneIn(6);
    settings.gradients = choose.below(10) < 6;
    settings.packed = choose.oneIn(4) && options.target.empty();
    settings.ragged =
        choose.oneIn(2) && options.target.empty() && mayBeRagged(program);
    lowerBatches(program);
  }

  Choose choose;
  const GenerateOptions &options;
  FuzzProgram program;
  bool isBilinear = false;
  int numSpaces = 0;
};

} // namespace

FuzzProgram eqc::generate(uint64_t seed, const GenerateOptions &options) {
  return Generator(seed, options).run();
}
