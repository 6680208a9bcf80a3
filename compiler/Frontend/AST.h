//===- AST.h - A source as written ------------------------------*- C++ -*-===//
//
// What the parser hands to the semantic checks: layers, fields, values, all
// pointing into the source; nothing has been checked but the shape.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_AST_H
#define EQC_FRONTEND_AST_H

#include "compiler/Frontend/Lexer.h"

#include <vector>

namespace eqc {

struct Value {
  enum class Kind {
    Error,  ///< reported already; checks stay silent
    Scalar, ///< one token: `token`
    Sized,  ///< `a(b, c)`: the word is `token`, scalars in `items`, of which
            ///< `file "a"` is one, too: that word, with its string
    Pair,   ///< `a -> b`: two scalars in `items`
    List,   ///< `[a, b]`: scalars in `items`
    Words,  ///< `a b`: two or more words in `items`
    Sum,    ///< `a + b`: words in `items`
    /// `a * b`: scalars or words in `items`; the first of a pair may be one.
    Product,
  };
  Kind kind = Kind::Error;
  SourceRange range;
  Token token;
  std::vector<Value> items;
  size_t numItems = 0; ///< of a list: with those that were not kept
};

/// `name = value`
struct Field {
  Token name;
  Value value;
};

/// `space name = value`
struct SpaceDecl {
  Token keyword;
  Token name; ///< Error when the name is missing or no word
  Value value;
};

/// `layer name { field .. }`
struct LayerDecl {
  Token name; ///< Error when the name is missing or no word
  std::vector<Field> fields;
  /// Some field could not be read, so nothing can be said to be missing.
  bool incomplete = false;
};

/// A part of an expression of a network. Expressions are lists of these in
/// postfix order: arguments come before what takes them, so that a call counts
/// where its parentheses close.
struct ExprNode {
  enum class Kind {
    Word, ///< the name of a value: `token`
    Call, ///< `token(a, b)`
    Sum,  ///< `a + b + c`
  };
  Kind kind = Kind::Word;
  Token token;
  size_t numArguments = 0;
  SourceRange range; ///< of the whole part
};

/// `input x : axes, channels`, `output y = expr` or `y = expr`.
struct StatementDecl {
  enum class Kind { Input, Output, Value };
  Kind kind = Kind::Value;
  Token name;
  Value axes;     ///< of an input: words, or 0
  Value channels; ///< of an input: an integer
  std::vector<ExprNode> expression;
};

/// `network name { statement .. }`
struct NetworkDecl {
  Token name; ///< Error when the name is missing or no word
  std::vector<StatementDecl> statements;
  /// Some statement could not be read: nothing is said of what depends on it.
  bool incomplete = false;
  size_t numCalls = 0; ///< with those that were not kept
};

/// What stands in a source.
struct SourceFile {
  std::vector<SpaceDecl> spaces;
  std::vector<LayerDecl> layers;
  std::vector<NetworkDecl> networks;
};

} // namespace eqc

#endif // EQC_FRONTEND_AST_H
