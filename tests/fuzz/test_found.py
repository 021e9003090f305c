"""What the fuzzer found worth keeping, and the fuzzer itself for a moment."""

import json
from pathlib import Path

import fuzz_annotate
import pytest

HERE = Path(__file__).parent
FOUND = [json.loads(line) for line in (HERE / "found.jsonl").read_text("ascii").splitlines()]


def test_every_input_found_keeps_the_invariants():
    assert len(FOUND) > 100
    for text in FOUND:
        fuzz_annotate.check_text(text)


def test_the_packaged_model_takes_what_was_found():
    for text in FOUND[::20]:
        fuzz_annotate.check_model(text)


def test_every_byte_string_is_a_text():
    for data in (b"", b"\0", b"\xff", b"\xff\xff", bytes(range(256)), b"\xe9\xd8\x00"):
        assert isinstance(fuzz_annotate.text_of(data), str)
    assert fuzz_annotate.text_of(bytes(range(3))) == "".join(fuzz_annotate.PIECES[:3])


def test_the_fuzzer_tells_what_breaks(tmp_path, monkeypatch, capsys):
    """A splitter that loses the sentence after a colon is found out, and the input kept."""
    from isnad import sentences

    whole = sentences.split
    monkeypatch.setattr(sentences, "split", lambda text: [s for s in whole(text) if ":" not in text])
    monkeypatch.setattr(fuzz_annotate, "_REPEAT_EVERY", 10**12)  # nothing is timed
    monkeypatch.chdir(tmp_path)
    (tmp_path / "known").mkdir()
    (tmp_path / "known" / "one").write_bytes(bytes(range(60)))
    with pytest.raises(AssertionError, match="the last sentence is missing"):
        fuzz_annotate.fuzz_blindly(2000, [tmp_path / "known"])
    (kept,) = tmp_path.glob("crash-*")
    assert ":" in fuzz_annotate.text_of(kept.read_bytes())
    assert "written to crash-" in capsys.readouterr().out
