"""What the service takes and gives, with the examples that its OpenAPI description shows."""

from __future__ import annotations

from typing import Annotated, Any

from isnad.extras import extra
from isnad.labels import Label

with extra("serve"):
    from pydantic import AfterValidator, BaseModel, ConfigDict, Field
    from pydantic_core import PydanticCustomError

_ARTICLE = "عقد المجلس جلسته أمس. وقال رئيسه: «لن نتراجع عن القرار»."
_PREDICTION: dict[str, Any] = {
    "label": "direct_quote",
    "score": 0.91,
    "probabilities": {"direct_quote": 0.91, "reported_claim": 0.05, "denial": 0.01, "background": 0.03},
    "cue": {"text": "وقال", "start": 22, "end": 26},
    "source": {"text": "رئيسه", "start": 27, "end": 32, "confidence": 0.8, "resolved_from": None},
    "quotes": [{"text": "لن نتراجع عن القرار", "start": 35, "end": 54}],
}
_SENTENCE: dict[str, Any] = {"text": "وقال رئيسه: «لن نتراجع عن القرار».", "start": 22, "end": 56} | _PREDICTION


def _encodable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PydanticCustomError("string_unicode", "has half of a surrogate pair") from error
    return text


Text = Annotated[str, AfterValidator(_encodable)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AnnotateRequest(_In):
    """An article."""

    text: Text = Field(description="The article; line breaks end paragraphs.", examples=[_ARTICLE])


class ClassifyRequest(_In):
    """Sentences, each with the text before it if there is any."""

    sentences: list[Text] = Field(
        description="Sentences, as they stand in their articles.", examples=[["وقال رئيسه: «لن نتراجع عن القرار»."]]
    )
    context: list[Text | None] | None = Field(
        default=None,
        description="For each sentence the text before it in its article, or null.",
        examples=[["عقد المجلس جلسته أمس."]],
    )


class Span(BaseModel):
    """A part of a text: characters `start:end`, counted in Unicode code points."""

    text: str
    start: int
    end: int


class Source(Span):
    """Whose words they are."""

    confidence: float = Field(description="How probable it is that this is the source.", ge=0, le=1)
    resolved_from: int | None = Field(
        description="Where the sentence names nobody: the index of the sentence before it that names this source."
    )


class Prediction(BaseModel):
    """What the model says of one sentence."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PREDICTION]})

    label: Label
    score: float = Field(description="The label's probability.", ge=0, le=1)
    probabilities: dict[Label, float] = Field(description="Of all four labels; they sum to 1.")
    cue: Span | None = Field(description="The words that attribute or deny.")
    source: Source | None = Field(description="The words that name the speaker.")
    quotes: list[Span] = Field(description="What stands in quotation marks, unless the sentence is background.")


class Sentence(Prediction):
    """A sentence of the article, at its characters `start:end`, counted in Unicode code points."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SENTENCE]})

    text: str
    start: int
    end: int


class AnnotateResponse(BaseModel):
    """The article's sentences, in order; only white space stands between them."""

    sentences: list[Sentence]


class ClassifyResponse(BaseModel):
    """One prediction a sentence, in order."""

    predictions: list[Prediction]


class Health(BaseModel):
    """That the service answers says that it lives; `ready` says whether it takes requests."""

    ready: bool
    version: str
    model: dict[str, object] = Field(description="What made the model: run, commit, data hash, seed.")
    waiting: int = Field(description="Sentences in the queue.")
    max_queue: int
    accepted: int = Field(description="Requests so far.")
    answered: int
    failed: int
    shed: int = Field(description="Requests refused because the queue was full.")


class Problem(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where, such as `sentences.3`; `body` for the whole.", examples=["text"])
    problem: str = Field(examples=["is missing"])
    remedy: str = Field(examples=["add it: see /openapi.json"])


class Refusal(BaseModel):
    """Why a request was not served, and what to do."""

    problems: list[Problem]
