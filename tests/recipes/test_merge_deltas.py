"""A patch's delta is what merging it would add to the base, whatever form it comes in."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from workers.training.delta import Parameters, adapter_delta, full_delta
from workers.training.errors import BadInput
from workers.training.mixture import Mixture
from workers.training.model import Bundle
from workers.training.tasks import Task

BERT = transformers.BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=24, max_position_embeddings=20, num_labels=3,
)  # fmt: skip
GPT2 = transformers.GPT2Config(
    vocab_size=50, n_embd=16, n_layer=1, n_head=2, n_positions=20, num_labels=3, pad_token_id=0
)
VIT = transformers.ViTConfig(
    image_size=8, patch_size=4, num_channels=1, hidden_size=16, num_hidden_layers=1,
    num_attention_heads=2, intermediate_size=24, num_labels=3,
)  # fmt: skip
RESNET = transformers.ResNetConfig(
    num_channels=1, embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic",
    num_labels=3,
)  # fmt: skip


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def bert():
    return transformers.BertForSequenceClassification(copy.deepcopy(BERT)).eval()


def gpt2():
    return transformers.GPT2ForSequenceClassification(GPT2).eval()


def vit():
    return transformers.ViTForImageClassification(VIT).eval()


def resnet():
    return transformers.ResNetForImageClassification(RESNET).eval()


def bundle(model, folder, task=Task.TEXT):
    labels = [model.config.id2label[number] for number in range(model.config.num_labels)]
    return Bundle(model, None, labels, task, folder)


def adapter_of(model, folder, **options):
    """An adapter with every tensor away from its initial value, saved as PEFT saves it."""
    wrapped = get_peft_model(model, LoraConfig(**{"r": 4, "lora_alpha": 6} | options))
    with torch.no_grad():
        for parameter in wrapped.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    wrapped.save_pretrained(folder)
    return folder


ADAPTERS = {
    "plain": (bert, {"target_modules": ["query", "value"]}),
    "with a new head": (bert, {"task_type": "SEQ_CLS", "target_modules": ["query"]}),
    "rank-stabilised": (bert, {"target_modules": ["query"], "use_rslora": True}),
    "all linear layers": (bert, {"target_modules": "all-linear"}),
    "ranks by pattern": (
        bert,
        {
            "target_modules": ["query", "dense"],
            "rank_pattern": {"query": 2, "output.dense": 3},
            "alpha_pattern": {"layer.1.attention.self.query": 16},
        },
    ),
    "trained biases": (bert, {"target_modules": ["query"], "bias": "all"}),
    "embeddings": (bert, {"target_modules": ["word_embeddings", "query"]}),
    "weights stored transposed": (gpt2, {"target_modules": ["c_attn", "c_fc"]}),
    "names that differ from the file's": (
        vit,
        {"target_modules": "all-linear", "modules_to_save": ["classifier"]},
    ),
    "convolutions": (
        resnet,
        {"target_modules": ["convolution"], "modules_to_save": ["classifier.1"]},
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("make", "options"), ADAPTERS.values(), ids=ADAPTERS.keys())
def test_an_adapter_s_delta_is_what_peft_would_merge(tmp_path, make, options):
    base = make()
    base.save_pretrained(tmp_path / "base")
    folder = adapter_of(type(base).from_pretrained(tmp_path / "base"), tmp_path / "a", **options)
    parameters = Parameters(base)
    theta0 = parameters.read()
    delta = adapter_delta(parameters, theta0, folder)

    fresh = type(base).from_pretrained(tmp_path / "base")
    merged = PeftModel.from_pretrained(fresh, folder).merge_and_unload()
    expected = Parameters(merged)
    names = [slot.name for slot in parameters.slots]
    # A module that the adapter replaced may hang elsewhere in the list; compare by name.
    found = {slot.name: slot.tensor for slot in expected.slots}
    assert set(found) == set(names)
    assert delta.abs().max() > 0.01
    for slot in parameters.slots:
        got = (theta0 + delta)[slot.start : slot.stop].view_as(slot.tensor)
        assert torch.allclose(got, found[slot.name], atol=1e-6), slot.name


def saved(model, folder):
    model.save_pretrained(folder)
    tokenizer = transformers.BertTokenizer(vocab={"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3})
    tokenizer.save_pretrained(folder)
    return folder


def test_the_delta_of_full_weights_is_their_difference(tmp_path):
    base, tuned = bert(), bert()
    theta0 = Parameters(base).read()
    delta = full_delta(bundle(base, tmp_path), theta0, saved(tuned, tmp_path / "tuned"))
    assert torch.equal(delta, Parameters(tuned).read() - theta0)
    assert full_delta(bundle(base, tmp_path), theta0, saved(base, tmp_path / "b")).abs().max() == 0


def test_another_architecture_is_named(tmp_path):
    config = transformers.BertConfig(**BERT.to_dict() | {"hidden_size": 8})
    other = saved(transformers.BertForSequenceClassification(config), tmp_path / "other")
    base = bert()
    with pytest.raises(BadInput, match=r"another architecture.*word_embeddings"):
        full_delta(bundle(base, tmp_path), Parameters(base).read(), other)


def test_another_label_map_is_named(tmp_path):
    other = bert()
    other.config.id2label = {0: "a", 1: "b", 2: "c"}
    base = bert()
    with pytest.raises(BadInput, match="label map"):
        full_delta(
            bundle(base, tmp_path), Parameters(base).read(), saved(other, tmp_path / "other")
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peft_type": "IA3"}, "of type 'IA3'"),
        ({"use_dora": True}, "sets use_dora"),
        ({"r": 5}, "does not have rank 5"),
    ],
)
def test_an_adapter_that_cannot_be_merged_exactly_is_refused(tmp_path, change, words):
    folder = adapter_of(bert(), tmp_path / "a", target_modules=["query"])
    config = json.loads((folder / "adapter_config.json").read_text()) | change
    (folder / "adapter_config.json").write_text(json.dumps(config))
    parameters = Parameters(bert())
    with pytest.raises(BadInput, match=words):
        adapter_delta(parameters, parameters.read(), folder)


def test_an_adapter_for_another_model_names_the_module(tmp_path):
    folder = adapter_of(gpt2(), tmp_path / "a", target_modules=["c_attn"])
    parameters = Parameters(bert())
    with pytest.raises(BadInput, match=r"transformer\.h\.0\.attn\.c_attn has no weight"):
        adapter_delta(parameters, parameters.read(), folder)


def test_a_tied_tensor_counts_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 3)
            self.head = nn.Linear(3, 5, bias=False)
            self.head.weight = self.embed.weight

    parameters = Parameters(Tied())
    assert parameters.size == 15
    assert parameters.slot_of("head", "weight")[1].name == "embed.weight"


def test_running_statistics_belong_to_the_delta_and_have_slopes(tmp_path):
    """Central differences against the slope, for a delta in batch normalisation's means only."""
    model = resnet()
    parameters = Parameters(model)
    delta = torch.zeros(1, parameters.size)
    for slot in parameters.slots:
        if "running_" in slot.name:
            delta[0, slot.start : slot.stop] = torch.rand(slot.stop - slot.start)
    mixture = Mixture(bundle(model, tmp_path, Task.IMAGE), delta, {})
    images, labels = torch.randn(6, 1, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2])

    def loss(at):
        mixture.place(np.array([at]))
        return nn.functional.cross_entropy(model(images).logits, labels)

    torch.autograd.backward([loss(0.5)])
    slope = float(mixture.products(mixture._gradient())[0])
    assert slope == pytest.approx(float(loss(0.501) - loss(0.499)) / 0.002, rel=1e-2)
