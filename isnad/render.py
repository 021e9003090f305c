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
  b { font-weight: 700; } u { text-decoration-thickness: 2px; text-underline-offset: .3em; }
  h2 { font: 700 1.1rem/1.6 sans-serif; border-top: 1px solid #b9c1cd; padding-top: .8rem; }
  dt { font: 700 1rem/1.8 sans-serif; margin-top: .6rem; }
  dd { margin-inline-start: 1rem; font-size: 1rem; line-height: 1.8; }
  a { color: inherit; } :target { outline: 2px solid #1c2330; }
  p > span, dd span { background: var(--c); padding: .1em .15em; border-radius: .2em; box-decoration-break: clone; }
""" + "".join(f"  .{label.value} {{ --c: {colour}; }}\n" for label, colour in _COLOURS.items())
_WIDTH = max(len(label.value) for label in LABELS)


def terminal_lines(sentences: Sequence[Sentence], *, colour: bool) -> list[str]:
    """One line a sentence: label, probability, text, and who says it; ANSI colours if `colour`.

    A speaker that the sentence names stands in square brackets, one from a sentence before it in round ones.
    """
    lines = []
    for sentence in sentences:
        head = f"{sentence.label.value:<{_WIDTH}}  {sentence.score:.2f}"
        if colour:
            head = f"\x1b[{_ANSI[sentence.label]}m{head}\x1b[0m"
        lines.append(f"{head}  {' '.join(sentence.text.split())}{_speaker(sentence)}")
    return lines


def _speaker(sentence: Sentence) -> str:
    if sentence.source is None:
        return ""
    name = " ".join(sentence.source.text.split())
    return f"  [{name}]" if sentence.source.resolved_from is None else f"  ({name})"


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
{speakers}
</body>
</html>
"""


def html_page(text: str, sentences: Sequence[Sentence]) -> str:
    """The article as a self-contained page: right to left, one colour a label, probabilities on hover."""
    counts = {label: sum(s.label is label for s in sentences) for label in LABELS}
    legend = "".join(f'<li class="{label.value}">{label.arabic} ({counts[label]})</li>' for label in LABELS)
    parts: list[str] = []
    position = 0
    for number, sentence in enumerate(sentences):
        parts.append(_gap(text[position : sentence.start]))
        parts.append(
            f'<span id="s{number}" class="{sentence.label.value}" title="{_hover(sentence)}">{_marked(sentence)}</span>'
        )
        position = sentence.end
    body = f"<p>{''.join(parts)}</p>"
    page = _PAGE.format(style=STYLE, legend=legend, body=body, speakers=_speakers(sentences))
    return page.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate cannot be written to a file


def _hover(sentence: Sentence) -> str:
    """The probabilities, and the speaker with how sure that is."""
    said = "، ".join(f"{label.arabic} {p:.0%}" for label, p in sentence.probabilities.items())
    if sentence.source is not None:
        said += f" · المتحدث: {sentence.source.text} {sentence.source.confidence:.0%}"
    return escape(said)


def _marked(sentence: Sentence) -> str:
    """The sentence's text, its cue underlined and its source bold."""
    borders: list[tuple[int, str]] = []
    source = sentence.source if sentence.source is not None and sentence.source.resolved_from is None else None
    reached = 0
    for span, tag in sorted(((s, t) for s, t in ((sentence.cue, "u"), (source, "b")) if s), key=lambda x: x[0].start):
        start, end = span.start - sentence.start, span.end - sentence.start
        if start >= reached:  # spans that overlap cannot both be shown
            borders += [(start, f"<{tag}>"), (end, f"</{tag}>")]
            reached = end
    made, position = "", 0
    for at, tag in borders:
        made += _lines(sentence.text[position:at]) + tag
        position = at
    return made + _lines(sentence.text[position:])


def _speakers(sentences: Sequence[Sentence]) -> str:
    """Who said what: each speaker, in the order of the article, with links to the statements."""
    statements: dict[str, list[int]] = {}
    for number, sentence in enumerate(sentences):
        if sentence.source is not None:
            statements.setdefault(" ".join(sentence.source.text.split()), []).append(number)
    entries = "".join(
        f"<dt>{escape(name)}</dt>"
        + "".join(
            f'<dd><a href="#s{n}"><span class="{sentences[n].label.value}">{sentences[n].label.arabic}</span></a> '
            f"{escape(' '.join(sentences[n].text.split()))}</dd>"
            for n in numbers
        )
        for name, numbers in statements.items()
    )
    return f"<h2>من قال ماذا</h2>\n<dl>{entries}</dl>" if entries else ""


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())


def _gap(text: str) -> str:
    """White space between sentences; a line break there starts a new paragraph."""
    return "</p>\n<p>" if len(text.splitlines()) > 1 or "\n" in text else text
