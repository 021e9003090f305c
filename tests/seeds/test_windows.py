import random

from isnad import Label
from isnad.rules import label_by_rules
from seeds.windows import WINDOW, attributed_window, denial_window, windows

PLAIN = "وصل القطار إلى المحطة في موعده. وفتحت المتاجر أبوابها في الصباح الباكر. وعاد الهدوء إلى شوارع المدينة ليلًا."
DENIAL = "عقد المجلس جلسته في مقره الجديد. ونفت الوزارة علمها بالأمر كله. وعاد الأعضاء إلى بيوتهم مساء اليوم."
SAID = "وقال الوزير إن العمل مستمر في الجسر. وأكدت الشركة أن العمال بخير. وكان المطر ينزل على المدينة كلها."


def document(key, text, outlet="paper"):
    return {"id": key, "source": outlet, "title": "", "text": text}


def texts(window, text):
    return [text[s.start : s.end] for s in window]


def test_a_denial_stands_between_its_neighbours():
    rng = random.Random(1)
    assert len(denial_window(document("a", DENIAL), rng)) == 3
    assert denial_window(document("a", PLAIN), rng) == []
    assert denial_window(document("a", "نزل في الفندق الكبير بوسط المدينة."), rng) == []  # «فندق» is no «فنّد»


def test_a_window_of_claims_has_claims():
    text = " ".join([PLAIN] * 5 + [SAID] + [PLAIN] * 5)
    window = texts(attributed_window(document("a", text), random.Random(1)), text)
    assert len(window) == WINDOW
    assert sum(label_by_rules(s) is not Label.BACKGROUND for s in window) >= 2
    assert attributed_window(document("a", PLAIN), random.Random(1)) == []


def test_crumbs_are_no_sentences_to_label():
    text = "صورة. " + SAID
    assert "صورة." not in texts(attributed_window(document("a", text), random.Random(1)), text)


def test_denials_come_first_small_outlets_are_heard_and_no_story_comes_twice():
    filler = ["قطار", "جسر", "سوق", "مطار", "ميناء", "ملعب", "متحف", "مسرح", "حقل", "مصنع"]
    documents = [document("deny", DENIAL), document("copy", DENIAL, "other")]
    for number in range(40):
        words = " ".join(random.Random(number).choices(filler, k=30))
        text = f"{SAID.replace('الجسر', words)} وختم {words} {number} بلا جديد فيه."
        documents.append(document(f"d{number}", text, "small" if number < 2 else "big"))
    picked = list(windows(documents, 60, seed=1))
    assert [sampling for sampling, *_ in picked[:3]] == ["denial_rich"] * 3
    assert {d["id"] for s, d, _ in picked if s == "denial_rich"} in ({"deny"}, {"copy"})
    assert {d["source"] for _, d, _ in picked if d["id"].startswith("d")} >= {"small", "big"}
    assert 60 <= len(picked) < 60 + WINDOW
    assert [d["id"] for _, d, _ in windows(documents, 60, seed=1)] == [d["id"] for _, d, _ in picked]
