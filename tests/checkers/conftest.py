"""Small checkpoints of the architectures that the checkers read, made here: real tokenizers, real forward passes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

WORDS = """the a of in to and on was is were said by for with from at it that he she they harbour mayor council vote
bridge river flood storm rain train police fire school hospital minister report Monday Friday north south town city
opened closed moved granite approved rejected plan budget percent million people years early late new old""".split()
SENTENCES = [
    " ".join(random.Random(seed).choices(WORDS, k=random.Random(seed).randint(5, 14))).capitalize() + "."
    for seed in range(400)
]


def article_text(sentences: int, seed: int = 0) -> str:
    """Plain sentences of the small vocabulary; none has the word "granite"."""
    picks = random.Random(seed).choices(SENTENCES, k=sentences)
    return " ".join(pick.replace("granite", "stone").replace("Granite", "Stone") for pick in picks)


def tokenizer(model, marks: dict[str, str], single: str, pair: str, max_length: int, template: str | None = None):
    """A fast tokenizer of a trained model of the tokenizers library with special tokens where they belong."""
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    tokens = [(mark, model.token_to_id(mark)) for mark in set(marks.values())]
    model.post_processor = TemplateProcessing(single=single, pair=pair, special_tokens=tokens)
    fast = PreTrainedTokenizerFast(tokenizer_object=model, model_max_length=max_length, **marks)
    if template:
        fast.chat_template = template
    return fast


def wordpiece():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    model = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    model.normalizer = normalizers.BertNormalizer(lowercase=True)
    model.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    model.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=400, special_tokens=specials))
    marks = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return model, marks, "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"


def byte_level():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    model.train_from_iterator(SENTENCES, trainer)
    marks = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return model, marks | {"cls_token": "<s>", "sep_token": "</s>"}, "<s> $A </s>", "<s> $A </s> </s> $B </s>"


CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def chat(max_length: int):
    """A byte-level tokenizer with a chat template, as language models have it."""
    model, marks, _, _ = byte_level()
    model.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    marks = {"eos_token": "<|im_end|>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return tokenizer(model, marks, "$A", "$A $B", max_length, CHAT)


def unigram():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    model = Tokenizer(models.Unigram())
    model.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=specials, unk_token="<unk>", show_progress=False)
    model.train_from_iterator(SENTENCES, trainer)
    marks = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return model, marks, "$A </s>", "$A </s> $B </s>"


def save(network, fast, path: Path) -> Path:
    network.eval().save_pretrained(path)
    fast.save_pretrained(path)
    return path


NLI_LABELS = ["entailment", "neutral", "contradiction"]


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory) -> dict[str, Path]:
    """Random weights: bert, roberta and deberta with three NLI outputs; roberta2 with two; t5; a llama that chats."""
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        DebertaV2Config,
        DebertaV2ForSequenceClassification,
        LlamaConfig,
        LlamaForCausalLM,
        RobertaConfig,
        RobertaForSequenceClassification,
        T5Config,
        T5ForConditionalGeneration,
    )

    root = tmp_path_factory.mktemp("checkpoints")
    small = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "initializer_range": 0.5,  # far apart, so that every input gives something else
    }
    labels = {"id2label": dict(enumerate(NLI_LABELS)), "label2id": {name: i for i, name in enumerate(NLI_LABELS)}}
    word, byte = tokenizer(*wordpiece(), max_length=128), tokenizer(*byte_level(), max_length=128)
    torch.manual_seed(0)
    bert = BertConfig(vocab_size=len(word), max_position_embeddings=128, **small, **labels)
    roberta = {"vocab_size": len(byte), "max_position_embeddings": 130, "pad_token_id": 1, **small}
    deberta = DebertaV2Config(
        vocab_size=len(word),
        max_position_embeddings=128,
        relative_attention=True,
        position_buckets=32,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        share_att_key=True,
        norm_rel_ebd="layer_norm",
        type_vocab_size=0,
        **small,
        **labels,
    )
    t5 = T5Config(vocab_size=320, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, decoder_start_token_id=0)
    talk = chat(2048)
    llama = LlamaConfig(
        vocab_size=len(talk),
        num_key_value_heads=1,
        max_position_embeddings=2048,
        eos_token_id=talk.eos_token_id,
        pad_token_id=talk.pad_token_id,
        **small,
    )
    return {
        "llama": save(LlamaForCausalLM(llama), talk, root / "llama"),
        "bert": save(BertForSequenceClassification(bert), word, root / "bert"),
        "roberta": save(RobertaForSequenceClassification(RobertaConfig(**roberta, **labels)), byte, root / "roberta"),
        "roberta2": save(
            RobertaForSequenceClassification(RobertaConfig(num_labels=2, **roberta)), byte, root / "roberta2"
        ),
        "deberta": save(DebertaV2ForSequenceClassification(deberta), word, root / "deberta"),
        "t5": save(T5ForConditionalGeneration(t5), tokenizer(*unigram(), max_length=512), root / "t5"),
    }


@pytest.fixture(scope="session")
def granite(checkpoints, tmp_path_factory) -> Path:
    """A BERT that knows one thing: a passage with the word "granite" entails every claim, any other is neutral.

    Its weights are set by hand: all words but one share a direction, attention takes the mean over the input, and the
    entailment output reads how much of the other direction has reached the first token.
    """
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    fast = AutoTokenizer.from_pretrained(checkpoints["bert"])
    config = AutoModelForSequenceClassification.from_pretrained(checkpoints["bert"]).config
    config.num_hidden_layers = 1
    network = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():
        for name, weights in network.named_parameters():
            weights.fill_(1.0 if name.endswith("LayerNorm.weight") else 0.0)
        words = network.bert.embeddings.word_embeddings.weight
        words[:, :2] = torch.tensor([1.0, -1.0])
        words[fast.convert_tokens_to_ids("granite"), :4] = torch.tensor([0.0, 0.0, 1.0, -1.0])
        attention = network.bert.encoder.layer[0].attention
        for layer in (attention.self.value, attention.output.dense, network.bert.pooler.dense):
            layer.weight.copy_(torch.eye(config.hidden_size))
        network.classifier.weight[0, 2] = 2000.0
        network.classifier.bias.copy_(torch.tensor([-6.0, 0.0, -6.0]))
    return save(network, fast, tmp_path_factory.mktemp("granite"))
