import re
from dataclasses import replace

import pytest

from isnad.labels import LABELS, Label
from isnad.render import html_page, terminal_lines
from isnad.resolve import resolve_sources
from isnad.results import Sentence, Source, Span

TEXT = "وأكدت <وزيرة> الصحة أن اللقاح متوفر.\nوأضافت أنه مجاني. تراجعت الصادرات."


def sentence(start, end, label, cue=None, source=None):
    return Sentence(
        text=TEXT[start:end], start=start, end=end, label=label, score=0.9,
        probabilities=dict.fromkeys(LABELS, 0.25), cue=cue, source=source,
    )  # fmt: skip


@pytest.fixture
def sentences():
    first = sentence(0, 36, Label.REPORTED_CLAIM, Span(TEXT[:5], 0, 5), Source(TEXT[6:19], 6, 19, 0.8))
    second = sentence(37, 54, Label.DIRECT_QUOTE, Span(TEXT[37:43], 37, 43))
    return resolve_sources([first, second, sentence(55, 72, Label.BACKGROUND)])


def test_the_terminal_names_the_speakers(sentences):
    lines = terminal_lines(sentences, colour=False)
    assert lines[0].endswith("متوفر.  [<وزيرة> الصحة]")
    assert lines[1].endswith("مجاني.  (<وزيرة> الصحة)")
    assert lines[2].endswith("الصادرات.")


def test_the_page_marks_cue_and_source_where_they_stand(sentences):
    page = html_page(TEXT, sentences)
    assert "<u>وأكدت</u> <b>&lt;وزيرة&gt; الصحة</b> أن" in page
    assert "<u>وأضافت</u> أنه" in page
    shown = re.sub(r"<[^>]+>", "", page[page.index("<p>") : page.index("<h2>")])
    assert shown.replace("&lt;", "<").replace("&gt;", ">").split() == TEXT.split()
    assert "<وزيرة>" not in page


def test_the_page_lists_who_said_what(sentences):
    page = html_page(TEXT, sentences)
    speakers = page[page.index("<h2>") :]
    assert speakers.count("<dt>") == 1
    assert [f'href="#s{n}"' in speakers for n in range(3)] == [True, True, False]
    assert all(f'id="s{n}"' in page for n in range(3))
    nobody = html_page(TEXT, [replace(s, source=None) for s in sentences])
    assert "<h2>" not in nobody


def test_spans_that_overlap_are_not_both_marked(sentences):
    first = replace(sentences[0], source=Source(TEXT[3:19], 3, 19))
    page = html_page(TEXT, [first])
    assert "<u>وأكدت</u>" in page
    assert "<b>" not in page


def test_the_hover_says_how_sure_the_speaker_is(sentences):
    page = html_page(TEXT, sentences)
    assert "المتحدث: &lt;وزيرة&gt; الصحة 80%" in page
    assert "المتحدث: &lt;وزيرة&gt; الصحة 66%" in page  # resolved: .8 × .82
