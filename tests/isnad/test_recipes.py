"""The README's recipes for tables, as they stand there: a column of sentences, or of articles."""

import pytest

from isnad import annotate, classify

ARTICLES = ["عقد المجلس جلسته أمس. وقال رئيسه: «لن نتراجع».", "ونفت الوزارة علمها بالأمر.", ""]
EXPECTED = [annotate(text) for text in ARTICLES]
FLAT = [(number, s.text, s.label.value, s.score) for number, article in enumerate(EXPECTED) for s in article]


def test_pandas():
    pd = pytest.importorskip("pandas")

    def annotate_frame(articles, column="text"):  # one row a sentence; the article's index says whose
        rows = articles[column].map(annotate).explode().dropna()
        return pd.DataFrame([s.to_dict() for s in rows], index=rows.index)

    table = annotate_frame(pd.DataFrame({"text": ARTICLES}))
    assert list(table[["text", "label", "score"]].itertuples(name=None)) == FLAT


def test_polars():
    pl = pytest.importorskip("polars")

    def classify_frame(sentences, column="text"):  # two columns more
        predictions = classify(sentences[column].to_list())
        return sentences.with_columns(
            label=pl.Series([p.label.value for p in predictions], dtype=pl.String),
            score=pl.Series([p.score for p in predictions], dtype=pl.Float64),
        )

    texts = [text for _, text, _, _ in FLAT]
    table = classify_frame(pl.DataFrame({"text": texts}))
    assert table.rows() == [(t, p.label.value, p.score) for t, p in zip(texts, classify(texts), strict=True)]
    assert classify_frame(pl.DataFrame({"text": []}, schema={"text": pl.String})).columns == ["text", "label", "score"]


def test_datasets():
    datasets = pytest.importorskip("datasets")

    def annotate_batch(batch):  # for Dataset.map(…, batched=True): one row a sentence
        sentences = [s for text in batch["text"] for s in annotate(text)]
        return {"sentence": [s.text for s in sentences], "label": [s.label.value for s in sentences]}

    dataset = datasets.Dataset.from_dict({"text": ARTICLES})
    table = dataset.map(annotate_batch, batched=True, remove_columns=["text"])
    assert list(zip(table["sentence"], table["label"], strict=True)) == [row[1:3] for row in FLAT]
