//===- ParseNetwork.cpp - From tokens to networks as written --------------===//
//
// Expressions are read into postfix order with a stack of their open
// parentheses, not by recursion: they may be nested as deeply as a source is
// long. After an error it goes on at the next statement.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Frontend/Parser.h"

using namespace eqc;

NetworkDecl Parser::parseNetwork() {
  NetworkDecl network;
  advance();
  network.name = parseName("network");
  const Token opening = token;
  network.incomplete =
      !parseOpening(network.name.is(TokenKind::Word), "network") ||
      !parseBody(
          "network", "a statement", opening, [&] { return atDeclaration(); },
          [&] {
            if (parseStatement(network))
              return true;
            skipToBoundary();
            return false;
          });
  return network;
}

bool Parser::atStatementEnd() const {
  return token.newlineBefore || token.is(TokenKind::Semicolon) ||
         token.is(TokenKind::RightBrace) || token.is(TokenKind::Eof);
}

/// One statement and that something ends it.
bool Parser::parseStatement(NetworkDecl &network) {
  StatementDecl statement;
  if (token.isWord("input") && peek().is(TokenKind::Word))
    statement.kind = StatementDecl::Kind::Input;
  else if (token.isWord("output") && peek().is(TokenKind::Word))
    statement.kind = StatementDecl::Kind::Output;
  if (statement.kind != StatementDecl::Kind::Value)
    advance();
  statement.name = token;
  advance();
  if (statement.kind == StatementDecl::Kind::Input) {
    if (!parseInput(statement))
      return false;
  } else {
    if (!token.is(TokenKind::Equal)) {
      Diagnostic *error =
          unexpected("'=' after " + quoted(statement.name.text));
      if (error && statement.name.isWord("return"))
        error->help("write 'output NAME = EXPRESSION'");
      return false;
    }
    advance();
    if (!parseExpression(network, statement))
      return false;
  }
  if (!atStatementEnd()) {
    unexpected("a newline, ';' or '}' after the statement");
    return false;
  }
  network.statements.push_back(std::move(statement));
  return true;
}

/// `: AXES, CHANNELS`.
bool Parser::parseInput(StatementDecl &statement) {
  if (!token.is(TokenKind::Colon)) {
    if (Diagnostic *error =
            unexpected("':' after the input " + quoted(statement.name.text)))
      error->help("write 'input NAME : AXES, CHANNELS'");
    return false;
  }
  advance();
  Value &axes = statement.axes;
  axes.range = token.range;
  if (token.is(TokenKind::Integer)) {
    axes.kind = Value::Kind::Scalar;
    axes.token = token;
    advance();
  } else if (token.is(TokenKind::Word)) {
    axes.kind = Value::Kind::Words;
    for (; token.is(TokenKind::Word); advance()) {
      Value axis;
      axis.kind = Value::Kind::Scalar;
      axis.token = token;
      axis.range = token.range;
      axes.range.end = token.range.end;
      if (++axes.numItems <= kMostAxes)
        axes.items.push_back(std::move(axis));
    }
  } else {
    unexpected("the spaces of the axes of " + quoted(statement.name.text) +
               ", or 0 for none");
    return false;
  }
  if (!token.is(TokenKind::Comma)) {
    unexpected("',' and the channels of " + quoted(statement.name.text));
    return false;
  }
  advance();
  if (!token.is(TokenKind::Integer) && !token.is(TokenKind::Negative)) {
    unexpected("the channels of " + quoted(statement.name.text) +
               ", an integer");
    return false;
  }
  statement.channels.kind = Value::Kind::Scalar;
  statement.channels.token = token;
  statement.channels.range = token.range;
  advance();
  return true;
}

namespace {
/// What is open: a call, or the whole expression.
struct OpenCall {
  Token callee, parenthesis;
  size_t numArguments = 0;
  size_t numSummands = 0; ///< of the argument at hand
  size_t begin = 0;       ///< of that argument
};
} // namespace

bool Parser::parseExpression(NetworkDecl &network, StatementDecl &statement) {
  std::vector<ExprNode> &nodes = statement.expression;
  std::vector<OpenCall> open(1);
  open.back().begin = token.range.begin;
  auto keep = [&](ExprNode node) {
    network.numCalls += node.kind == ExprNode::Kind::Call;
    // Networks with more are refused, so their calls need not be kept.
    if (network.numCalls <= kMostCalls)
      nodes.push_back(std::move(node));
  };
  while (true) {
    if (!token.is(TokenKind::Word)) {
      unexpected(open.size() == 1 ? "a value or a call"
                                  : "a value or a call as an argument");
      return false;
    }
    const Token word = token;
    advance();
    if (token.is(TokenKind::LeftParen)) {
      open.push_back({word, token});
      advance();
      open.back().begin = token.range.begin;
      continue;
    }
    ExprNode leaf;
    leaf.token = word;
    leaf.range = word.range;
    keep(std::move(leaf));
    // What may follow an atom; a call that closes is one.
    while (true) {
      OpenCall &call = open.back();
      ++call.numSummands;
      if (token.is(TokenKind::Plus))
        break;
      if (call.numSummands > 1) {
        ExprNode sum;
        sum.kind = ExprNode::Kind::Sum;
        sum.token = word;
        sum.numArguments = call.numSummands;
        sum.range = {call.begin, previousEnd};
        keep(std::move(sum));
      }
      if (open.size() == 1)
        return true;
      ++call.numArguments;
      call.numSummands = 0;
      if (token.is(TokenKind::Comma))
        break;
      if (!token.is(TokenKind::RightParen)) {
        if (Diagnostic *error = unexpected("',' or ')'"))
          error->note(call.parenthesis.range, "the parentheses open here");
        return false;
      }
      ExprNode node;
      node.kind = ExprNode::Kind::Call;
      node.token = call.callee;
      node.numArguments = call.numArguments;
      node.range = {call.callee.range.begin, token.range.end};
      keep(std::move(node));
      open.pop_back();
      advance();
    }
    const bool nextArgument = token.is(TokenKind::Comma);
    advance();
    if (nextArgument)
      open.back().begin = token.range.begin;
  }
}
