"""Find articles that tell the same story in nearly the same words, so that no split tears them apart.

MinHash over word shingles with locality-sensitive hashing (Broder 1997; the datasketch library):
an agency item that runs in several papers, with other headlines and cuts, ends up in one group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from datasketch import MinHash, MinHashLSH

from isnad.normalize import normalize

SHINGLE = 4  # words
PERMUTATIONS = 64
JACCARD = 0.4
_WORD = re.compile(r"\w+")


def signature(text: str) -> MinHash | None:
    """MinHash of the text's word shingles, or None for a text of fewer words than one shingle."""
    words = _WORD.findall(normalize(text))
    shingles = {" ".join(words[i : i + SHINGLE]).encode() for i in range(len(words) - SHINGLE + 1)}
    if not shingles:
        return None
    minhash = MinHash(num_perm=PERMUTATIONS, seed=1)
    minhash.update_batch(shingles)
    return minhash


def group_stories(texts: Mapping[str, str]) -> dict[str, str]:
    """Map each article id to its story: the smallest id among its near-duplicates.

    Near-duplicates are pairs whose estimated Jaccard similarity of word 4-shingles is at least
    `JACCARD`; groups are the connected components.  The result does not depend on the order.
    """
    index = MinHashLSH(threshold=JACCARD, num_perm=PERMUTATIONS)
    signatures = {key: s for key in sorted(texts) if (s := signature(texts[key])) is not None}
    parent = {key: key for key in texts}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    for key, minhash in signatures.items():
        for other in index.query(minhash):
            if minhash.jaccard(signatures[other]) >= JACCARD:
                first, second = sorted((root(key), root(other)))
                parent[second] = first
        index.insert(key, minhash)
    return {key: root(key) for key in texts}


def like_any(texts: Mapping[str, str], known: Iterable[str]) -> set[str]:
    """Ids of the `texts` that are near-duplicates of one of the `known` texts."""
    index = MinHashLSH(threshold=JACCARD, num_perm=PERMUTATIONS)
    for number, text in enumerate(known):
        minhash = signature(text)
        if minhash is not None:
            index.insert(str(number), minhash)
    found = set()
    for key, text in texts.items():
        minhash = signature(text)
        if minhash is not None and index.query(minhash):
            found.add(key)
    return found
