"""The tasks, each with what it needs: columns, model class, metrics."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from workers.training.errors import BadInput


class Task(StrEnum):
    TEXT = "text-classification"
    TOKENS = "token-classification"
    IMAGE = "image-classification"

    @property
    def columns(self) -> dict[str, str]:
        """Roles and their default column names: the example first, then its label."""
        return {
            Task.TEXT: {"text": "text", "label": "label"},
            Task.TOKENS: {"tokens": "tokens", "tags": "tags"},
            Task.IMAGE: {"image": "image", "label": "label"},
        }[self]

    @property
    def label_role(self) -> str:
        return "tags" if self is Task.TOKENS else "label"

    @property
    def auto_class(self) -> str:
        """The class of transformers that loads a model for this task."""
        return {
            Task.TEXT: "AutoModelForSequenceClassification",
            Task.TOKENS: "AutoModelForTokenClassification",
            Task.IMAGE: "AutoModelForImageClassification",
        }[self]

    @property
    def peft_task_type(self) -> str | None:
        return {Task.TEXT: "SEQ_CLS", Task.TOKENS: "TOKEN_CLS", Task.IMAGE: None}[self]

    @property
    def metrics(self) -> tuple[str, ...]:
        if self is Task.TOKENS:
            return ("f1", "precision", "recall", "accuracy")
        return ("accuracy", "f1_macro")

    @classmethod
    def of(cls, name: Any, *, where: str = "spec.json, task") -> Task:
        known = ", ".join(task.value for task in cls)
        if isinstance(name, str) and name in cls._value2member_map_:
            return cls(name)
        raise BadInput(f"The task {name!r} is not known", where=where, next=f"Use one of {known}.")
