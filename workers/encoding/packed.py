"""Runs a BERT encoder's layers over several texts packed behind each other, without padding between them.

The library pads every text of a pass to the longest and calls some forty Python objects a layer; for a text of a dozen
tokens that costs as much as the arithmetic. Here the big products run over the tokens that there are, one after the other, and
only the attention, which is small, sees texts of one length. The weights are the library's own, and so is the result:
`PackedBert.of` compares the two when it is made (docs/decisions/0020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Vectors = NDArray[np.float32]
Layer = tuple[Tensor, ...]
NEAR: Final = 1e-5  # by which a number of a vector may differ from the library's; 2e-7 was seen
SAMPLES: Final = (
    "Which river runs through Vienna?",
    "A farmer has 17 sheep and buys 3 times as many. How many are there in the end, and what do they cost at $40 each?",
    "x",
)


class PackedBert:
    """The layers of a BERT model with mean pooling.

    Args:
        bert: the library's model (`transformers.BertModel`).
    """

    def __init__(self, bert: Any) -> None:
        held = {name: tensor.detach().float() for name, tensor in bert.state_dict().items()}
        config = bert.config
        self._heads, self._eps = int(config.num_attention_heads), float(config.layer_norm_eps)
        self._words = held["embeddings.word_embeddings.weight"]
        self._places = (
            held["embeddings.position_embeddings.weight"] + held["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = held["embeddings.LayerNorm.weight"], held["embeddings.LayerNorm.bias"]
        self._layers = [_layer(held, f"encoder.layer.{at}.") for at in range(config.num_hidden_layers)]

    @classmethod
    def of(cls, model: Any) -> PackedBert | None:
        """Make one of a model of sentence-transformers; None when it is of another form, or gives other vectors."""
        if not _is_plain(model):
            return None
        made = cls(model[0].auto_model)
        tokens = model.tokenizer(list(SAMPLES), verbose=False)["input_ids"]
        wanted = model.encode(list(SAMPLES), show_progress_bar=False, normalize_embeddings=True, convert_to_numpy=True)
        return made if np.abs(made.embed(tokens) - wanted).max() <= NEAR else None

    def embed(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        """Encode texts.

        Args:
            tokens: the numbers of each text's tokens, with the two marks around them.

        Returns:
            An array of shape (number of texts, dimensions), each row of length one.
        """
        with torch.inference_mode():
            sizes = torch.tensor([len(text) for text in tokens])
            within = torch.cat([torch.arange(len(text)) for text in tokens])
            row = torch.repeat_interleave(torch.arange(len(tokens)), sizes)
            states = self._words[torch.tensor([token for text in tokens for token in text])] + self._places[within]
            states = functional.layer_norm(states, states.shape[-1:], *self._norm, self._eps)
            spread = _Spread(sizes, row, within)
            for layer in self._layers:
                states = self._through(layer, states, spread)
            sums = states.new_zeros(len(tokens), states.shape[1]).index_add_(0, row, states)
            return np.asarray(functional.normalize(sums / sizes[:, None]).numpy(), np.float32)

    def _through(self, layer: Layer, states: Tensor, spread: _Spread) -> Tensor:
        """Take all tokens, shape (tokens, dimensions), through one layer."""
        size = states.shape[-1:]
        states = functional.layer_norm(
            self._heard(layer, states, spread).add_(states), size, layer[8], layer[9], self._eps
        )
        found = functional.linear(functional.gelu(functional.linear(states, *layer[10:12])), *layer[12:14])
        return functional.layer_norm(found.add_(states), size, layer[14], layer[15], self._eps)

    def _heard(self, layer: Layer, states: Tensor, spread: _Spread) -> Tensor:
        """Let each token hear the others of its text."""
        query, key, value = (
            self._by_head(spread.padded(functional.linear(states, *layer[at : at + 2]))) for at in (0, 2, 4)
        )
        heard = functional.scaled_dot_product_attention(query, key, value, attn_mask=spread.mask)
        return functional.linear(spread.packed(heard.transpose(1, 2).flatten(2)), *layer[6:8])

    def _by_head(self, states: Tensor) -> Tensor:
        """Part (texts, longest, dimensions) into (texts, heads, longest, dimensions of a head)."""
        return states.view(*states.shape[:2], self._heads, -1).transpose(1, 2)


class _Spread:
    """Gives each text of a pass a row of its own for the attention, and takes the rows together again.

    Args:
        sizes: tokens of each text.
        row: the text of each token.
        within: the place of each token in its text.
    """

    def __init__(self, sizes: Tensor, row: Tensor, within: Tensor) -> None:
        self._texts, self._longest = len(sizes), int(sizes.max())
        self._at = None if int(sizes.min()) == self._longest else row * self._longest + within
        self.mask: Tensor | None = None
        if self._at is not None:
            there = torch.zeros(self._texts * self._longest, dtype=torch.bool)
            there[self._at] = True
            self.mask = there.view(self._texts, 1, 1, self._longest)

    def padded(self, states: Tensor) -> Tensor:
        """Spread (tokens, width) to (texts, longest, width)."""
        if self._at is not None:
            full = states.new_zeros(self._texts * self._longest, states.shape[1])
            full[self._at] = states
            states = full
        return states.view(self._texts, self._longest, -1)

    def packed(self, states: Tensor) -> Tensor:
        """Take (texts, longest, width) together to (tokens, width)."""
        flat = states.flatten(0, 1)
        return flat if self._at is None else flat[self._at]


def _is_plain(model: Any) -> bool:
    """Tell whether a model is BERT as it was published, then the mean over the tokens, and no more than making it one long."""
    kinds = [type(module).__name__ for module in model]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        return False
    bert = model[0].auto_model
    plain = getattr(bert.config, "position_embedding_type", "absolute") == "absolute"
    return type(bert).__name__ == "BertModel" and bert.config.hidden_act == "gelu" and plain


def _layer(held: dict[str, Tensor], at: str) -> Layer:
    """Take a layer's weights and biases in the order in which they are used."""
    names = (
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "attention.output.LayerNorm",
        "intermediate.dense",
        "output.dense",
        "output.LayerNorm",
    )
    return tuple(held[f"{at}{name}.{kind}"] for name in names for kind in ("weight", "bias"))
