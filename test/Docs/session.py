"""Runs the Python blocks of a page, one after the other, in one process.

    python session.py PAGE < JSON    [[line, code], ..]

What a block says about results has to be true:

    layer                     a comment on the line below an expression is its repr
    # <eqc.Layer ..>
    y = layer(x, weight)      # [8, 34, 32]: the shape of what is assigned
    a, b = layer.init(seed=0) # [2, 3, 5], [5]
    print(y.sum())            # 12.0: what is printed, here or on the lines below; what a
                              # loop prints stands below it
"""

import ast
import contextlib
import io
import json
import linecache
import re
import sys
import traceback

SHAPES = re.compile(r"\[[\d, ]*\](, \[[\d, ]*\])*$")


def trailing_comment(lines, statement):
    text = lines[statement.end_lineno - 1].encode()[statement.end_col_offset:].decode()
    return text.split("#", 1)[1].strip() if "#" in text else ""


def comment_below(lines, statement):
    found = []
    for line in lines[statement.end_lineno:]:
        if not line.startswith("#"):
            break
        found.append(line[1:].strip())
    return "\n".join(found)


def fail(page, line, message):
    sys.exit(f"{page}:{line}: {message}")


def check_shapes(page, line, statement, comment, scope):
    wanted = [ast.literal_eval(text) for text in re.findall(r"\[[\d, ]*\]", comment)]
    target = statement.targets[0]
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    names = [ast.unparse(name) for name in targets]
    found = [list(eval(name, scope).shape) for name in names]
    if found != wanted:
        fail(page, line, f"{', '.join(names)}: the page says {wanted}, and it is {found}")


def compare(page, line, wanted, found):
    if wanted and found != wanted:
        fail(page, line, f"the page says\n{wanted}\nand it is\n{found}")


def run_statement(page, shift, lines, statement, scope):
    comment = trailing_comment(lines, statement)
    below = comment_below(lines, statement)
    ast.increment_lineno(statement, shift)  # from the block's lines to the page's
    line = statement.lineno
    output = io.StringIO()
    if not isinstance(statement, ast.Expr):
        with contextlib.redirect_stdout(output):
            exec(compile(ast.Module([statement], []), page, "exec"), scope)
        compare(page, line, below if output.getvalue() else "", output.getvalue().strip())
        if isinstance(statement, ast.Assign) and SHAPES.fullmatch(comment):
            check_shapes(page, line, statement, comment, scope)
        return
    is_print = ast.unparse(statement).startswith("print(")
    with contextlib.redirect_stdout(output):
        value = eval(compile(ast.Expression(statement.value), page, "eval"), scope)
    if is_print:
        compare(page, line, comment or below, output.getvalue().strip())
    elif value is not None:
        compare(page, line, below, repr(value))


def main():
    page = sys.argv[1]
    scope = {"__name__": "__main__"}
    text = ""
    for first, code in json.load(sys.stdin):
        # So that tracebacks show the page's lines.
        text += "\n" * (first - 1 - text.count("\n")) + code
        linecache.cache[page] = (len(text), None, text.splitlines(True), page)
        try:
            for statement in ast.parse(code).body:
                run_statement(page, first - 1, code.splitlines(), statement, scope)
        except SyntaxError as error:
            fail(page, first - 1 + (error.lineno or 1), error.msg)
        except Exception:
            traceback.print_exc()
            sys.exit(1)


if __name__ == "__main__":
    main()
