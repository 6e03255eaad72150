"""transformers: `push_to_hub` and `from_pretrained`, unmodified."""

from __future__ import annotations

import pytest

from contributions.models import Discussion
from registry.models import Repository
from registry.services import commits, objects, refs

PUSH_AND_LOAD = """
import torch
from transformers import AutoModelForSequenceClassification, BertConfig, BertTokenizerFast
from transformers import BertForSequenceClassification

torch.manual_seed(0)
config = BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                    intermediate_size=16, id2label={0: "no", 1: "yes"},
                    label2id={"no": 0, "yes": 1})
model = BertForSequenceClassification(config)
model.push_to_hub("ada/tiny")
loaded = AutoModelForSequenceClassification.from_pretrained("ada/tiny")
assert loaded.config.label2id == {"no": 0, "yes": 1}
for name, value in model.state_dict().items():
    assert torch.equal(value, loaded.state_dict()[name]), name
with torch.no_grad():
    model.classifier.bias += 1
model.push_to_hub("ada/tiny", create_pr=True, commit_message="Raise the bias")
proposed = AutoModelForSequenceClassification.from_pretrained("ada/tiny", revision="refs/pr/1")
assert torch.equal(proposed.classifier.bias, model.classifier.bias)
print("the same")
"""


@pytest.mark.slow
def test_a_model_is_pushed_loaded_and_proposed(run):
    assert "the same" in run(PUSH_AND_LOAD)
    made = Repository.objects.get()
    names = {e.path for e in objects.ls_tree(made, refs.resolve(made).oid)}
    assert {"config.json", "model.safetensors"} <= names
    assert objects.entry_at(made, refs.resolve(made).oid, "model.safetensors").lfs
    pull = Discussion.objects.get()
    assert (pull.is_pull_request, pull.author.username) == (True, "ada")
    head = commits.resolve(made, "refs/pr/1")
    assert head.title == "Raise the bias"
    assert head.parent == refs.resolve(made).oid
