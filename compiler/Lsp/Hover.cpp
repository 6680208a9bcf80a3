//===- Hover.cpp - What a word of a source means --------------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Language.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Lsp/Document.h"
#include "compiler/Plan/PlanReport.h"
#include "compiler/Report/Draw.h"
#include "compiler/Report/LayerFacts.h"
#include "compiler/Report/Shapes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/FormatVariadic.h"

using namespace eqc;
using namespace eqc::lsp;
using llvm::formatv;
using llvm::StringRef;
namespace proto = llvm::lsp;

/// More diagrams than a reader of a hover looks at; and than are planned for
/// while somebody waits.
static constexpr size_t kMostShown = 12, kMostPlanned = 1000;

/// A picture within the text, as editors take one.
static std::string picture(const LayerSpec &layer) {
  const std::string svg = drawProgram(layer, {}).front();
  return "\n\n![diagrams](data:image/svg+xml;base64," +
         llvm::encodeBase64(svg) + ")";
}

static std::string costOfPlans(const LayerSpec &layer) {
  if (layer.isBilinear() || layer.diagrams.size() > kMostPlanned)
    return "";
  ChosenPlan chosen;
  CompileFailure failure;
  CompileOptions options;
  options.gradients = false;
  if (!reportChosen(layer, options, std::nullopt, chosen, failure))
    return "";
  const PlanChoice &choice = chosen.report.choice;
  std::string text =
      formatv("\n\nplan **{0}**", planName(choice.winner().kind));
  if (choice.isPredicted)
    text +=
        formatv(": about {0} a call of {1} samples on one thread ({2})",
                timeText(choice.winner().callNs), choice.batch, choice.target);
  return text + formatv("; {0} multiply-adds a sample",
                        choice.winner().operations.multiplyAdds)
                    .str();
}

std::string Document::describe(const LayerSpec &layer) {
  const auto [place, isNew] = described.try_emplace(layer.name);
  if (!isNew)
    return place->second;
  std::string text =
      formatv("**layer {0}**: {1}\n", layer.name, ordersAndChannels(layer));
  for (const Fact &fact : factsOf(layer, CompileOptions()))
    text += formatv("- {0}: `{1}`\n", fact.name, fact.words);
  text += costOfPlans(layer) + "\n\n```\n";
  for (size_t d = 0; d < layer.diagrams.size() && d < kMostShown; ++d)
    text += formatv("weight[{0}]  {1}\n", d,
                    toString(layer.diagrams[d], layer.group));
  if (layer.diagrams.size() > kMostShown)
    text += formatv(".. and {0} more\n", layer.diagrams.size() - kMostShown);
  text += "```";
  if (layer.diagrams.size() <= kMostShown)
    text += picture(layer);
  return place->second = text;
}

std::string Document::describe(const NetworkSpec &network) const {
  std::string text = formatv(
      "**network {0}**: {1} layers, {2} steps, {3} parameters\n", network.name,
      network.layers.size(), network.steps.size(), network.params);
  for (const NetworkValue &value : network.values)
    if (!value.name.empty())
      text += formatv("- {0}: `{1}`\n", value.name, shapeText(network, value));
  return text;
}

std::string Document::describeWord(const Context &context, StringRef word) {
  if (const LayerSpec *layer = findLayer(word))
    return describe(*layer);
  if (const NetworkSpec *network = findNetwork(word))
    return describe(*network);
  if (context.declaration) {
    const Token &keyword = tokens[context.declaration->first];
    if (keyword.isWord("layer") && context.field.empty())
      for (const FieldInfo &info : fieldInfos())
        if (info.name == word) {
          std::string text = formatv("**{0}**: {1}", word, info.help);
          if (!info.words.empty())
            text += "\n\n`" + llvm::join(info.words, "`, `") + "`";
          return text;
        }
    if (keyword.isWord("network"))
      for (const CallInfo &call : networkCalls())
        if (call.name == word)
          return call.help.str();
    // The declaration's own name while others have errors.
    if (*context.token == context.declaration->first &&
        context.declaration->first + 1 < tokens.size())
      if (const LayerSpec *layer =
              findLayer(tokens[context.declaration->first + 1].text))
        return describe(*layer);
  }
  if (context.field == "group" ||
      (context.declaration &&
       tokens[context.declaration->first].isWord("space")))
    for (Group group : allGroups)
      if (groupName(group) == word)
        return formatv("**{0}**: {1}", word, rulesOf(group).words());
  for (const LayerSpec &layer : result.layers)
    for (const Space &space :
         layer.typed ? layer.spaces() : std::vector<Space>())
      if (space.name == word)
        return formatv("**space {0}** = `{1}`: {2}", word, spaceText(space),
                       rulesOf(space.group).words());
  for (const LayerSpec &layer : result.layers)
    for (const SpaceSum &sum : layer.group.sums())
      if (sum.name == word)
        return formatv("**space {0}** = `{1}`: a direct sum", word,
                       summandsText(layer.group.spaces(), sum));
  if (const std::optional<Function> function =
          findFunction(std::string_view(word)))
    return formatv("**{0}** of every entry{1}", word,
                   isOdd(*function)
                       ? "; odd: it may be applied where signs are "
                         "acted by"
                       : "");
  return "";
}

std::optional<proto::Hover> Document::hover(const proto::Position &at) {
  const Context context = contextAt(offsetOf(at));
  if (!context.token)
    return std::nullopt;
  const Token &token = tokens[*context.token];
  std::string text = describeWord(context, token.text);
  if (text.empty())
    return std::nullopt;
  proto::Hover hover(rangeOf(token.range));
  hover.contents.value = std::move(text);
  return hover;
}
