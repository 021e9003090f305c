from isnad import LABELS, Label


def test_the_four_labels_in_their_order():
    assert [str(label) for label in LABELS] == ["direct_quote", "reported_claim", "denial", "background"]
    assert Label("denial") is Label.DENIAL


def test_arabic_names():
    assert [label.arabic for label in LABELS] == ["اقتباس مباشر", "ادعاء منقول", "نفي", "خلفية"]
