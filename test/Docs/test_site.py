"""The documentation as a site: it builds without a warning, and what is made from the code is
as it would be made now."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

SOURCE = Path(os.environ["EQC_TEST_SOURCE"])
BUILD = Path(os.environ["EQC_TEST_BUILD"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder], cwd=SOURCE,
        capture_output=True, text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "true", "DISABLE_MKDOCS_2_WARNING": "true"})
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr, result.stderr
    return folder


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.images = [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "img":
            self.images.append(attrs)
        for name in ("src", "href"):
            if name in attrs and tag in ("a", "img", "script", "link"):
                self.found.append(attrs[name])


def pages_of(folder):
    return sorted(folder.rglob("*.html"))


def test_it_has_every_page(site):
    names = {str(page.relative_to(site)) for page in pages_of(site)}
    for page in (SOURCE / "docs").rglob("*.md"):
        name = str(page.relative_to(SOURCE / "docs").with_suffix(".html"))
        assert name.replace("README", "index") in names, name


def test_links_lead_somewhere_and_nothing_is_fetched_from_elsewhere(site):
    for page in pages_of(site):
        links = Links()
        text = page.read_text()
        links.feed(text)
        for image in links.images:
            assert image.get("alt"), f"{page}: a picture without words"
        assert not re.search(r'<(script|link|img)[^>]*(src|href)="https?:', text), page
        for link in links.found:
            if re.match(r"(https?|mailto|data):", link) or link.startswith(("#", "/")):
                continue
            path = (page.parent / link.split("#")[0].split("?")[0]).resolve()
            assert path.exists(), f"{page.name}: {link}"


def test_no_markdown_is_left(site):
    """Fences and comments for the tests have gone."""
    for page in pages_of(site):
        text = re.sub(r"<(pre|code|script)\b.*?</\1>", "", page.read_text(), flags=re.DOTALL)
        assert "```" not in text and "docs: not run" not in text, page
        cells = "".join(re.findall(r"<td.*?</td>", page.read_text(), re.DOTALL))
        assert "\\|" not in cells, f"{page}: an escaped pipe"


def test_sources_have_colours(site):
    page = (site / "index.html").read_text()
    assert re.search(r'language-eq.*?<span class="k">layer</span>', page, re.DOTALL)


def test_references_are_those_of_the_code():
    result = subprocess.run(
        [sys.executable, SOURCE / "scripts/site/references.py", BUILD / "bin/eqc", "--check"],
        capture_output=True, text=True)
    assert result.returncode == 0, (
        f"not as it would be made: {result.stdout}{result.stderr}; run ninja eqc-update-references")


def test_it_notices_what_is_stale(tmp_path):
    sys.path.insert(0, str(SOURCE / "scripts" / "site"))
    import references
    page = tmp_path / "Page.md"
    page.write_text("a\n<!-- generated: supported -->\nold\n<!-- end -->\nb\n")
    assert references.with_generated(page, "supported", "new\n") == (
        "a\n<!-- generated: supported -->\n\nnew\n\n<!-- end -->\nb\n")
    with pytest.raises(SystemExit):
        references.with_generated(page, "other", "new\n")
    assert "### EquivariantLinear" in references.python_reference()
    assert "### eqc_compile\n" in references.c_reference()
