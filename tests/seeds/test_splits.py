import pytest

from isnad import Label
from seeds import splits
from seeds.corpus import Article, LabelledSentence

TOPICS = "المطار الميناء الجسر المستشفى المدرسة السوق الملعب المسرح المتحف الحديقة".split()


def make(number):
    """Article `number`: its words are its own, save that 7 is nearly a copy of 3."""
    story = 3 if number == 7 else number
    text = " ".join(f"{topic}{story} كلمة{story} نص{story}" for topic in TOPICS)
    label = list(Label)[number % 4]
    return Article(
        f"n{number:02}", f"outlet{number % 5}", "", text, (LabelledSentence(0, len(text), label),), "natural"
    )


@pytest.fixture
def articles(monkeypatch):
    monkeypatch.setattr(splits, "read_test_ids", lambda: frozenset({"n00", "n01"}))
    return [make(n) for n in range(40)]


@pytest.mark.parametrize("by", ["story", "outlet"])
def test_every_article_is_held_out_in_one_fold_and_the_test_part_in_none(articles, by):
    parts = [splits.split(articles, folds=5, fold=f, seed=1, by=by) for f in range(5)]
    held_out = [key for part in parts for key in part.dev]
    assert sorted(held_out) == [a.id for a in articles if a.id not in ("n00", "n01")]
    for part in parts:
        assert part.test == ("n00", "n01")
        assert not set(part.train) & set(part.dev)
        assert not {"n00", "n01"} & set(part.train + part.dev)


@pytest.mark.parametrize("by", ["story", "outlet"])
@pytest.mark.parametrize("seed", range(5))
def test_a_story_is_never_on_both_sides(articles, by, seed):
    for fold in range(5):
        part = splits.split(articles, folds=5, fold=fold, seed=seed, by=by)
        assert not ({"n03", "n07"} & set(part.train) and {"n03", "n07"} & set(part.dev))


def test_a_story_of_the_test_part_is_not_trained_on(articles, monkeypatch):
    monkeypatch.setattr(splits, "read_test_ids", lambda: frozenset({"n03"}))
    for fold in range(5):
        assert "n07" not in splits.split(articles, folds=5, fold=fold, seed=1).train


def test_a_release_holds_out_the_test_part_alone(articles):
    part = splits.split(articles, folds=5, fold=None, seed=1)
    assert part.dev == ()
    assert set(part.train) == {a.id for a in articles} - {"n00", "n01"}


def test_held_out_outlets_are_unseen(articles):
    outlet = {a.id: a.outlet for a in articles}
    part = splits.split(articles, folds=5, fold=2, seed=1, by="outlet")
    assert not {outlet[k] for k in part.train} & {outlet[k] for k in part.dev}


def test_the_seed_shuffles_and_repeats(articles):
    def dev(seed):
        return splits.split(articles, folds=5, fold=0, seed=seed).dev

    assert dev(1) == dev(1)
    assert len({dev(seed) for seed in range(6)}) > 1


@pytest.mark.parametrize(
    ("wrong", "message"), [({"fold": 5}, "it is 0 to 4"), ({"by": "sentence"}, "choose one of story, outlet")]
)
def test_wrong_arguments_are_refused(articles, wrong, message):
    with pytest.raises(ValueError, match=message):
        splits.split(articles, **({"folds": 5, "fold": 0, "seed": 1} | wrong))
