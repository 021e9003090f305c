"""The page at `/`: paste an article, see it annotated.  It asks nothing of any other machine."""

from __future__ import annotations

from pathlib import Path

from isnad.labels import LABELS
from isnad.render import STYLE

_HERE = Path(__file__).parent
# Scripts and styles from this service alone, none inside the page; the icon is an empty data: URL.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_files() -> dict[str, tuple[str, str]]:
    """For each path its content and media type."""
    legend = "".join(
        f'<li class="{label.value}" data-label="{label.value}" data-name="{label.arabic}">{label.arabic}</li>'
        for label in LABELS
    )
    return {
        "/": (_read("index.html").replace("<!-- legend -->", legend), "text/html"),
        "/page.css": (STYLE + _read("page.css"), "text/css"),
        "/page.js": (_read("page.js"), "text/javascript"),
    }


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")
