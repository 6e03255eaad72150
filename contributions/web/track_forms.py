"""The form of a new track: it gives the map that a track's file holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contributions.models import Key, Task
from contributions.models.tracks import default_policy
from contributions.services import track_policy
from contributions.services.tables import LABEL_COLUMN
from contributions.services.track_files import LONGEST_TEXT

_METRICS = sorted({metric for task in Task for metric in task.metrics})
_DATASET = {"placeholder": "owner/name", "spellcheck": "false", "list": "my-datasets"}


class TrackPlanForm(forms.Form):
    repository = forms.CharField(
        label=_("Model"),
        max_length=LONGEST_TEXT,
        help_text=_("A model of yours with weights, recipe.yaml, card and licence: the base."),
        widget=forms.TextInput(
            attrs={"placeholder": "owner/name", "spellcheck": "false", "list": "my-models"}
        ),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=96,
        help_text=_("For addresses: small letters, digits and “-”."),
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    title = forms.CharField(label=_("Title"), max_length=LONGEST_TEXT)
    description = forms.CharField(
        label=_("What is to become better"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    task = forms.ChoiceField(label=_("Task"), choices=Task.choices)
    benchmark_dataset = forms.CharField(
        label=_("Held-out examples: dataset"),
        max_length=LONGEST_TEXT,
        help_text=_("Best a private one, so that nobody trains on it. At least 30 rows."),
        widget=forms.TextInput(attrs=_DATASET),
    )
    benchmark_path = forms.CharField(
        label=_("Folder or file in it"), max_length=LONGEST_TEXT, required=False, initial="data"
    )
    label_column = forms.CharField(
        label=_("Column of the labels"),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=_("If it is not called “label” (“tags” for token classification)."),
    )
    training_data = forms.CharField(
        label=_("Training data"),
        max_length=5000,
        required=False,
        help_text=_("One dataset a line: owner/name, then a space and the folder or file."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    metric = forms.ChoiceField(
        label=_("Metric"),
        required=False,
        choices=[("", _("the usual one of the task")), *((m, m) for m in _METRICS)],
        help_text=_("Shown beside the loss, by which gains and credit are counted."),
    )
    keys = forms.MultipleChoiceField(
        label=_("Keys that an offer needs"),
        choices=[(key.value, key.label) for key in Key],
        widget=forms.CheckboxSelectMultiple,
        initial=track_policy.default_keys,
    )
    finetune_seconds = forms.IntegerField(
        label=_("Seconds that one training may take"),
        min_value=1,
        max_value=10**7,
        initial=default_policy()["finetune_seconds"],
    )
    max_steps = forms.IntegerField(
        label=_("Steps that one training may take"),
        min_value=1,
        max_value=10**7,
        initial=default_policy()["max_steps"],
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
        help_text=_("Of the splits and of every training."),
    )

    def plan(self) -> dict[str, Any]:
        given = self.cleaned_data
        column = given["label_column"].strip()
        role = LABEL_COLUMN[Task(given["task"])]
        return {
            **{key: given[key].strip() for key in ("name", "title", "task")},
            "repository": given["repository"].strip(),
            "description": given["description"].replace("\r\n", "\n").strip(),
            "benchmark": {
                "name": f"{given['name'].strip()}-held-out"[:96],
                "dataset": given["benchmark_dataset"].strip(),
                "path": given["benchmark_path"].strip(),
                **({"columns": {role: column}} if column else {}),
                "seed": given["seed"],
            },
            "training_data": [
                {"dataset": line.split()[0], "path": " ".join(line.split()[1:])}
                for line in given["training_data"].splitlines()
                if line.strip()
            ],
            "metric": given["metric"],
            "policy": {
                "keys": given["keys"],
                "finetune_seconds": given["finetune_seconds"],
                "max_steps": given["max_steps"],
            },
            "seed": given["seed"],
        }

    @staticmethod
    def initial_of(plan: dict[str, Any]) -> dict[str, Any]:
        """The form of a plan that is there already."""
        benchmark = plan.get("benchmark") or {}
        sources = plan.get("training_data") or []
        return {
            **{key: plan.get(key, "") for key in ("name", "title", "description", "task")},
            "repository": plan.get("repository", ""),
            "benchmark_dataset": benchmark.get("dataset", ""),
            "benchmark_path": benchmark.get("path", "data"),
            "training_data": "\n".join(f"{s['dataset']} {s.get('path', '')}" for s in sources),
        }
