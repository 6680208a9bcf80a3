"""Every code block of the documentation runs, and says what is true."""

import glob
import re
import subprocess
from pathlib import Path

import pytest
from blocks import read_blocks
from runners import BUILD, SOURCE, Failure, Page

PAGES = [SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", SOURCE / "python" / "README.md", SOURCE / "editors" / "README.md",
         *sorted((SOURCE / "docs").glob("*.md")), *sorted((SOURCE / "docs").glob("*/*.md"))]


def blocks_of(page: Path):
    blocks = read_blocks(page)
    if page.parent.name == "Generated":
        # mlir-tblgen writes grammars and lists of options without a language.
        blocks = [block for block in blocks if block.language == "mlir"]
    return blocks


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", folder], check=True,
                   stdout=subprocess.DEVNULL)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SOURCE)))
def test_page(page, prefix, tmp_path):
    failures = []
    clone = Page(tmp_path, prefix)
    blocks = blocks_of(page)
    for block in blocks:
        try:
            clone.run(block)
        except Failure as failure:
            failures.append(str(failure))
    try:
        clone.finish()
    except Failure as failure:
        failures.append(str(failure))
    for block in blocks:
        if block.not_run:
            print(f"{block}: not run: {block.not_run}")
    assert not failures, "\n\n".join(failures)


def test_few_blocks_are_not_run():
    blocks = [block for page in PAGES for block in blocks_of(page) if block.language != "text"]
    left_out = [block for block in blocks if block.not_run]
    assert len(left_out) <= len(blocks) // 12, "\n".join(map(str, left_out))


#: Folders whose files pages name from the root of the repository.
ROOMS = re.compile(r"`((?:benchmark|compiler|dialect|docs|editors|examples|python|runtime|scripts|test|tools)/"
                   r"[\w./*-]*)`")


def missing_paths(text):
    """What the text names and is not there. `*` and NAME stand for any name."""
    return [path for path in ROOMS.findall(text)
            if not glob.glob(str(SOURCE / path.replace("NAME", "*")))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SOURCE)))
def test_what_a_page_names_exists(page):
    assert missing_paths(page.read_text()) == []


def test_it_notices_a_file_that_is_gone():
    assert missing_paths("`docs/Gone.md` beside `docs/` and `test/Docs/*.py`") == ["docs/Gone.md"]


def rooms():
    """The folders of the first table of Architecture.md, in its order."""
    text = (SOURCE / "docs" / "Architecture.md").read_text()
    table = re.search(r"\| room \|.*\n(?:\|.*\n)+", text)[0]
    return [room for row in table.splitlines() for room in ROOMS.findall(row.split("|")[1])]


def includes(room):
    for path in (SOURCE / room).rglob("*"):
        if path.suffix in (".h", ".cpp", ".td", ".def"):
            for name in re.findall(r'#?include "([\w/]+)/', path.read_text()):
                yield path, name


def test_rooms_include_those_above_only():
    ordered = rooms()
    for number, room in enumerate(ordered):
        below = ordered[number + 1:]
        for path, name in includes(room):
            assert not any(f"{name}/".startswith(f"{other}/") for other in below), (
                f"{path} includes {name}, which stands below {room} in Architecture.md")


def targets():
    """Kind, folder and function of every line of Targets.def."""
    text = (SOURCE / "compiler" / "Lowering" / "Targets.def").read_text()
    return re.findall(r"^EQC_TARGET\((\w+), (\w+), (\w+)\)", text, re.MULTILINE)


def outside(folders, roots=("compiler", "dialect", "tools")):
    """The sources that lie in none of some folders."""
    for root in roots:
        for path in (SOURCE / root).rglob("*"):
            if path.suffix in (".h", ".cpp", ".td", ".def") and folders.isdisjoint(
                    path.parents):
                yield path, path.read_text()


def test_a_target_is_one_folder_and_one_line():
    assert targets()
    for kind, name, function in targets():
        folder = SOURCE / "compiler" / "Lowering" / name
        for path, text in outside({folder}):
            if path.name == "Targets.def":
                continue
            assert f"compiler/Lowering/{name}/" not in text, f"{path} knows the folder {name}"
            assert function not in text, f"{path} asks for one target"
            asks = rf'(kind|triple|target)(\(\))? *[=!]= *"{kind}"|findKernelTarget\("{kind}"\)'
            assert not re.search(asks, text, re.IGNORECASE), f"{path} asks for {kind}"
            assert not re.search(r"\bisFor(Gpu|Cpu)|\bon(Gpu|Cpu)\b", text), f"{path} tells targets apart"
        assert any(function in path.read_text() for path in folder.rglob("*.cpp"))


def plans():
    """Name and text of every line of Plans.def."""
    text = (SOURCE / "compiler" / "Plan" / "Plans.def").read_text()
    return re.findall(r'^EQC_PLAN\((\w+), "(\w+)"', text, re.MULTILINE)


def kinds_of_stages():
    """Name and structure of every line of StageKinds.def."""
    text = (SOURCE / "compiler" / "Plan" / "StageKinds.def").read_text()
    return re.findall(r"^EQC_STAGES\((\w+), (\w+), \w+\)", text, re.MULTILINE)


def asks_for_plan(text, name, plan):
    """Whether C++ names a plan or compares its name."""
    code = re.sub(r"//.*", "", text)
    return re.search(rf'PlanKind::{name}\b|\b{name}Rules\b|\bexpand{name}\(|[=!]=\s*"{plan}"|'
                     rf'"{plan}"\s*[=!]=|findPlan\("{plan}"\)', code)


def test_a_plan_is_a_folder_an_expander_and_a_line():
    folders = {SOURCE / "compiler" / "Lowering" / name for _, name, _ in targets()}
    assert plans()
    for name, plan in plans():
        folder = SOURCE / "compiler" / "Plan" / name
        expander = SOURCE / "compiler" / "Transforms" / "Expand" / f"{name}.cpp"
        assert f"PlanRules eqc::{name}Rules" in "".join(
            path.read_text() for path in folder.glob("*.cpp")), folder
        assert f"eqc::expand{name}(" in expander.read_text()
        for path, text in outside(folders | {folder}):
            if path == expander or path.name in ("Plans.def", "Diagnostics.def"):
                continue
            # A word of `--emit` and of PTX means something else.
            if plan == "shared" and {"Ptx", "Driver"} & set(path.parts):
                text = re.sub(r'word == "shared"', "", text)
            assert not asks_for_plan(text, name, plan), f"{path} knows the plan {plan}"


def test_it_notices_who_asks_for_a_plan():
    for text in ("if (kind == PlanKind::Dense)", 'plan == "dense"', '"dense" != plan',
                 "rules = &DenseRules;", 'findPlan("dense")', "return expandDense(b, op);"):
        assert asks_for_plan(text, "Dense", "dense"), text
    for text in ("buildDensePlan(spec)", "// PlanKind::Dense", "PlanKind::DenseEnough"):
        assert not asks_for_plan(text, "Dense", "dense"), text


def test_kinds_of_stages_have_one_list():
    conversion = SOURCE / "compiler" / "Conversion"
    folders = {SOURCE / "compiler" / "Lowering" / name for _, name, _ in targets()}
    assert kinds_of_stages()
    for name, structure in kinds_of_stages():
        own = {conversion / "Stages" / f"{name}.cpp",
               conversion / "EqcToLinalg" / f"{name}Graph.cpp"}
        assert all(path.is_file() for path in own)
        for path, text in outside(folders, ("compiler/Conversion",)):
            if path not in own:
                found = re.search(rf"\b{structure}\b|\bread{name}Stages\b", re.sub(r"//.*", "", text))
                assert not found, f"{path} tells kinds of stages apart: {found[0]}"


def test_only_a_target_names_vectors():
    # Kinds of GPUs have what writes their kernels in common.
    folders = {SOURCE / "compiler" / "Lowering" / name
               for name in ("Gpu", *(name for _, name, _ in targets()))}
    assert all(folder.is_dir() for folder in folders)
    # eqc-opt also knows upstream's passes, and one list has its dialects.
    upstream = SOURCE / "compiler" / "Pipelines" / "Dialects.cpp"
    for path, text in outside(folders, ("compiler", "dialect")):
        if path == upstream:
            continue
        found = re.search(r"\bvector::|\bVectorType\b|Dialect/Vector/", text)
        assert not found, f"{path} names a vector: {found[0]}"


def test_every_room_has_a_line():
    folders = {f"compiler/{path.name}" for path in (SOURCE / "compiler").iterdir()
               if path.is_dir()}
    assert folders | {"dialect/Eqc"} == set(rooms())


#: What has to be noticed: pages that say what is not so.
WRONG = {
    "a shape": "```python\nimport numpy as np\nx = np.ones((2, 3))  # [3, 2]\n```",
    "shapes": "```python\nimport numpy as np\nx, y = np.ones(2), np.ones(3)  # [2], [2]\n```",
    "a repr": "```python\n[1]\n# [2]\n```",
    "what is printed": "```python\nprint(1)  # 2\n```",
    "what a loop prints": "```python\nfor i in 1, 2:\n    print(i)\n# 1\n# 3\n```",
    "an exception": "text\n\n```python\nx = 1 / 0\n```",
    "a name": "```python\nx = 1\n```\n\n```python new\ny = x\n```",
    "a command": "```sh\neqc explain missing.eq\n```",
    "an option": "    eqc --no-such-option x\n",
    "a command in the middle": "```sh\nfalse\ntrue\n```",
    "output": "```sh\necho a; echo b\n```\n\n```output\na\n```",
    "a layer": "```eq\nlayer a { grup = S; n = 3; k = 1; l = 1 }\n```",
    "an indented layer": "    layer a { group = S; n = 3; k = 1 }\n",
    "C": "```c\nint f(void) { return g(); }\n```",
    "C in a function": "```c body\nint status = undeclared;\n```",
    "C++": "```cpp\nint f() { return std::string(); }\n```",
    "CMake": "```cmake\nfind_package(eqc REQUIRED)\neqc_add_layer(a missing.eq)\n```",
    "MLIR": "```mlir\n%y = eqc.nothing %x : tensor<?xf32>\n```",
    "an attribute": "```mlir\n#d = #eqc.diagram<\"o1 | o3\">\n```",
    "no language": "```\neqc\n```",
}
RIGHT = """
```eq
layer a { group = S; n = 3; k = 1; l = 1 }
```
<!-- docs: sh
echo hidden > file
-->
```sh
cat file; echo x; echo b
```
```output
hidden
...
b
```
<!-- docs: not run: it would fail -->
```sh
false
```
```python
x = [1,
     2]   # [7, 7] is no shape of what is assigned, since more than numbers stand here
x
# [1, 2]
print(*x)  # 1 2
for i in x:
    print(i)
# 1
# 2
```
"""


def failures_of(text, prefix, folder):
    page = folder / "Page.md"
    page.write_text(text)
    (folder / "clone").mkdir()
    clone = Page(folder / "clone", prefix)
    for block in read_blocks(page):
        clone.run(block)
    clone.finish()


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_it_notices(text, prefix, tmp_path):
    with pytest.raises(Failure, match="Page.md"):
        failures_of(text, prefix, tmp_path)


def test_it_takes_what_is_true(prefix, tmp_path):
    failures_of(RIGHT, prefix, tmp_path)


@pytest.mark.parametrize("text", ["```sh\ntrue\n", "<!-- docs: not run: why -->\n",
                                  "<!-- docs: sh\ntrue\n"])
def test_a_page_that_is_cut_off(text, tmp_path):
    (tmp_path / "Page.md").write_text(text)
    with pytest.raises(ValueError, match="Page.md"):
        read_blocks(tmp_path / "Page.md")
