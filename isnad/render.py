"""Show an annotated article to a person: coloured lines in a terminal, or a page to open in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from isnad.labels import LABELS, Label
from isnad.results import Sentence

_ANSI = {Label.DIRECT_QUOTE: "36", Label.REPORTED_CLAIM: "33", Label.DENIAL: "31", Label.BACKGROUND: "2"}
_COLOURS = {
    Label.DIRECT_QUOTE: "#cfe8ff",
    Label.REPORTED_CLAIM: "#fff0c2",
    Label.DENIAL: "#ffd6d3",
    Label.BACKGROUND: "transparent",
}
# What every page that shows articles looks like; `.direct_quote` and its like give an element the label's colour.
STYLE = """
  body { font: 1.15rem/2 "Noto Naskh Arabic", "Amiri", serif; max-width: 46rem; margin: 0 auto; padding: 1.2rem;
         color: #1c2330; background: #fff; overflow-wrap: anywhere; }
  ul { display: flex; flex-wrap: wrap; gap: .5rem 1rem; list-style: none; padding: 0; font: .95rem/1.6 sans-serif; }
  li::before { content: ""; display: inline-block; width: 1em; height: 1em; margin-inline-end: .4em;
               vertical-align: -.15em; border: 1px solid #b9c1cd; background: var(--c); }
  p > span { background: var(--c); padding: .1em .15em; border-radius: .2em; box-decoration-break: clone; }
""" + "".join(f"  .{label.value} {{ --c: {colour}; }}\n" for label, colour in _COLOURS.items())
_WIDTH = max(len(label.value) for label in LABELS)


def terminal_lines(sentences: Sequence[Sentence], *, colour: bool) -> list[str]:
    """One line a sentence: label, probability, text; ANSI colours if `colour`."""
    lines = []
    for sentence in sentences:
        head = f"{sentence.label.value:<{_WIDTH}}  {sentence.score:.2f}"
        if colour:
            head = f"\x1b[{_ANSI[sentence.label]}m{head}\x1b[0m"
        lines.append(f"{head}  {' '.join(sentence.text.split())}")
    return lines


_PAGE = """<!doctype html>
<html lang="ar" dir="rtl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>إسناد</title>
<style>{style}</style>
</head>
<body>
<ul>{legend}</ul>
{body}
</body>
</html>
"""


def html_page(text: str, sentences: Sequence[Sentence]) -> str:
    """The article as a self-contained page: right to left, one colour a label, probabilities on hover."""
    counts = {label: sum(s.label is label for s in sentences) for label in LABELS}
    legend = "".join(f'<li class="{label.value}">{label.arabic} ({counts[label]})</li>' for label in LABELS)
    parts: list[str] = []
    position = 0
    for sentence in sentences:
        hover = "، ".join(f"{label.arabic} {p:.0%}" for label, p in sentence.probabilities.items())
        parts.append(_gap(text[position : sentence.start]))
        parts.append(f'<span class="{sentence.label.value}" title="{hover}">{_lines(sentence.text)}</span>')
        position = sentence.end
    body = f"<p>{''.join(parts)}</p>"
    page = _PAGE.format(style=STYLE, legend=legend, body=body)
    return page.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate cannot be written to a file


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())


def _gap(text: str) -> str:
    """White space between sentences; a line break there starts a new paragraph."""
    return "</p>\n<p>" if len(text.splitlines()) > 1 or "\n" in text else text
