"""What a browser needs to ask for a passkey, as the text of an attribute."""

from __future__ import annotations

import json

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: object) -> str:
    """Escaped by the template like any text."""
    return json.dumps(value, cls=DjangoJSONEncoder)
