"""A hook of MkDocs: links from the pages to files outside of docs/ work in the site as they do in the repository.

A linked file becomes a page: Markdown as it is, anything else as a listing. ``docs/x.md`` is the page ``x.md``, every
other ``path`` is the page ``path`` (``path.md``, unless it is Markdown already).
"""

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)")


def on_files(files: Any, config: Any) -> Any:
    """Adds the files that pages link to, and those that these link to."""
    from mkdocs.structure.files import File

    waiting = [ROOT / "docs" / file.src_uri for file in files.documentation_pages()]
    while waiting:
        page = waiting.pop()
        for link in LINK.findall(page.read_text()) if page.suffix == ".md" else ():
            path = (page.parent / link).resolve()
            uri = _page_of(path)
            if path.is_file() and not path.is_relative_to(ROOT / "docs") and not files.get_file_from_path(uri):
                text = path.read_text()
                content = text if path.suffix == ".md" else _listing(path, text)
                files.append(File.generated(config, uri, content=content))
                waiting.append(path)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrites links between files of the repository as links between pages."""
    uri = page.file.src_uri
    source = ROOT / uri if page.file.generated_by else ROOT / "docs" / uri

    def rewritten(link: re.Match) -> str:
        path = (source.parent / link[1]).resolve()
        if not path.is_file():
            return link[1]  # MkDocs reports it
        return posixpath.relpath(_page_of(path), posixpath.dirname(uri) or ".")

    return LINK.sub(rewritten, markdown)


def _page_of(path: Path) -> str:
    """Returns the path of a file within the site."""
    docs = path.is_relative_to(ROOT / "docs")
    relative = path.relative_to(ROOT / "docs" if docs else ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
    return relative if docs or path.suffix == ".md" else f"{relative}.md"


def _listing(path: Path, text: str) -> str:
    """Returns the page of a file that is not Markdown; the search leaves it out."""
    language = {".py": "python", ".yaml": "yaml", ".cff": "yaml"}.get(path.suffix, "")
    title = path.relative_to(ROOT).as_posix()
    head = f"---\ntitle: {title}\nsearch: {{exclude: true}}\nhide: [toc]\n---\n\n# `{title}`\n\n"
    return f"{head}````{language}\n{text.rstrip()}\n````\n"
