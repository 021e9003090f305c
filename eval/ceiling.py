"""What no system can be seen to exceed: how far two passes of the annotator over the same sentences agree."""

from __future__ import annotations

import json
from collections.abc import Sequence

from eval.items import Item
from seeds.corpus import CORPUS, load_own


def second_pass(items: Sequence[Item]) -> list[tuple[Item, str, str]]:
    """Those of the sentences that were labelled twice, each with its first and its second label.

    Both passes are rebuilt from the settled labels and the differences that `seeds/corpus` keeps.
    """
    own = json.loads((CORPUS / "second_pass.json").read_text("utf-8"))
    real = json.loads((CORPUS / "second_pass_real.json").read_text("utf-8"))
    differences = {(d["id"], d["start"]): d for d in real["differences"]}
    starts = {a.id: [s.start for s in a.sentences] for a in load_own()}
    differences |= {(d["id"], starts[d["id"]][d["sentence"]]): d for d in own["differences"]}
    twice = {(key, start) for pool in real["twice"].values() for key, found in pool.items() for start in found}
    twice |= {(key, start) for key, found in starts.items() for start in found}
    passes = []
    for item in items:
        key = (item.article, item.place.get("start"))
        if key in twice:
            both = differences.get(key, {"first": item.label.value, "second": item.label.value})
            passes.append((item, both["first"], both["second"]))
    return passes
