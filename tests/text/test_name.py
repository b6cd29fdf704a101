import pytest

from harness.text import name_key, names, parse, same_name

SAME = [
    ("Sergey Lavrov", "Lavrov"),
    ("Sergei Lavrov", "Sergey Lavrov"),
    ("Foreign Minister Choe Son Hui", "Choe"),
    ("the U.S.", "America"),
    ("United States", "American"),
    ("DPRK", "North Korea"),
    ("KIM JONG UN", "Kim Jong Un"),
    ("J. Smith", "John Smith"),
    ("FBI", "Federal Bureau of Investigation"),
    ("Apple Inc.", "Apple"),
    ("Lavrov's", "Mr. Lavrov"),
    ("José Mourinho", "Jose Mourinho"),
    ("José Mourinho", "Jose\N{COMBINING ACUTE ACCENT} Mourinho"),
    ("São Paulo", "Sao Paulo"),
    ("José García", "Jose Garcia"),
    ("Peña Nieto", "Pena Nieto"),
    ("Perú", "Peru"),
    ("Müller", "Mueller"),
    ("Müller", "Muller"),
    ("Łódź", "Lodz"),
    ("Øresund", "Oresund"),
    ("Bashar al-Assad", "Assad"),
    ("Al-Qaeda", "al Qaeda"),
    ("Ban Ki-moon", "Ban Ki Moon"),
    ("Vice-President Harris", "Kamala Harris"),
    ("St Petersburg", "Saint Petersburg"),
    ("St. Petersburg", "Saint Petersburg"),
]
DIFFERENT = [
    ("John Smith", "Jane Smith"),
    ("Manchester United", "Manchester City"),
    ("North Korea", "South Korea"),
    ("Vienna", "Geneva"),
    ("Russia", "Ukraine"),
    ("Alan Pryce", "Allan Price"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_same(one: str, two: str) -> None:
    assert same_name(name_key(one), name_key(two))
    assert same_name(name_key(two), name_key(one))


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_different(one: str, two: str) -> None:
    assert not same_name(name_key(one), name_key(two))


def test_by_capitals() -> None:
    text = "Earlier Mr. Lavrov flew to Wonsan. The Federal Bureau of Investigation (FBI) declined. However, NATO acted."
    assert [n.key for n in names(text)] == ["lavrov", "wonsan", "federal bureau of investigation", "fbi", "nato"]
    assert all(text[n.start : n.end] == n.text for n in names(text))


def test_by_entities() -> None:
    found = names(parse(["Lavrov met North Korean leader Kim Jong Un in Wonsan on Saturday."])[0])
    assert [(n.key, n.kind) for n in found if n.kind != "other"][-2:] == [
        ("kim jong un", "person"),
        ("wonsan", "place"),
    ]


def test_empty() -> None:
    assert names("") == [] == names(parse([""])[0])
    assert name_key("") == ""
    assert not same_name("", "kim")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Home Office", "Foreign Office"),
        ("Interior Ministry", "Defence Ministry"),
        ("Justice Department", "State Department"),
    ],
)
def test_institutions_keep_what_would_be_a_title_before_a_person(one: str, two: str) -> None:
    assert not same_name(name_key(one), name_key(two))


def test_a_legal_form_that_an_acronym_counts_is_kept() -> None:
    assert same_name(name_key("BBC"), name_key("British Broadcasting Corporation"))
    assert same_name(name_key("Volkswagen Group"), name_key("Volkswagen"))
