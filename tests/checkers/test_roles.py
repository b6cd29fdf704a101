import pytest

from harness.checkers.roles import exchanged, sayings

LANDED = ["Co-pilot Ingrid Solberg landed the plane because Captain Rui Matos had fallen ill."]
BEAT = ["Anna Lund defeated Julian Berg in the final on Sunday."]


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The suspect shot Mark Dunn.", ["Officer Mark Dunn shot the suspect on Friday."]),
        ("Rui Matos landed the plane.", LANDED),
        ("Anna Lund lost to Julian Berg.", BEAT),
        ("Julian Berg defeated Anna Lund.", BEAT),
    ],
)
def test_parts_in_other_places(claim: str, evidence: list[str]) -> None:
    assert [e.kind for e in exchanged(claim, evidence)] == ["role"]


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The suspect was shot by Mark Dunn.", ["Officer Mark Dunn shot the suspect on Friday."]),
        ("Ingrid Solberg landed the plane.", LANDED),
        ("Rui Matos landed the plane.", ["Ingrid Solberg and Rui Matos landed the plane."]),
        ("Rui Matos landed the plane.", ["Ingrid Solberg, helped by Rui Matos, landed the plane."]),
        ("Julian Berg lost to Anna Lund.", BEAT),
        ("He shot the suspect.", ["Officer Mark Dunn shot the suspect on Friday."]),
        ("The mayor opened the bridge.", ["Officer Mark Dunn shot the suspect on Friday."]),
    ],
)
def test_the_same_or_something_else(claim: str, evidence: list[str]) -> None:
    assert not exchanged(claim, evidence)


def test_who_said_what() -> None:
    said = sayings("Clarke said that the road was closed, but according to Idris it is open. He added nothing.")
    assert [(s.speaker.head, "open" in s.content) for s in said] == [("Clarke", False), ("Idris", True)]
