"""What several test files need: events, summaries, a desk in one line, and no network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from harness.checkers.lexical import Lexical
from harness.claims.sentences import Sentences
from harness.desk import Desk
from harness.schema import Article, Claim, Event, Generation, KeyFact, Kind, Signature, Span, Summary, Verdict


@pytest.fixture
def make_event() -> Callable[..., Event]:
    def make(id: str, *texts: str, reference: str | None = None, key_facts: Sequence[KeyFact] = ()) -> Event:
        articles = tuple(Article(f"a{number}", text) for number, text in enumerate(texts, start=1))
        return Event(id, articles, reference=reference, key_facts=tuple(key_facts))

    return make


@pytest.fixture
def make_summary() -> Callable[..., Summary]:
    """A brief of all articles, or with `article` the summary of one."""

    def make(event: Event, text: str, id: str = "brief", article: str | None = None) -> Summary:
        kind: Kind = "summary" if article else "brief"
        ids = (article,) if article else tuple(a.id for a in event.articles)
        return Summary(f"{event.id}/{id}", event.id, kind, ids, text, Generation(text, "copied"))

    return make


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def desk() -> Desk:
    """Sentence claims and the lexical checker: real, fast, and without weights."""
    return Desk(Sentences(), Lexical())


class Ruling:
    """A checker whose verdicts are written down: (claim text, article text) -> label, or a failure."""

    def __init__(self, rulings: Mapping[tuple[str, str], str]) -> None:
        self.rulings = rulings
        self.asked: list[tuple[str, str]] = []

    @property
    def signature(self) -> Signature:
        return Signature("ruling", (("rulings", str(sorted(self.rulings.items()))),))

    def check(self, pairs: Sequence[tuple[Claim, Article]]) -> list[Verdict]:
        self.asked += [(claim.text, article.text) for claim, article in pairs]
        return [self._rule(claim, article) for claim, article in pairs]

    def _rule(self, claim: Claim, article: Article) -> Verdict:
        label = self.rulings.get((claim.text, article.text), "not_mentioned")
        if label == "failed":
            return Verdict(claim.id, article.id, None, None, error="the reply could not be parsed")
        support, contradiction = {"supported": (0.9, 0.0), "contradicted": (0.1, 0.8), "not_mentioned": (0.2, 0.1)}[
            label
        ]
        span = Span(0, len(article.text), article.text)
        notes = ("number: 12 against 15",) if label == "contradicted" else ()
        return Verdict(claim.id, article.id, label, support, contradiction, (span,), notes)  # type: ignore[arg-type]


@pytest.fixture
def ruling_desk() -> Callable[[Mapping[tuple[str, str], str]], Desk]:
    return lambda rulings: Desk(Sentences(), Ruling(rulings))


CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is defined and not enable_thinking %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
NEWS = (
    "The minister said on Monday that 12 people were hurt in the fire at the harbour. Police closed the road. "
    "The mayor of Port Ellery told reporters the warehouse would be rebuilt; nobody was missing. "
)


def _tokenizer(specials: Sequence[str], **roles: str):
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator([NEWS] * 3, vocab_size=400, min_frequency=1, special_tokens=list(specials))
    return PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, **roles)


@pytest.fixture(scope="session")
def tiny_causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama with random weights, 256 positions and a chat template."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("tiny-causal")
    tokenizer = _tokenizer(["<pad>", "<|im_start|>", "<|im_end|>"], pad_token="<pad>", eos_token="<|im_end|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.4, pad_token_id=0, bos_token_id=None,
        eos_token_id=2, tie_word_embeddings=False,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_seq2seq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BART with random weights and 128 positions, whose generation settings ask for beams, as the real ones do."""
    import torch
    from tokenizers.processors import RobertaProcessing
    from transformers import BartConfig, BartForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny-seq2seq")
    tokenizer = _tokenizer(["<s>", "<pad>", "</s>"], bos_token="<s>", pad_token="<pad>", eos_token="</s>")
    tokenizer._tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = BartConfig(
        vocab_size=len(tokenizer), d_model=48, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=96, decoder_ffn_dim=96, max_position_embeddings=128, init_std=0.4,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
    )  # fmt: skip
    model = BartForConditionalGeneration(config)
    model.generation_config.num_beams = 3
    model.generation_config.min_length = 40
    model.save_pretrained(folder)
    return folder
