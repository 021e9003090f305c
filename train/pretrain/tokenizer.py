"""Train the WordPiece vocabulary of our encoder on normalised text."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# Spare embeddings that fine-tuning may give a meaning to (such as "a quotation is open here").
RESERVED_TOKENS = [f"[unused{i}]" for i in range(8)]
# Whatever the training text holds, these are tokens of their own: they carry the task.
MARKS = "«»“”„‟\"'‘’‚‛‹›〝〞()[]{}﴾﴿:؛،,.…؟?!-–—ـ/\\|*•%&+=<>@#_~`^$€£°؍٭"


def train_tokenizer(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Return a WordPiece tokenizer of `vocabulary_size` tokens for `isnad.normalize`d text.

    Punctuation, quotation marks above all, is split off and never [UNK].  The tokenizer itself
    does not normalise: `isnad.normalize` is the one definition of that.
    """
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=64))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary_size,
        special_tokens=SPECIAL_TOKENS + RESERVED_TOKENS,
        initial_alphabet=list(MARKS),
        limit_alphabet=300,
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]"))
    )
    return tokenizer
