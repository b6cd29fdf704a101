"""Any causal or encoder-decoder checkpoint, run by transformers on one device."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib import metadata
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from harness.checkers.encoder import cpu_dtype
from harness.errors import ConfigError, ContextError, WeightsError
from harness.models import Checkpoint
from harness.protocols import Request
from harness.schema import Generation, Kind, Message, Signature, digest

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

DTYPES = ("auto", "bfloat16", "float16", "float32")
DEVICES = ("auto", "cuda", "mps", "cpu")
_THINKING = re.compile(r"\A.*?</think>|<think>.*\Z", re.DOTALL)


class Transformers:
    """A `TextModel`: the checkpoint on the transformers library. Greedy, length-sorted batches, left padding.

    `batch_tokens` bounds a batch: rows times (longest prompt + output budget). A batch that does not fit the memory
    is halved and tried again; a single text that does not fit is recorded as an error. What a text says does not
    depend on the batch it was in, but for rounding (exactly so in float32, nearly in bfloat16).
    """

    reads_prompt = True

    def __init__(
        self, checkpoint: Checkpoint, device: str = "auto", dtype: str = "auto", batch_tokens: int = 16384
    ) -> None:
        for value, valid, what in ((device.split(":")[0], DEVICES, "device"), (dtype, DTYPES, "dtype")):
            if value not in valid:
                raise ConfigError(f"backend.{what}={value} is none of {', '.join(valid)}.")
        if checkpoint.dtype is not None and checkpoint.dtype not in DTYPES:
            raise ConfigError(f"model.dtype={checkpoint.dtype} is none of {', '.join(DTYPES)}.")
        self.checkpoint = checkpoint
        self.name = checkpoint.name
        self.prompted = checkpoint.prompted
        self.batch_tokens = batch_tokens
        self._folder, self.identity = checkpoint.locate()  # a missing checkpoint ends the run here
        self._device_asked, self._dtype_asked = device, dtype
        self.context_tokens = self._context()

    # What it is

    @cached_property
    def _config(self) -> Any:
        from transformers import AutoConfig

        try:
            return AutoConfig.from_pretrained(self._folder, trust_remote_code=False, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise WeightsError(
                f"{self._folder} holds no model that this version of transformers knows "
                f"({str(error).splitlines()[0]}). Code that comes with a checkpoint is never run."
            ) from error

    @property
    def _seq2seq(self) -> bool:
        return bool(self._config.is_encoder_decoder)

    def _context(self) -> int:
        kind = "seq2seq" if self._seq2seq else "causal"
        if self.checkpoint.kind not in (None, kind):
            raise ConfigError(f"model.kind={self.checkpoint.kind}, but {self.identity} is a {kind} model.")
        text = self._config.get_text_config()
        positions = int(getattr(text, "max_position_embeddings", None) or 0)
        asked = self.checkpoint.context_tokens
        if asked is None and not positions:
            raise ConfigError(f"{self.identity} does not say how long its context is: give model.context_tokens.")
        if asked and positions and asked > positions:
            raise ConfigError(
                f"model.context_tokens={asked}, but {self.identity} has {positions} positions: what lies beyond would be noise."
            )
        return asked or positions

    @cached_property
    def device(self) -> str:
        import torch

        has: dict[str, Callable[[], bool]] = {
            "cuda": torch.cuda.is_available,
            "mps": torch.backends.mps.is_available,
            "cpu": lambda: True,
        }
        if self._device_asked == "auto":
            return next(device for device in ("cuda", "mps", "cpu") if has[device]())
        if not has[self._device_asked.split(":")[0]]():
            raise ConfigError(f"backend.device={self._device_asked}, but torch sees no such device here.")
        return self._device_asked

    @cached_property
    def dtype(self) -> str:
        """bfloat16 where the device computes in it, else float32; unless the backend or the checkpoint says which."""
        import torch

        if self._dtype_asked != "auto":
            return self._dtype_asked
        if self.checkpoint.dtype not in (None, "auto"):
            return str(self.checkpoint.dtype)
        if self.device == "cpu":
            return str(cpu_dtype()).removeprefix("torch.")
        if self.device == "mps":
            return "bfloat16"
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"

    @property
    def signature(self) -> Signature:
        fields = {
            "checkpoint": self.identity,
            "backend": f"transformers-{metadata.version('transformers')}",
            "torch": metadata.version("torch"),
            "device": self.device.split(":")[0],
            "dtype": self.dtype,
            "decoding": self.checkpoint.decoding,
            "seed": self.checkpoint.seed,
            "chat": digest([dict(self.checkpoint.chat), self.checkpoint.system_role]),
        }
        return Signature(self.name, tuple((key, str(value)) for key, value in fields.items()))

    # Tokens

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self._folder, trust_remote_code=False, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise WeightsError(
                f"The tokenizer in {self._folder} cannot be read ({str(error).splitlines()[0]}). Fetch it again."
            ) from error
        if not tokenizer.is_fast:
            raise WeightsError(f"The tokenizer in {self._folder} has no tokenizer.json, which is needed to cut texts.")
        return tokenizer

    @cached_property
    def _markers(self) -> re.Pattern[str] | None:
        """The strings that the tokenizer does not read as text: in an article they must not act (R15)."""
        strings = sorted((str(token) for token in self._tokenizer.added_tokens_decoder.values()), key=len, reverse=True)
        # A marker of one character, or of spaces, cannot be taken apart, and ends or begins nothing.
        strings = [s for s in strings if len(s.strip()) > 1]
        return re.compile("|".join(map(re.escape, strings))) if strings else None

    def _as_text(self, text: str) -> str:
        """The text with a space put into each string that would act as a special token."""
        if self._markers is None:
            return text
        while self._markers.search(text):
            text = self._markers.sub(lambda m: m[0][0] + " " + m[0][1:], text)
        return text

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        ids = self._tokenizer([self._as_text(text) for text in texts], add_special_tokens=False, verbose=False)
        return [len(row) for row in ids["input_ids"]]

    def cut(self, text: str, tokens: int) -> str:
        if self.count_tokens([text])[0] <= tokens:
            return text
        offsets = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ends = [end for _, end in offsets["offset_mapping"][: max(0, tokens)]]
        # A head of n tokens may be read as more than n by itself: then one that is a token shorter.
        heads = (text[:end] for end in reversed(ends))
        return next((head for head in heads if self.count_tokens([head])[0] <= tokens), "")

    def max_output_tokens(self, kind: Kind) -> int:
        return self.checkpoint.output_tokens(kind)

    def max_prompt_tokens(self, kind: Kind) -> int:
        return self.context_tokens - (0 if self._seq2seq else self.max_output_tokens(kind))

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        return len(self._prompt(messages))

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        """The token ids of the rendered prompt: by the chat template where there is one, else the plain texts."""
        turns = [(message.role, self._as_text(message.content).strip()) for message in messages]
        if not self.checkpoint.system_role and len(turns) > 1 and turns[0][0] == "system":
            turns = [("user", f"{turns[0][1]}\n\n{turns[1][1]}"), *turns[2:]]
        if not (self.prompted and self._tokenizer.chat_template):
            return self._tokenizer("\n\n".join(content for _, content in turns if content), verbose=False)["input_ids"]
        rendered = self._tokenizer.apply_chat_template(
            [{"role": role, "content": content} for role, content in turns],
            tokenize=False,
            add_generation_prompt=True,
            **self.checkpoint.chat,
        )
        return self._tokenizer(rendered, add_special_tokens=False, verbose=False)["input_ids"]

    # Texts

    @cached_property
    def _model(self) -> Any:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, GenerationConfig
        from transformers.utils import logging as library

        library.disable_progress_bar()
        kind: Any = AutoModelForSeq2SeqLM if self._seq2seq else AutoModelForCausalLM
        try:
            model, loaded = kind.from_pretrained(
                self._folder,
                dtype=getattr(torch, self.dtype),
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
            if absent := sorted(loaded["missing_keys"]):
                raise ValueError(f"{len(absent)} tensors are not in the files, {absent[0]} among them")
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise WeightsError(
                f"The weights in {self._folder} cannot be loaded ({str(error).splitlines()[0]}). Fetch the checkpoint again."
            ) from error
        # Of the checkpoint's own generation settings only the token ids are kept: what decides the text stands in the
        # configuration of the run, and nowhere else.
        own = model.generation_config
        ends = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
        ends = sorted({end for end in (*ends, self._tokenizer.eos_token_id) if end is not None})
        pads = (self._tokenizer.pad_token_id, own.pad_token_id, *ends, 0)
        model.generation_config = GenerationConfig(
            bos_token_id=own.bos_token_id,
            eos_token_id=ends or None,
            pad_token_id=next(pad for pad in pads if pad is not None),
            decoder_start_token_id=own.decoder_start_token_id,
            forced_bos_token_id=own.forced_bos_token_id,
            forced_eos_token_id=own.forced_eos_token_id,
        )
        return model.to(self.device).eval()

    @property
    def _pad(self) -> int:
        return self._model.generation_config.pad_token_id

    def generate(
        self,
        requests: Sequence[Request],
        done: Callable[[Request, Generation], None],
        wanted: frozenset[str] | None = None,
    ) -> None:
        prompts = {request.id: self._prompt(request.messages) for request in requests}
        for request in requests:
            room = self.context_tokens - (0 if self._seq2seq else request.max_output_tokens)
            if (tokens := len(prompts[request.id])) > room:
                raise ContextError(
                    f"The prompt of {request.id} has {tokens} tokens, {self.name} has room for {room}. Texts are cut "
                    "before they come here, and never by the backend."
                )
        for batch in self._batches(requests, prompts):
            if wanted is None or any(request.id in wanted for request in batch):
                for request, generation in self._write(batch, prompts):
                    if wanted is None or request.id in wanted:
                        done(request, generation)

    def choose(self, messages: Sequence[Message], answers: Sequence[str]) -> list[float]:
        """The log-probability of the token that begins each answer, as the first token of the reply.

        Answers that begin alike are told apart where they first differ, after what they share; ConfigError if one is the
        beginning of another. One prompt at a time: no padding, so no batch can change a number.
        """
        import torch

        rows = [self._tokenizer(answer, add_special_tokens=False)["input_ids"] for answer in answers]
        shared = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))]
        tokens = [row[len(shared)] if len(row) > len(shared) else None for row in rows]
        if None in tokens or len(set(tokens)) < len(tokens):
            raise ConfigError(
                f"{self.name} cannot choose between {', '.join(answers)}: they are not told apart by one token."
            )
        model = self._model
        prompt, given = self._prompt(messages), {}
        if self._seq2seq:
            given = {
                "decoder_input_ids": torch.tensor([[model.config.decoder_start_token_id, *shared]], device=self.device)
            }
        else:
            prompt = [*prompt, *shared]
        ids = torch.tensor([prompt], device=self.device)
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                **given,
                do_sample=False,
                max_new_tokens=1,
                output_logits=True,
                return_dict_in_generate=True,
            )
        logs = out.logits[0][0].float().log_softmax(-1)
        return [logs[token].item() for token in tokens]

    def _batches(self, requests: Sequence[Request], prompts: dict[str, list[int]]) -> Iterator[list[Request]]:
        """Rows of like length and equal output budget together, the longest first."""
        batch: list[Request] = []
        for request in sorted(requests, key=lambda r: (-r.max_output_tokens, -len(prompts[r.id]), r.id)):
            if batch:
                row = len(prompts[batch[0].id]) + batch[0].max_output_tokens
                full = row * (len(batch) + 1) > self.batch_tokens
                if full or request.max_output_tokens != batch[0].max_output_tokens:
                    yield batch
                    batch = []
            batch.append(request)
        if batch:
            yield batch

    def _write(self, batch: list[Request], prompts: dict[str, list[int]]) -> list[tuple[Request, Generation]]:
        try:
            return self._decode(batch, prompts)
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        # Out of the handler, so that what the failed attempt held is free.
        if self.device.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()
        if len(batch) == 1:
            tokens = len(prompts[batch[0].id])
            error_text = f"out of memory with a prompt of {tokens} tokens, alone in its batch: {reason}"
            return [(batch[0], Generation("", "error", prompt_tokens=tokens, error=error_text))]
        half = len(batch) // 2
        log.warning("Out of memory with %d texts at once: going on with %d.", len(batch), half)
        return self._write(batch[:half], prompts) + self._write(batch[half:], prompts)

    def _decode(self, batch: list[Request], prompts: dict[str, list[int]]) -> list[tuple[Request, Generation]]:
        import torch

        model, c = self._model, self.checkpoint
        rows = [prompts[request.id] for request in batch]
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._pad)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for i, row in enumerate(rows):
            place = slice(0, len(row)) if self._seq2seq else slice(width - len(row), width)
            ids[i, place], mask[i, place] = torch.tensor(row), 1
        settings: dict[str, Any] = {
            "do_sample": False,
            "num_beams": c.beams,
            "max_new_tokens": batch[0].max_output_tokens,
            "min_new_tokens": min(c.min_tokens, batch[0].max_output_tokens),
            "no_repeat_ngram_size": c.no_repeat_ngram,
            "repetition_penalty": c.repetition_penalty,
        }
        if self.device == "cpu" and not self._seq2seq and c.beams == 1:
            # Room for all keys and values at once: to append them at each step takes a third of the time.
            settings |= {"cache_implementation": "static", "disable_compile": True}
        if c.beams > 1:
            settings |= {"length_penalty": c.length_penalty, "early_stopping": True}
        if c.stop:
            settings |= {"stop_strings": list(c.stop), "tokenizer": self._tokenizer}
        if c.temperature > 0:
            settings["logits_processor"] = [_sampler([f"{c.seed}/{r.id}" for r in batch], c.temperature)]
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids.to(self.device), attention_mask=mask.to(self.device), **settings
            ).tolist()
        start = 1 if self._seq2seq else width  # after the decoder's start token, or after the prompt
        return [
            (request, self._read(row[start:], len(prompt)))
            for request, row, prompt in zip(batch, out, rows, strict=True)
        ]

    def _read(self, row: list[int], prompt_tokens: int) -> Generation:
        """A text of the tokens that were written: up to the end token, without thinking and special tokens."""
        ends = self._model.generation_config.eos_token_id or ()
        end = next((i for i, token in enumerate(row) if token in ends), None)
        written = row[:end]
        while end is None and written and written[-1] == self._pad:  # ended by a stop string
            written.pop()
        special = set(self._tokenizer.all_special_ids)
        written = [token for token in written if token not in special]
        text = _THINKING.sub("", self._tokenizer.decode(written))
        if self.checkpoint.newline:
            text = text.replace(self.checkpoint.newline, "\n")
        stops = [at for string in self.checkpoint.stop if (at := text.find(string)) >= 0]
        text = text[: min(stops)] if stops else text
        ended = end is not None or stops
        return Generation(
            text.strip(), "stop" if ended else "length", prompt_tokens=prompt_tokens, output_tokens=len(written)
        )


def _out_of_memory(error: BaseException) -> bool:
    import torch

    words = ("out of memory", "can't allocate memory")
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(w in str(error) for w in words)


def _sampler(keys: Sequence[str], temperature: float) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """A logits processor that makes greedy decoding sample: each row has noise of its own, whatever its batch.

    The largest of logits / temperature + Gumbel noise is a draw from the softmax of logits / temperature.
    """
    import torch

    generators = [torch.Generator().manual_seed(int(digest(key), 16) % 2**63) for key in keys]

    def noisy(_: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        noise = torch.stack([torch.empty(logits.shape[1]).exponential_(generator=g) for g in generators])
        return logits.float() / temperature - noise.log().to(logits.device)

    return noisy
