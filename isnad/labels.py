"""The four labels, once: everything else in the repository imports them from here."""

from __future__ import annotations

from enum import StrEnum


class Label(StrEnum):
    """Whose words a news sentence carries, and what they do.

    The order is that of the model's output columns; it never changes within a major version.
    """

    DIRECT_QUOTE = "direct_quote"
    REPORTED_CLAIM = "reported_claim"
    DENIAL = "denial"
    BACKGROUND = "background"

    @property
    def arabic(self) -> str:
        """The label's Arabic name, as in the annotation guidelines."""
        return _ARABIC[self]


_ARABIC = {
    Label.DIRECT_QUOTE: "اقتباس مباشر",
    Label.REPORTED_CLAIM: "ادعاء منقول",
    Label.DENIAL: "نفي",
    Label.BACKGROUND: "خلفية",
}

LABELS: tuple[Label, ...] = tuple(Label)
