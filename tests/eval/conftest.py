"""Models whose answers are known, each good or broken in one way."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from eval.items import read_articles
from isnad import LABELS, Classifier, Prediction
from isnad.rules import label_by_rules


class Fake(Classifier):
    """Gives each sentence the probabilities that `answer(sentence, context)` says."""

    def __init__(self, answer):
        self.answer = answer

    def load(self):
        return None

    def classify(self, sentences, context=None):
        rows = [self.answer(s, c or "") for s, c in zip(sentences, context or [""] * len(sentences), strict=True)]
        return [
            Prediction(
                label=LABELS[int(np.argmax(p))], score=float(max(p)), probabilities=dict(zip(LABELS, p, strict=True))
            )
            for p in rows
        ]


def sure_of(label, probability=0.94):
    return [probability if other is label else (1 - probability) / 3 for other in LABELS]


@pytest.fixture(scope="session")
def fakes():
    """By name, functions that make a model; those that know the answers take the items."""

    def knowing(items, shift=0, probability=0.94):
        answers = {i.text: LABELS[(LABELS.index(i.label) + shift) % 4] for i in items}
        return Fake(lambda s, _: sure_of(answers[s], probability))

    def by_rules(marks=True):
        def answer(sentence, context):
            bare = str.maketrans("", "", "«»“”„\"'‘’")
            pair = (sentence, context) if marks else (sentence.translate(bare), context.translate(bare))
            return sure_of(label_by_rules(*pair))

        return Fake(answer)

    def uncertain(items, sharpness=1.0):
        """Right as often as it says, at sharpness 1."""
        answers = {}
        for n, item in enumerate(items):
            rng = np.random.default_rng([7, n])
            confidence = rng.uniform(0.4, 1)
            gold = LABELS.index(item.label)
            said = gold if rng.random() < confidence else (gold + int(rng.integers(1, 4))) % 4
            p = np.array(sure_of(LABELS[said], confidence)) ** sharpness
            answers[item.text] = list(p / p.sum())
        return Fake(lambda s, _: answers[s])

    return {"knowing": knowing, "by_rules": by_rules, "uncertain": uncertain, "any": Fake, "sure_of": sure_of}


@pytest.fixture(scope="session")
def parts(own_articles):
    """Sentences to learn from, and sentences to measure."""
    return read_articles(own_articles[:60]), read_articles(own_articles[100:160])


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FRAMES = """
<body style="margin:0">{frames}<script>
const seen = {{}}; onmessage = e => {{ Object.assign(seen, e.data);
  if (Object.keys(seen).length == 2) {{
    const p = document.createElement("pre");
    p.id = "seen"; p.textContent = JSON.stringify(seen); document.body.append(p);
  }} }}
</script></body>"""


@pytest.fixture
def widths(tmp_path):
    """Opens a page in a browser, all folds unfolded, on a phone and on a screen: how wide it is there."""
    if not CHROMIUM:
        pytest.skip("needs chromium")

    def measure(page):
        report = "<script>document.querySelectorAll('details').forEach(d => d.open = true);"
        report += "parent.postMessage({[innerWidth]: document.documentElement.scrollWidth}, '*')</script></body>"
        text = page.read_text("utf-8")
        (tmp_path / "inner.html").write_text(text.replace("</body>", report), "utf-8")
        frame = '<iframe src="inner.html" scrolling="no" style="border:0;height:900px;width:{}px"></iframe>'
        frames = "".join(frame.format(width) for width in (400, 1200))
        (tmp_path / "outer.html").write_text(FRAMES.format(frames=frames), "utf-8")
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
             f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000", "--dump-dom",
             (tmp_path / "outer.html").as_uri()],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(re.search(r'<pre id="seen">(.*?)</pre>', done.stdout)[1])

    return measure
