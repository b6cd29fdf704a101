from harness.text import parse, parser_version, sentences

TEXTS = [
    "",
    "Lavrov met Kim in Wonsan . He praised the U.S. army.",
    'A headline\n\n"We will go. Soon," he said.\nThe end 😀',
    "  \n ",
]


def test_parser_and_splitter_agree() -> None:
    for text, doc in zip(TEXTS, parse(TEXTS), strict=True):
        assert doc.text == text
        found = [s.text.strip() for s in doc.sents if s.text.strip()]
        assert found == [s.text for s in sentences(text)]


def test_what_is_parsed_together_changes_nothing() -> None:
    together = parse([*TEXTS, "Another text about 12 ships."])
    alone = [parse([text])[0] for text in TEXTS]
    assert [d.to_json() for d in together[: len(TEXTS)]] == [d.to_json() for d in alone]


def test_remembers() -> None:
    text = "A text that is parsed once only."
    assert parse([text])[0] is parse(["Other.", text, text])[1]


def test_version_names_the_model() -> None:
    assert "3.8" in parser_version()
    assert "en_core_web_sm" in parser_version()
