"""What MkDocs does differently for these pages, which are read in the repository too."""

import posixpath
import re
import sys
from pathlib import Path

from pygments.lexers._mapping import LEXERS

# MkDocs forgets this path once the hooks are loaded, so lexers are imported here.
sys.path.insert(0, str(Path(__file__).resolve().parent))
import eq_lexer  # noqa: E402, F401

LEXERS["EqLexer"] = ("eq_lexer", "eqc layers", ("eq",), ("*.eq",), ())
LEXERS["MlirLexer"] = ("eq_lexer", "MLIR", ("mlir",), ("*.mlir",), ())

#: A fence says how its block is run, which readers need not see.
FENCE = re.compile(r"^( *)(`{3,}|~{3,}) *([\w+-]+)[^\n`]*$", re.MULTILINE)
#: What stands in a comment for the tests alone.
HIDDEN = re.compile(r"^<!-- (docs|generated|end)\b.*?-->\n", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
#: Pages that stand outside of the site's folder, and where they are on it.
ELSEWHERE = {"README.md": "index.md", "editors/README.md": "Editors.md"}
#: Rows of tables, and code in them: GitHub wants a pipe there escaped, MkDocs shows the escape.
ROW = re.compile(r"^\|.*$", re.MULTILINE)
CODE = re.compile(r"`[^`\n]+`")
#: A picture that is too wide for a telephone to be read when it is made to fit.
PICTURE = re.compile(r"^!\[[^\]]*\]\(([^)]*\.svg)\)$", re.MULTILINE)
WIDE = 560
LANGUAGES = {"output": "text", "env": "text"}


def on_page_markdown(markdown, page, config, files):
    markdown = HIDDEN.sub("", markdown)
    markdown = FENCE.sub(
        lambda found: f"{found[1]}{found[2]}{LANGUAGES.get(found[3], found[3])}", markdown)
    markdown = ROW.sub(lambda row: CODE.sub(
        lambda code: code[0].replace("\\|", "|"), row[0]), markdown)
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def picture(found):
        text = (Path(config["docs_dir"]).parent / folder / found[1]).read_text()
        width = float(re.search(r'<svg[^>]* width="([\d.]+)', text, re.DOTALL)[1])
        return f"{found[0]}{{ .wide }}" if width > WIDE else found[0]

    markdown = PICTURE.sub(picture, markdown)

    def link(found):
        text, target, anchor = found[1], found[2], found[3] or ""
        if re.match(r"[a-z]+:", target):
            return found[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        if path.startswith("docs/") and files.get_file_from_path(path.removeprefix("docs/")):
            return found[0]
        if path in ELSEWHERE:
            there = posixpath.relpath(ELSEWHERE[path],
                                      posixpath.dirname(page.file.src_uri) or ".")
            return f"[{text}]({there}{anchor})"
        # Of the repository, which the site does not hold: its name.
        root = Path(config["docs_dir"]).parent
        if not (root / path).exists():
            return found[0]  # MkDocs warns
        return f"`{path}`" if text in (path, f"`{path}`") else f"{text} (`{path}`)"

    return LINK.sub(link, markdown)


def on_files(files, config):
    """Pages of the repository that stand beside what they are about."""
    from mkdocs.structure.files import File
    root = Path(config["docs_dir"]).parent
    for source, name in ELSEWHERE.items():
        if name != "index.md":
            text = (root / source).read_text()
            files.append(File.generated(config, name, content=text))
    return files
