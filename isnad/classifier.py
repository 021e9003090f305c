"""Label sentences and whole articles with an exported model, on onnxruntime alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isnad.articles import put_together, with_context
from isnad.artifact import MODEL, TOKENIZER, ArtifactConfig, ArtifactError, check_graph, read_config
from isnad.encoding import Encoded, batches, encode
from isnad.results import Prediction, Sentence
from isnad.sentences import Span as SentenceSpan
from isnad.sentences import split
from isnad.spans import nothing_said, prediction
from isnad.streaming import pools

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

DEFAULT_MODEL = Path(__file__).parent / "model"
_AT_ONCE = 2048  # sentences encoded and held at once
# onnxruntime's CPU kernel for an addition and a layer normalisation in one is four times slower than the two.
_SLOWER = ["SkipLayerNormFusion"]


class _Loaded(NamedTuple):
    config: ArtifactConfig
    tokenizer: Tokenizer
    session: onnxruntime.InferenceSession


def _load(directory: Path, threads: int | None) -> _Loaded:
    config = read_config(directory)
    # A library that others import does not phone home; onnxruntime 1.31 would.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        tokenizer = Tokenizer.from_file(str(directory / TOKENIZER))
        session = onnxruntime.InferenceSession(
            str(directory / MODEL), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )
        inputs, outputs = ([node.name for node in nodes] for nodes in (session.get_inputs(), session.get_outputs()))
        check_graph(config, inputs, outputs, tokenizer.get_vocab_size())
    except Exception as error:  # both libraries raise bare exceptions of their own
        raise ArtifactError(f"{directory}: the model cannot be loaded: {error}") from error
    return _Loaded(config, tokenizer, session)


class Classifier:
    """A model that labels sentences; loaded at its first use, safe to share between threads and to fork.

    Args:
        model_dir: an exported model directory; None takes the model that the package carries.
        threads: threads for one call; None leaves it to onnxruntime (one for each physical core).
        batch_tokens: tokens, padding included, that go through the network at once; more no longer fit a
            core's cache, and are slower.
    """

    def __init__(
        self, model_dir: str | os.PathLike[str] | None = None, *, threads: int | None = None, batch_tokens: int = 1024
    ) -> None:
        if batch_tokens < 1 or (threads is not None and threads < 1):
            raise ValueError("threads and batch_tokens must be at least 1")
        self.model_dir = DEFAULT_MODEL if model_dir is None else Path(model_dir)
        self._threads = threads
        self._batch_tokens = batch_tokens
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._process = os.getpid()

    def load(self) -> ArtifactConfig:
        """Load the model now rather than at the first call, and return its configuration.

        Raises:
            ArtifactError: the model directory is missing, damaged or of another format.
        """
        return self._model().config

    def _model(self) -> _Loaded:
        if self._process != os.getpid():
            # Forked: onnxruntime's threads are not in this process, nor is a thread that held the lock.
            self._process, self._lock, self._loaded = os.getpid(), threading.Lock(), None
            # Nor are the tokenizer's: it finds that out by itself, unless this variable has been set to true.
            os.environ["TOKENIZERS_PARALLELISM"] = "false"
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self.model_dir, self._threads)
            return self._loaded

    def classify(self, sentences: Sequence[str], context: Sequence[str | None] | None = None) -> list[Prediction]:
        """Label each sentence.

        Args:
            sentences: the sentences, as they stand in the article.
            context: for each sentence the text before it in its article (its last few sentences are
                enough), or None; None for all where there is none.

        Returns:
            One prediction a sentence, in order.  A sentence without any letter or digit is
            `background` with probability 1.  A sentence longer than the model takes (125
            tokens, some 90 words) is judged by its beginning and its end.

        Raises:
            TypeError: `sentences` or `context` is a single string, or holds something else than strings.
            ValueError: `context` has another length than `sentences`.
            ArtifactError: the model cannot be loaded.
        """
        sentences = _strings(sentences, "sentences")
        contexts: Sequence[str | None] = [None] * len(sentences)
        if context is not None:
            contexts = _strings(context, "context", or_none=True)
            if len(contexts) != len(sentences):
                raise ValueError(
                    f"context has {len(contexts)} items for {len(sentences)} sentences: give one for each, or None"
                )
        predictions = [nothing_said() for _ in sentences]
        worded = [i for i, s in enumerate(sentences) if any(c.isalnum() for c in s)]
        if worded:
            model = self._model()
            encoded = encode(
                model.tokenizer, model.config.layout, [sentences[i] for i in worded], [contexts[i] for i in worded]
            )
            for rows, probabilities, pointers in self._run(model, encoded):
                for row, p, spans in zip(rows, probabilities, pointers, strict=True):
                    i = worded[row]
                    predictions[i] = prediction(p.tolist(), sentences[i], encoded[row], spans)
        return predictions

    def annotate(self, text: str) -> list[Sentence]:
        """Split an article into sentences and label each in the light of those before it.

        Args:
            text: the article; line breaks end paragraphs.  A headline may be its first line.

        Returns:
            The sentences in order; `text[s.start:s.end] == s.text`, and nothing but white space is
            left out.  A text of white space gives an empty list.

        Raises:
            TypeError: `text` is no string.
            ArtifactError: the model cannot be loaded.
        """
        if not isinstance(text, str):
            raise TypeError(f"annotate takes an article as one string, not {type(text).__name__}")
        return self._annotate([text])[0]

    def annotate_many(self, texts: Iterable[str]) -> Iterator[list[Sentence]]:
        """Annotate a stream of articles: their sentences share batches, which is faster than one by one.

        Args:
            texts: the articles; the stream may be endless.  Some 65,000 characters are taken ahead.

        Returns:
            An iterator that gives, for each article in order, what `annotate` gives.

        Raises:
            TypeError: `texts` is a single string; or, after the articles before it, an item is no string.
            ArtifactError: the model cannot be loaded.
        """
        if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
            raise TypeError(f"annotate_many takes an iterable of articles, not {type(texts).__name__}")
        return chain.from_iterable(map(self._annotate, pools(texts)))

    def _annotate(self, texts: list[str]) -> list[list[Sentence]]:
        """Annotate articles together, so many sentences at once as fit in memory however long an article is."""
        spans = [split(text) for text in texts]
        placed = [(text, span) for text, found in zip(texts, spans, strict=True) for span in found]
        chunks = (placed[i : i + _AT_ONCE] for i in range(0, len(placed), _AT_ONCE))
        predictions = chain.from_iterable(self._classify_placed(chunk) for chunk in chunks)
        return [
            put_together(text, found, list(islice(predictions, len(found))))
            for text, found in zip(texts, spans, strict=True)
        ]

    def _classify_placed(self, placed: list[tuple[str, SentenceSpan]]) -> list[Prediction]:
        """Label sentences, each given by its article and its place in it."""
        parts = [with_context(text, span) for text, span in placed]
        return self.classify([sentence for sentence, _ in parts], [context for _, context in parts])

    def _run(
        self, model: _Loaded, encoded: list[Encoded]
    ) -> Iterator[tuple[list[int], NDArray[np.float64], NDArray[np.float32]]]:
        """For each batch of like lengths: indices, probabilities (rows, 4), pointers (rows, length, 4)."""
        for batch in batches([len(e.ids) for e in encoded], self._batch_tokens):
            feed = _padded([encoded[i] for i in batch], model.config.layout.pad)
            logits, spans = model.session.run(["logits", "spans"], {name: feed[name] for name in model.config.inputs})
            scaled = logits.astype(np.float64) / model.config.temperature
            exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
            yield batch, exponentials / exponentials.sum(axis=1, keepdims=True), spans


def _padded(batch: list[Encoded], pad: int) -> dict[str, NDArray[np.int64]]:
    """The graph's inputs, int64: `rule` of shape (rows,), the others (rows, longest row)."""
    shape = (len(batch), max(len(e.ids) for e in batch))
    ids = np.full(shape, pad, dtype=np.int64)
    mask = np.zeros(shape, dtype=np.int64)
    segments = np.zeros(shape, dtype=np.int64)
    hints = np.zeros(shape, dtype=np.int64)
    for row, item in enumerate(batch):
        width = len(item.ids)
        ids[row, :width], mask[row, :width], segments[row, :width] = item.ids, 1, item.segments
        hints[row, :width] = item.hints
    rule = np.array([e.rule for e in batch], dtype=np.int64)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments, "rule": rule, "hints": hints}


def _strings(values: Iterable[str | None], name: str, *, or_none: bool = False) -> list[str]:
    """Check an argument that must be a sequence of strings."""
    wanted = "a list of strings" + (" or None" if or_none else "")
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        hint = f"; wrap a single one: [{name}]" if isinstance(values, str) else ""
        raise TypeError(f"{name} must be {wanted}, not {type(values).__name__}{hint}")
    listed = list(values)
    for index, value in enumerate(listed):
        if not isinstance(value, str) and not (or_none and value is None):
            raise TypeError(f"{name}[{index}] must be {wanted[10:]}, not {type(value).__name__}")
    return listed  # type: ignore[return-value]


@cache
def _default() -> Classifier:
    return Classifier()


def classify(sentences: Sequence[str], context: Sequence[str | None] | None = None) -> list[Prediction]:
    """Label each sentence with the model that the package carries: see `Classifier.classify`."""
    return _default().classify(sentences, context)


def annotate(text: str) -> list[Sentence]:
    """Split an article and label its sentences: see `Classifier.annotate`."""
    return _default().annotate(text)


def annotate_many(texts: Iterable[str]) -> Iterator[list[Sentence]]:
    """Annotate a stream of articles: see `Classifier.annotate_many`."""
    return _default().annotate_many(texts)
