"""Every word of the language is in both grammars, as the class of words that it is."""

import json
import re
import sys
from pathlib import Path

SOURCE = Path(sys.argv[2])


def macros(path, name):
    return re.findall(rf'^{name}\((\w+), "([^"]+)", (?:"([^"]*)")?', (SOURCE / path).read_text(), re.M)


fields = macros("compiler/Frontend/Fields.def", "EQC_FIELD")
assert len(fields) > 10, fields
functions = [name for _, name, _ in macros("compiler/Algebra/Functions.def", "EQC_FUNCTION")]
language = (SOURCE / "compiler/Frontend/Language.cpp").read_text()
calls = re.findall(r'\{"(\w+)",', language)
assert {"norm", "scale", "concat"} <= set(calls), calls
groups = set(re.findall(r'"([A-Z]\w*)\'?", ', (SOURCE / "compiler/Algebra/Groups/Groups.def").read_text()))
assert {"S", "SO", "GL"} <= groups, groups
classes = {"keyword.control.eq": ["layer", "space", "network"],
           "variable.parameter.eq": [name for _, name, _ in fields],
           "constant.language.eq": [word for _, _, words in fields for word in (words or "").split()],
           "support.type.group.eq": sorted(groups),
           "support.function.eq": functions + calls}
vim_classes = dict(zip(classes, ("eqDeclaration", "eqField", "eqValue", "eqGroup", "eqFunction")))

grammar = json.loads((SOURCE / "editors/vscode/syntaxes/eq.tmLanguage.json").read_text())
vim = (SOURCE / "editors/vim/syntax/eq.vim").read_text()


def matches(word, scope):
    """Whether the first pattern that takes the word, where it stands in a source, gives it a scope."""
    line = {"keyword.control.eq": f"{word} name", "variable.parameter.eq": f"  {word} = 1",
            "support.function.eq": f"  {word}(x)"}.get(scope, f"  = {word}")
    for pattern in grammar["patterns"]:
        if "match" not in pattern:
            continue
        for found in re.finditer(pattern["match"], line):
            names = {0: pattern.get("name"), **{int(number): capture["name"] for number, capture in
                                                pattern.get("captures", {}).items()}}
            for number, name in names.items():
                if name and found[number] == word:
                    return name == scope
    return False


for scope, words in classes.items():
    assert words, scope
    for word in words:
        assert matches(word, scope), f"{word} is no {scope}"
        lines = [line for line in vim.splitlines() if f" {vim_classes[scope]} " in line]
        assert any(re.search(rf"(?<!\w){word}(?!\w)", line) for line in lines), f"{word}: Vim"

for text in "# text", "// text":
    assert re.fullmatch(grammar["repository"]["comment"]["match"], text), text
    assert any(re.fullmatch(pattern.replace(r"\(", "(").replace(r"\|", "|").replace(r"\)", ")"), text)
               for pattern in re.findall(r"^syntax match eqComment /(.*)/ ", vim.replace(r"\/", "/"), re.M)), text
