"""Run by .ci/run in a clean environment that holds the wheel and its base dependencies alone."""

import pickle
import sys
from importlib.util import find_spec

from isnad import LABELS, Label, annotate, classify

HEAVY = ("torch", "transformers", "hydra", "sklearn", "wandb", "fastapi", "uvicorn")
assert not [name for name in HEAVY if find_spec(name)], "this environment is not clean"

denial, quote = classify(["ونفت الشركة أن تكون قد علمت بالخلل.", "وقال الوزير: «سنفتح المعبر صباح الغد»."])
assert denial.label is Label.DENIAL, denial
assert quote.label is Label.DIRECT_QUOTE, quote
assert set(denial.probabilities) == set(LABELS)
assert denial.source is not None
assert denial.source.text == "الشركة", denial
assert denial.cue is not None
assert denial.cue.text == "ونفت", denial
assert [q.text for q in quote.quotes] == ["سنفتح المعبر صباح الغد"], quote
assert abs(sum(denial.probabilities.values()) - 1) < 1e-6

text = "عقد المجلس جلسته أمس.وقال رئيسه: «لن نتراجع». وغادر الأعضاء."
sentences = annotate(text)
assert [text[s.start : s.end] for s in sentences] == [s.text for s in sentences]
assert len(sentences) == 3
assert pickle.loads(pickle.dumps(sentences)) == sentences
assert not set(HEAVY) & set(sys.modules)
print("the wheel works, without", ", ".join(HEAVY))
