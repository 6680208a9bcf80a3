"""Colours for .eq, by the grammar that editors take, and for MLIR."""

import json
from pathlib import Path

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text

__all__ = ["EqLexer", "MlirLexer"]

GRAMMAR = Path(__file__).resolve().parents[2] / "editors/vscode/syntaxes/eq.tmLanguage.json"
TOKENS = {"keyword": Keyword, "entity": Name.Function, "variable": Name.Attribute,
          "constant.numeric": Number, "constant": Keyword.Constant, "support.type": Name.Class,
          "support.function": Name.Builtin, "comment": Comment, "string": String}


def _token(scope):
    return next((token for prefix, token in TOKENS.items() if scope.startswith(prefix)), Text)


class EqLexer(RegexLexer):
    name = "eqc layers"
    aliases = ["eq"]
    tokens = {"root": [
        (r"(#|//).*$", Comment), (r'"[^"\n]*"?', String),
        (r"\b(layer|space|network)(\s+)([A-Za-z_]\w*)", bygroups(Keyword, Text, Name.Function)),
        (r"\b(input|output)(\s+)([A-Za-z_]\w*)", bygroups(Keyword, Text, Name.Variable)),
        *((pattern["match"], _token(pattern["name"]))
          for pattern in json.loads(GRAMMAR.read_text())["patterns"]
          if "match" in pattern and "captures" not in pattern
          and not pattern["name"].startswith(("keyword", "meta"))),
        (r"[A-Za-z_]\w*'?", Name), (r"->|[=+*:]", Operator), (r"\s+|.", Text)]}


class MlirLexer(RegexLexer):
    name = "MLIR"
    aliases = ["mlir"]
    tokens = {"root": [
        (r"//.*$", Comment), (r'"[^"\n]*"', String),
        (r"[%@#!^][\w.$-]+", Name.Variable), (r"\b(tensor|memref|vector)(?=<)", Keyword.Type),
        (r"\b[fi]\d+\b|\bindex\b", Keyword.Type), (r"\b[a-z_]+\.[a-z_.]+\b", Name.Function),
        (r"\b(module|func|return|attributes|to|step|ins|outs)\b", Keyword),
        (r"-?\b\d+(\.\d+)?\b", Number), (r"->|[=:+*]", Operator), (r"\w+|\s+|.", Text)]}
