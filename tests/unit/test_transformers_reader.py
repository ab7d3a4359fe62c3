"""Another reader from a folder of transformers: small ones made by chance, and by hand."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForQuestionAnswering, BertTokenizerFast

from roleqa.blocks import Span
from roleqa.errors import ModelError
from roleqa.models.spans import UNREAD
from roleqa.models.transformers_reader import TransformersReader
from roleqa.models.weights import CROSS_ENCODER_WEIGHTS
from roleqa.types import MatchText

TEXT = "Harbour\nThe keeper lights the lamp at dusk. Ropes are tarred."
FIRST = Span(TEXT.index("The"), TEXT.index("dusk.") + 5)
PASSAGE = MatchText(TEXT, (FIRST, Span(FIRST.end + 1, len(TEXT))))
OTHER = MatchText("Bells", (Span(0, 5),))
# Far longer than what is read.
HUGE = MatchText("lamp " * 5000, (Span(0, 4), Span(24_000, 24_004)))


def network() -> BertForQuestionAnswering:
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=30522, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=400,
    )  # fmt: skip
    return BertForQuestionAnswering(config)


def saved(folder: Path, model: BertForQuestionAnswering) -> TransformersReader:
    """The model beside the tokenizer of the packaged cross-encoder."""
    tokenizer = CROSS_ENCODER_WEIGHTS.locate() / "tokenizer.json"
    BertTokenizerFast(tokenizer_file=str(tokenizer)).save_pretrained(folder)
    model.save_pretrained(folder)
    return TransformersReader(folder, "cpu")


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prefers "no answer" by 4 - unless there is "dusk", of which each logit is 7, where other tokens' are 0."""
    model = network().eval()
    with torch.no_grad():
        for parameter in model.bert.encoder.parameters():
            parameter.zero_()
        for layer in model.bert.encoder.layer:
            layer.attention.output.LayerNorm.weight.fill_(1)
            layer.output.LayerNorm.weight.fill_(1)
        embeddings = model.bert.embeddings
        for table in (embeddings.word_embeddings, embeddings.position_embeddings, embeddings.token_type_embeddings):
            table.weight.zero_()
        cls, dusk = 101, 18406
        embeddings.word_embeddings.weight[:, 0] = 1.0
        embeddings.word_embeddings.weight[cls] = torch.eye(8)[1]
        embeddings.word_embeddings.weight[dusk] = torch.eye(8)[2]
        state = model.bert(torch.tensor([[cls, dusk, 2000]])).last_hidden_state[0]
        # A head that gives each of these three states the logit that it is to have.
        head = torch.linalg.lstsq(state, torch.tensor([[2.0, 2.0], [7.0, 7.0], [0.0, 0.0]])).solution
        model.qa_outputs.weight.copy_(head.T)
        model.qa_outputs.bias.zero_()
    folder = tmp_path_factory.mktemp("by-hand")
    saved(folder, model)
    return folder


def test_the_answer_and_its_margin_are_those_of_the_network(by_hand: Path) -> None:
    reader = TransformersReader(by_hand, "cpu")
    found, other = reader.read("When is the lamp lit?", [PASSAGE, OTHER])
    assert [round(item.margin, 4) for item in found] == [7 + 7 - 4, -4]
    start = TEXT.index("dusk")
    assert found[0].answer == (start, start + len("dusk"))
    assert other[0].margin == pytest.approx(-4, abs=1e-4)


def test_what_is_read_of_a_passage_does_not_depend_on_those_beside_it(tmp_path: Path, by_hand: Path) -> None:
    reader = TransformersReader(by_hand, "cpu")
    (alone,) = reader.read("When?", [PASSAGE])
    among = reader.read("When?", [OTHER, HUGE, PASSAGE, *[OTHER] * 17, PASSAGE])
    assert len(among) == 21
    assert among[20] == among[2] == alone


def test_questions_may_be_asked_at_once(by_hand: Path) -> None:
    reader = TransformersReader(by_hand, "cpu")
    questions = [f"Which of the {count} lamps is lit at dusk? " * count for count in range(1, 9)]
    alone = [reader.read(question, [PASSAGE, OTHER]) for question in questions]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda question: reader.read(question, [PASSAGE, OTHER]), questions * 3)) == alone * 3


def test_long_texts_are_cut(by_hand: Path) -> None:
    reader = TransformersReader(by_hand, "cpu")
    ((first, last),) = reader.read("When is dusk? " * 150, [HUGE])
    assert first.margin == pytest.approx(-4, abs=1e-4)
    assert last.margin == UNREAD


def test_a_separator_in_a_document_is_text(by_hand: Path) -> None:
    text = "Rope [SEP] dusk [CLS]"
    ((found,),) = TransformersReader(by_hand, "cpu").read("[SEP]", [MatchText(text, (Span(0, len(text)),))])
    assert found.answer == (text.index("dusk"), text.index("dusk") + 4)
    assert found.margin == pytest.approx(10, abs=1e-4)


def test_a_model_that_never_says_no_answer_is_refused_with_the_reason(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        # All tokens alike: any two are as good as the first alone, so that "no answer" is never better.
        model.qa_outputs.weight.zero_()
        model.qa_outputs.bias.zero_()
    reader = saved(tmp_path, model)
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            reader.read("When?", [PASSAGE])
        assert str(caught.value) == (
            f"the reader '{tmp_path}' finds answers where there are none (4 of 4 tries): it was not trained to say so. "
            "Give one trained on SQuAD 2.0, or 'packaged'"
        )


@pytest.mark.parametrize("spoil", ["no folder", "a file", "nothing in it", "no tokenizer", "damaged weights"])
def test_a_folder_that_holds_no_model_is_one_clear_error(tmp_path: Path, by_hand: Path, spoil: str) -> None:
    folder = tmp_path / "model"
    if spoil == "a file":
        folder.write_text("no folder")
    elif spoil == "nothing in it":
        folder.mkdir()
    elif spoil != "no folder":
        shutil.copytree(by_hand, folder)
    if spoil == "no tokenizer":
        for file in folder.glob("*token*"):
            file.unlink()
    elif spoil == "damaged weights":
        (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError) as caught:
        TransformersReader(folder, "cpu").read("When?", [PASSAGE])
    message = str(caught.value)
    assert message.startswith(f"the reader '{folder}' cannot be loaded (")
    assert message.endswith("; give the folder of a transformers question-answering model, or 'packaged'")
    assert "\n" not in message


def test_a_device_that_is_not_there_is_one_clear_error(by_hand: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded.*give the folder"):
        TransformersReader(by_hand, "no-such-device").read("When?", [PASSAGE])


def test_a_folder_that_was_trained_further_is_another_reader(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"one")
    before = TransformersReader(tmp_path, "cpu").fingerprint
    assert before.startswith(f"{tmp_path} (")
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert TransformersReader(tmp_path, "cpu").fingerprint != before
