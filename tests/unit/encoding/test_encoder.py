"""The encoder that is shipped: what it gives, how it treats long texts, and what it leaves out."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.redis import missing
from workers.contracts.errors import SettingsError
from workers.encoding.encoder import BATCH_TOKENS, MOST_PADDED, PACKAGED, Encoder, _folder, _passes
from workers.encoding.lean import without

pytestmark = pytest.mark.slow
NEAR = 1e-5  # by which a number of a vector may differ


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The packaged one."""
    try:
        return Encoder()
    except SettingsError as error:
        missing(str(error))


def test_rows_are_in_order_and_of_length_one(encoder: Encoder) -> None:
    """Whatever passes the texts were grouped into, each row is that of its own text alone."""
    texts = ["short", "a somewhat longer text about ships " * 9, "", "middle sized text", "x" * 3000]
    found = encoder.embed(texts)
    assert found.shape == (5, encoder.dimensions)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    for text, row in zip(texts, found, strict=True):
        assert np.allclose(encoder.embed([text])[0], row, atol=1e-4)
    assert encoder.embed([]).shape == (0, encoder.dimensions)


def test_the_end_of_a_long_text_counts(encoder: Encoder) -> None:
    """A request at the end of a long paste moves the vector; so does one at its beginning."""
    paste = "The committee met on Tuesday and adjourned. " * 300
    plain, ends, begins = encoder.embed([paste, f"{paste} Translate this into French.", f"Sort these words. {paste}"])
    assert plain @ ends < 0.995
    assert plain @ begins < 0.995
    fitted = encoder.fit(f"{paste} Translate this into French.")
    assert fitted.startswith("The committee")
    assert fitted.endswith("French.")
    assert len(fitted) < len(paste)


def test_a_text_of_megabytes_is_cut_before_it_is_read(encoder: Encoder) -> None:
    """What the window holds is known beforehand."""
    fitted = encoder.fit("word " * 400_000)
    assert len(fitted) < 10_000
    assert encoder.fit(fitted) == fitted or len(encoder.fit(fitted)) <= len(fitted)


@pytest.mark.parametrize(("model", "words"), [("no-such-model", "allowed are"), ("/", "modules.json")])
def test_another_model_must_be_there(model: str, words: str) -> None:
    """One sentence that names the setting and what is allowed."""
    with pytest.raises(SettingsError, match=words):
        Encoder(model)


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    """No traceback of its library."""
    (tmp_path / "modules.json").write_text("[]junk")
    with pytest.raises(SettingsError, match="cannot be loaded"):
        Encoder(str(tmp_path))


def test_scikit_learn_stays_out_and_can_be_imported_afterwards() -> None:
    """In a fresh process: loading the encoder leaves it out, importing it later gives the real one."""
    code = (
        "import sys; from workers.encoding.encoder import Encoder; Encoder().embed(['x']);"
        "assert not {'sklearn', 'scipy'} & set(sys.modules); from sklearn.metrics import roc_auc_score;"
        "assert roc_auc_score([0, 1], [0.1, 0.9]) == 1"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_compiler_stays_out_and_can_be_used_afterwards() -> None:
    """Loading and using the encoder imports neither PyTorch's compiler nor its distributed tensors; both work later."""
    code = (
        "import sys; from workers.encoding.encoder import Encoder; Encoder().embed(['a']); import torch;"
        "assert not {'torch._dynamo', 'torch.distributed.tensor', 'torch.distributed.fsdp'} & set(sys.modules);"
        "assert torch.compile(lambda x: x * x + len(x), backend='eager', dynamic=True)(torch.ones(2)).tolist() == [3, 3];"
        "from torch.distributed.tensor import DTensor; assert issubclass(DTensor, torch.Tensor)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_was_left_out_says_so() -> None:
    """Decorators change nothing; functions, and whatever is wanted of a class, refuse by name; no object is one of it."""
    with without(["left_out_package"]):
        import left_out_package.inner as inner  # type: ignore[import-not-found]  # noqa: PLR0402

        @inner.disable
        def one() -> int:
            return 1

        @inner.disable(recursive=False)
        def two() -> int:
            return 2

    assert (one(), two()) == (1, 2)
    assert not isinstance(one, inner.Shape)
    with pytest.raises(ImportError, match=r"inner\.measure was left out"):
        inner.measure()
    with pytest.raises(ImportError, match=r"inner\.Shape was left out"):
        inner.Shape(3).area()
    with pytest.raises(ImportError):
        importlib.import_module("left_out_package.inner")


def test_passes_are_bounded() -> None:
    """Every row once; long texts come in small passes, and little of a pass is padding."""
    lengths = [10, 250, 251, 252, 5, 256, *range(3, 103), *[7] * 90]
    for threads in (1, 2, 3):
        passes = _passes(lengths, threads)
        assert sorted(row for rows in passes for row in rows) == list(range(len(lengths)))
        tokens = [sum(lengths[row] for row in rows) for rows in passes]
        assert max(tokens) < BATCH_TOKENS + max(lengths)
        assert len(passes) % threads == 0
        assert min(tokens) > max(tokens) / 3
        padded = [len(rows) * max(lengths[row] for row in rows) for rows in passes]
        assert sum(padded) < 1.5 * sum(lengths)
    assert _passes([12, 9], 2) == [[1], [0]]
    assert _passes([12], 2) == [[0]]


def test_a_long_text_is_not_put_behind_a_hundred_short_ones() -> None:
    """The attention would fill all of them up to its length."""
    passes = _passes([3] * 200 + [250], 2)
    assert all(len(rows) * (250 if 200 in rows else 3) <= MOST_PADDED for rows in passes)
    assert sorted(row for rows in passes for row in rows) == list(range(201))


def test_like_lengths_are_counted_in_tokens(encoder: Encoder) -> None:
    """Forty characters of a formula are more tokens than forty of English: they do not share a pass."""
    english, formula = "where do the kangaroos live in Australia", "$x^2+{y}_{1}=(a*b)/c-[d]+{e}^{f}-g/h=i$!"
    lengths = [len(tokens) for tokens in encoder._tokens([english, formula])]
    assert len(english) == len(formula)
    assert lengths[1] > 2 * lengths[0]


def test_the_packed_pass_gives_what_the_library_gives(encoder: Encoder) -> None:
    """Alone, in passes of like and of unlike lengths, short and beyond the window."""
    from sentence_transformers import SentenceTransformer

    assert encoder._packed is not None
    library = SentenceTransformer(str(_folder(PACKAGED)), device="cpu", local_files_only=True)
    texts = ["What is tin?", "Was ist Zinn?", "x", "", "$x^2 = 9$", "ships and sails " * 40, "of harbours, and " * 90]
    wanted = library.encode([encoder.fit(text) for text in texts], normalize_embeddings=True, convert_to_numpy=True)
    assert np.abs(encoder.embed(texts) - wanted).max() < NEAR
    assert np.abs(encoder._packed.embed(encoder._tokens(texts[:6])) - wanted[:6]).max() < NEAR
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    assert np.abs(alone - wanted).max() < NEAR


@pytest.mark.parametrize(
    "change",
    [
        lambda model: setattr(model[0].auto_model.config, "hidden_act", "relu"),
        lambda model: setattr(model[0].auto_model.config, "layer_norm_eps", 0.5),
        lambda model: model.append(type(model[2])()),
    ],
)
def test_a_model_of_another_form_is_left_to_the_library(change: Callable[[Any], None]) -> None:
    """Another activation, other vectors than the library's, and one more step at the end."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(_folder(PACKAGED)), device="cpu", local_files_only=True)
    from workers.encoding.packed import PackedBert

    assert PackedBert.of(model) is not None
    change(model)
    assert PackedBert.of(model) is None


def test_without_the_packed_pass_the_library_encodes(encoder: Encoder) -> None:
    """The same vectors, in the same order."""
    texts = ["What is tin?", "a question that is somewhat longer than the first one", "x"]
    other = Encoder(packed=False)
    assert other._packed is None
    assert np.abs(other.embed(texts) - encoder.embed(texts)).max() < NEAR
