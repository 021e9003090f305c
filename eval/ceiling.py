"""What no system can be seen to exceed: how far two passes of the annotator over the same sentences agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from eval.items import Item
from seeds.corpus import CORPUS


def second_pass(items: Sequence[Item]) -> list[tuple[Item, str, str]]:
    """Those of the sentences that were labelled twice, each with its first and its second label.

    Both passes are rebuilt from the settled labels and the differences that `seeds/corpus` keeps.  Our own
    articles were all labelled twice, and their differences count sentences: `items` must hold them whole.
    """
    own = json.loads((CORPUS / "second_pass.json").read_text("utf-8"))
    real = json.loads((CORPUS / "second_pass_real.json").read_text("utf-8"))
    of_own = {(d["id"], d["sentence"]): d for d in own["differences"]}
    of_real = {(d["id"], d["start"]): d for d in real["differences"]}
    twice = {(key, start) for pool in real["twice"].values() for key, starts in pool.items() for start in starts}
    passes, number = [], Counter[str]()
    for item in items:
        key, start = item.article, item.place.get("start")
        difference = of_own.get((key, number[key])) if item.sampling == "own" else of_real.get((key, start))
        number[key] += 1
        if item.sampling == "own" or (key, start) in twice:
            both = difference or {"first": item.label.value, "second": item.label.value}
            passes.append((item, both["first"], both["second"]))
    return passes
