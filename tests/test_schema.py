import dataclasses

import pytest

from harness.schema import (
    Article,
    Conflict,
    Event,
    Generation,
    KeyFact,
    Removed,
    Score,
    Shown,
    Signature,
    Summary,
    Version,
    digest,
    from_dict,
    to_dict,
)

EVENT = Event(
    "flood",
    (Article("a", "Water rose.", removed=(Removed(0, 5, "WORLD", "header"),)), Article("b", "It rained.", "Wire")),
    key_facts=(KeyFact("k1", "Water rose.", ("a",), 2.0),),
    conflicts=(Conflict("c1", "number", "depth", (Version("a", "2 m", 0, 3), Version("b", "3 m"))),),
)
SUMMARY = Summary("flood/a", "flood", "summary", ("a",), "Wet.", Generation("Wet.", "stop", 9, 2, (Shown("a", 5, 4),)))
SCORE = Score("flood/a", "flood", "summary", "words", 1.0, "scored", "style|v:1", 1, details={"omitted": ["k1"]})


@pytest.mark.parametrize("noun", [EVENT, SUMMARY, SCORE])
def test_a_noun_survives_its_record(noun):
    assert from_dict(type(noun), to_dict(noun)) == noun


def test_defaults_are_left_out_of_a_record():
    assert to_dict(Article("a", "text")) == {"id": "a", "text": "text"}


def test_a_record_with_an_unknown_field_names_it():
    with pytest.raises(TypeError, match="no field 'titel'"):
        from_dict(Article, {"id": "a", "text": "t", "titel": "x"})


def test_a_digest_is_of_content_not_of_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(EVENT) != digest(dataclasses.replace(EVENT, title="Flood"))


def test_signatures_differ_when_a_field_does():
    one, other = (Signature("checker", (("threshold", value),)) for value in ("0.5", "0.6"))
    assert str(one) == "checker|threshold:0.5"
    assert one.short != other.short
    assert str(one.with_fields(claims=other.short)).startswith("checker|threshold:0.5|claims:checker@")
