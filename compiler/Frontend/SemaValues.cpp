//===- SemaValues.cpp - Semantic checks: the value of each field ----------===//
//
// Types and ranges of values; no value is looked at together with another.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"

#include "llvm/ADT/StringExtras.h"

#include <limits>

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

const Value *LayerChecker::value(FieldKind kind) const {
  const Field *field = fields[static_cast<size_t>(kind)];
  if (!field || field->value.kind == Value::Kind::Error)
    return nullptr;
  return &field->value;
}

SourceRange LayerChecker::place(FieldKind kind) const {
  const Value *written = value(kind);
  if (!written && kind == FieldKind::N)
    if (const Value *sized = sizedGroup())
      return {sized->items.front().range.begin, sized->items.back().range.end};
  return written ? written->range : decl.name.range;
}

const Value *LayerChecker::sizedGroup() const {
  const Value *written = value(FieldKind::Group);
  return written && written->kind == Value::Kind::Sized ? written : nullptr;
}

/// What a value is, for messages.
static std::string describeValue(const Value &value) {
  switch (value.kind) {
  case Value::Kind::Sized:
    return quoted((value.token.text + "(..)").str());
  case Value::Kind::Pair:
    return "a pair with '->'";
  case Value::Kind::List:
    return "a list";
  case Value::Kind::Words:
    return "several words";
  case Value::Kind::Sum:
    return "a sum";
  case Value::Kind::Product:
    return "a product";
  default:
    return eqc::describe(value.token);
  }
}

/// 'f32' or 'f64'; 'S', 'O', 'SO' or 'Sp'
static std::string alternatives(llvm::ArrayRef<StringRef> words) {
  std::string result;
  for (size_t i = 0; i != words.size(); ++i) {
    if (i != 0)
      result += i + 1 == words.size() ? " or " : ", ";
    result += "'" + words[i].str() + "'";
  }
  return result;
}

static bool isDigits(StringRef text) {
  return !text.empty() && llvm::all_of(text, llvm::isDigit);
}

static bool isWord(StringRef text) {
  return !text.empty() && !llvm::isDigit(text.front()) &&
         llvm::all_of(text,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

bool LayerChecker::expectScalar(const Value &value, TokenKind kind,
                                StringRef field, const Twine &takes) {
  if (value.kind == Value::Kind::Scalar && value.token.is(kind))
    return true;
  Diagnostic &error = diags.error(DiagId::WrongType, value.range,
                                  "'" + field + "' takes " + takes +
                                      ", found " + describeValue(value));
  if (value.kind != Value::Kind::Scalar || !value.token.is(TokenKind::String))
    return false;
  StringRef inner = value.token.text.drop_front().drop_back();
  if (kind == TokenKind::Word
          ? isWord(inner)
          : isDigits(inner) || (field == "n" && inner == "?"))
    error.fix(value.range, inner, "write it without quotes");
  return false;
}

std::optional<int64_t> LayerChecker::readInteger(const Value &value,
                                                 StringRef field, int64_t least,
                                                 const Twine &takes) {
  if (value.kind == Value::Kind::Scalar &&
      value.token.is(TokenKind::Negative)) {
    diags.error(DiagId::OutOfRange, value.range,
                "'" + field + "' must be at least " + Twine(least) +
                    ", found " + quoted(value.token.text));
    return std::nullopt;
  }
  if (!expectScalar(value, TokenKind::Integer, field, takes))
    return std::nullopt;
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  uint64_t number = 0;
  if (value.token.text.getAsInteger(10, number) ||
      number > static_cast<uint64_t>(most)) {
    diags
        .error(DiagId::OutOfRange, value.range,
               "value " + quoted(value.token.text) + " of '" + field +
                   "' is out of range")
        .note("integers are at most " + Twine(most) + " (2^63 - 1)");
    return std::nullopt;
  }
  if (number < static_cast<uint64_t>(least)) {
    diags.error(DiagId::OutOfRange, value.range,
                "'" + field + "' must be at least " + Twine(least) +
                    ", found " + quoted(value.token.text));
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

std::optional<size_t> LayerChecker::readWord(FieldKind kind,
                                             llvm::ArrayRef<StringRef> words) {
  const Value *written = value(kind);
  if (!written)
    return std::nullopt;
  StringRef field = fields[static_cast<size_t>(kind)]->name.text;
  if (!expectScalar(*written, TokenKind::Word, field, alternatives(words)))
    return std::nullopt;
  return findWord(kind, written->token, words);
}

std::optional<size_t> LayerChecker::findWord(FieldKind kind, const Token &token,
                                             llvm::ArrayRef<StringRef> words) {
  StringRef field = fields[static_cast<size_t>(kind)]->name.text;
  std::string takes = alternatives(words);
  StringRef word = token.text;
  const StringRef *found = llvm::find(words, word);
  if (found != words.end())
    return found - words.begin();
  bool isGroup = kind == FieldKind::Group;
  Diagnostic &error = diags.error(
      isGroup ? DiagId::UnknownGroup : DiagId::UnknownValue, token.range,
      std::string(isGroup ? "unknown group " : "unknown value ") +
          quoted(word) +
          (isGroup ? std::string() : " of '" + field.str() + "'"));
  error.note("'" + field + "' takes " + takes);
  if (!adviceOn(kind, word).empty()) {
    error.help(adviceOn(kind, word));
    return std::nullopt;
  }
  if (isGroup && suggestSize(token, words, error))
    return std::nullopt;
  std::optional<StringRef> meant = wordMeantBy(kind, word);
  if (!meant)
    meant = closestWord(word, words);
  if (meant)
    error.fix(token.range, *meant, "did you mean '" + *meant + "'?");
  return std::nullopt;
}

/// For 'S4': the group and its size. False where the word is nothing of that
/// kind.
bool LayerChecker::suggestSize(const Token &token,
                               llvm::ArrayRef<StringRef> names,
                               Diagnostic &error) const {
  const StringRef name = token.text.rtrim("0123456789");
  const StringRef size = token.text.drop_front(name.size());
  if (size.trim('0').empty() || !llvm::is_contained(names, name))
    return false;
  if (sizedGroup() || value(FieldKind::N))
    error.fix(token.range, name, "write '" + name + "'");
  else
    error.fix(token.range, (name + "(" + size + ")").str(),
              "write '" + name + "(" + size + ")', or '" + name +
                  "' and 'n = " + size + "'");
  return true;
}

void LayerChecker::readGroup() {
  std::vector<StringRef> names;
  for (Group known : allGroups)
    names.emplace_back(familyName(known.family()));
  const Value *sized = sizedGroup();
  if (std::optional<size_t> index =
          sized ? findWord(FieldKind::Group, sized->token, names)
                : readWord(FieldKind::Group, names))
    group = allGroups[*index];
  if (group && rulesOf(*group).hasOrbits()) {
    if (const Value *written = sized ? value(FieldKind::N) : nullptr)
      diags
          .error(DiagId::SizeGivenTwice, written->range,
                 "n is given twice, behind the group too")
          .note(sized->range, "the group is given with its size here")
          .help("remove the field 'n'");
    return readAction(sized ? *sized : *value(FieldKind::Group));
  }
  if (sized)
    readSizes(*sized);
}

/// `S(4)`, `S(?)`, or a signature: `O(1,3)`.
void LayerChecker::readSizes(const Value &sized) {
  if (const Value *written = value(FieldKind::N))
    diags
        .error(DiagId::SizeGivenTwice, written->range,
               "n is given twice, behind the group too")
        .note(sized.range, "the group is given with its size here")
        .help("remove the field 'n', or what stands in parentheses");
  if (sized.items.size() == 1)
    return readSize(sized.items.front());
  if (!group)
    return;
  const std::string name(familyName(group->family()));
  const bool takes = rulesOf(*group).takesSignature();
  const SourceRange place = {sized.items.front().range.begin,
                             sized.items.back().range.end};
  if (!takes || sized.items.size() > 2) {
    diags
        .error(DiagId::BadSignature, place,
               "group '" + name + "' takes a size" +
                   (takes ? " or the two numbers of a signature" : "") +
                   " in parentheses, found " + Twine(sized.items.size()) +
                   " values")
        .help("write " + name + "(4)" +
              (takes ? ", or " + name + "(1,3)" : ""));
    return;
  }
  const auto plus = readInteger(sized.items[0], "p", 1);
  const auto minus = readInteger(sized.items[1], "q", 0);
  if (!plus || !minus)
    return;
  if (*plus > std::numeric_limits<int64_t>::max() - *minus) {
    diags.error(DiagId::OutOfRange, place, "the size p + q is out of range");
    return;
  }
  n = *plus + *minus;
  if (*minus > 0)
    group = Group(group->family(), *plus, *minus);
}

void LayerChecker::readN() {
  if (sizedGroup())
    return;
  const Value *written = value(FieldKind::N);
  if (written)
    readSize(*written);
}

void LayerChecker::readSize(const Value &written) {
  if (written.kind == Value::Kind::Scalar &&
      written.token.is(TokenKind::Question))
    n = -1;
  else if (written.kind == Value::Kind::Scalar &&
           wordMeantBy(FieldKind::N, written.token.text))
    diags
        .error(DiagId::WrongType, written.range,
               "'n' takes an integer or '?', found " + describeValue(written))
        .fix(written.range, "?", "for an n that calls bring along write '?'");
  else
    n = readInteger(written, "n", 1, "an integer or '?'");
}

const Value *LayerChecker::inputProduct() const {
  const Value *written = value(FieldKind::K);
  return written && written->kind == Value::Kind::Product ? written : nullptr;
}

/// An order that may be added to another one without overflow.
static int64_t clampOrder(int64_t order) {
  constexpr int64_t most = int64_t(1) << 60;
  return order < most ? order : most + order % 2;
}

/// k as an integer, or as those of two inputs.
void LayerChecker::readOrder() {
  const Value *written = value(FieldKind::K);
  if (!written)
    return;
  if (written->kind != Value::Kind::Product) {
    k = readInteger(*written, "k", 0);
    return;
  }
  const auto first = readInteger(written->items[0], "k", 0);
  const auto second = readInteger(written->items[1], "k", 0);
  if (!first || !second)
    return;
  k2 = clampOrder(*second);
  k = clampOrder(*first) + *k2;
}

/// `c`, or `c1 * c2 -> c3`.
void LayerChecker::readBilinearChannels(const Value &written) {
  if (written.kind == Value::Kind::Scalar) {
    cIn = cIn2 = cOut =
        readInteger(written, "channels", 1,
                    "an integer or a pair such as '16 * 16 -> 32' for two "
                    "inputs");
    depthwise = true;
    return;
  }
  const bool isPair = written.kind == Value::Kind::Pair &&
                      written.items[0].kind == Value::Kind::Product &&
                      written.items[0].items.size() == 2;
  if (!isPair) {
    Diagnostic &error = diags.error(
        DiagId::WrongInputs, written.range,
        "'channels' of two inputs takes an integer, for weights on each "
        "channel, or a pair such as '16 * 16 -> 32', found " +
            describeValue(written));
    error.note(place(FieldKind::K), "the inputs are declared here");
    if (written.kind == Value::Kind::Pair &&
        written.items[0].kind == Value::Kind::Scalar) {
      StringRef in = written.items[0].token.text;
      std::string both = (in + " * " + in).str();
      error.fix(written.items[0].range, both,
                "say how many channels either input has");
    }
    return;
  }
  const Value &inputs = written.items[0];
  cIn = readInteger(inputs.items[0], "channels", 1);
  cIn2 = readInteger(inputs.items[1], "channels", 1);
  cOut = readInteger(written.items[1], "channels", 1);
}

void LayerChecker::readQuadratic() {
  const std::optional<size_t> index = readWord(FieldKind::Quadratic);
  if (index == size_t(1))
    diags
        .error(DiagId::NotBuiltYet, place(FieldKind::Quadratic),
               "quadratic layers are not built yet")
        .help("write 'k = k1 * k1' and give the same array as x and as z");
}

void LayerChecker::readChannels() {
  const Value *written = value(FieldKind::Channels);
  if (!written) {
    // A field that could not be read is not the same as one left out.
    if (!present[static_cast<size_t>(FieldKind::Channels)])
      cIn = cOut = cIn2 = 1;
    return;
  }
  if (inputProduct())
    return readBilinearChannels(*written);
  if (!value(FieldKind::K) && present[static_cast<size_t>(FieldKind::K)])
    return; // who knows how many inputs there are
  if (written->kind == Value::Kind::Product ||
      (written->kind == Value::Kind::Pair &&
       written->items[0].kind == Value::Kind::Product)) {
    diags
        .error(DiagId::WrongInputs, written->range,
               "'channels' with '*' is for layers of two inputs")
        .note(place(FieldKind::K), "there is one input here")
        .help("write 'k = k1 * k2', or a pair such as '16 -> 32'");
    return;
  }
  if (written->kind != Value::Kind::Pair) {
    Diagnostic &error =
        diags.error(DiagId::WrongType, written->range,
                    "'channels' takes a pair such as '16 -> 32', found " +
                        describeValue(*written));
    if (written->kind == Value::Kind::Scalar &&
        written->token.is(TokenKind::Integer) &&
        !written->token.text.trim('0').empty()) {
      std::string both =
          (written->token.text + " -> " + written->token.text).str();
      error.fix(written->range, both,
                "for as many channels out as in write " + quoted(both));
    }
    return;
  }
  cIn = readInteger(written->items[0], "channels", 1);
  cOut = readInteger(written->items[1], "channels", 1);
}

void LayerChecker::readDiagramChoice() {
  const Value *written = value(FieldKind::Diagrams);
  if (!written) {
    if (!present[static_cast<size_t>(FieldKind::Diagrams)])
      choice = DiagramChoice::All;
    return;
  }
  if (written->kind == Value::Kind::List) {
    choice = DiagramChoice::List;
    return;
  }
  bool word = written->kind == Value::Kind::Scalar &&
              written->token.is(TokenKind::Word);
  if (!word) {
    Diagnostic &error = diags.error(
        DiagId::WrongType, written->range,
        "'diagrams' takes 'all', 'basis' or a list of strings, found " +
            describeValue(*written));
    if (written->kind == Value::Kind::Scalar &&
        written->token.is(TokenKind::String)) {
      StringRef inner = written->token.text.drop_front().drop_back();
      if (inner == "all" || inner == "basis")
        error.fix(written->range, inner, "write it without quotes");
      else
        error.fix(written->range, "[" + written->token.text + "]",
                  "a list stands in brackets, even with one diagram");
    }
    return;
  }
  if (std::optional<size_t> index = readWord(FieldKind::Diagrams)) {
    choice = *index == 0   ? DiagramChoice::All
             : *index == 1 ? DiagramChoice::Basis
                           : DiagramChoice::Connected;
    if (choice == DiagramChoice::Connected && value(FieldKind::K) &&
        !inputProduct())
      diags
          .error(DiagId::WrongInputs, written->range,
                 "'diagrams = connected' is for layers of two inputs")
          .note(place(FieldKind::K), "there is one input here")
          .help("write 'diagrams = all'");
  }
}

void LayerChecker::readValues() {
  if (typed) {
    readAxes();
  } else {
    readGroup();
    readN();
    readOrder();
    if (const Value *written = value(FieldKind::L))
      l = readInteger(*written, "l", 0);
  }
  if (const Value *product = inputProduct();
      product && product->items.size() > 2)
    diags
        .error(DiagId::WrongInputs, product->items[2].range,
               "layers have at most two inputs, found " +
                   Twine(product->items.size()))
        .help("multiply two of them in a layer of its own");
  readQuadratic();
  readChannels();
  if (std::optional<size_t> i = readWord(FieldKind::Bias))
    spec.bias = *i == 1;
  if (std::optional<size_t> i = readWord(FieldKind::DType)) {
    spec.dtype = *i == 1 ? DType::F64 : DType::F32;
    spec.storage = *i == 2   ? Storage::BF16
                   : *i == 3 ? Storage::F16
                             : Storage::AsComputed;
    if (spec.storage != Storage::AsComputed && inputProduct())
      diags.error(DiagId::NotBuiltYet, place(FieldKind::DType),
                  "numbers of 16 bits are not built yet in layers of two "
                  "inputs");
  }
  if (std::optional<size_t> i = readWord(FieldKind::Layout))
    spec.layout = *i == 0 ? Layout::ChannelsLast : Layout::ChannelsFirst;
  if (std::optional<size_t> i = readWord(FieldKind::Normalize))
    spec.normalize = *i == 0 ? Normalize::None : Normalize::Mean;
  if (std::optional<size_t> i = readWord(FieldKind::Pool))
    spec.pool = *i == 0 ? Pool::Sum : *i == 1 ? Pool::Max : Pool::Min;
  if (std::optional<size_t> i = readWord(FieldKind::Weights))
    spec.weightsOf = *i == 0 ? WeightsOf::Diagrams : WeightsOf::Orbits;
  readDiagramChoice();
  if (const Value *written = value(FieldKind::Batch))
    spec.batch = readInteger(*written, "batch", 1).value_or(0);
}
