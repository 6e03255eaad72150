"""A protected main says so before gigabytes are sent, and the way it names works."""

from __future__ import annotations

import hashlib

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from registry.models import Blob

WEIGHTS = b"weights" * 1000


@pytest.fixture
def berta(live_db):
    from tests.contributions.cast import Cast, token_of

    cast = Cast()
    _ = cast.track
    return HfApi(endpoint=live_db.url, token=token_of("berta"))


def test_an_upload_to_protected_main_is_refused_before_the_bytes(berta):
    upload = {
        "path_or_fileobj": WEIGHTS,
        "path_in_repo": "model.safetensors",
        "repo_id": "berta/digits",
    }
    with pytest.raises(HfHubHTTPError, match="--create-pr") as refused:
        berta.upload_file(**upload)
    assert refused.value.response.status_code == 403
    assert "/preupload/" in str(refused.value)
    sha = hashlib.sha256(WEIGHTS).hexdigest()
    assert not Blob.objects.filter(pk=sha).exists()
    assert berta.upload_file(**upload, create_pr=True).pr_num == 1
    assert Blob.objects.filter(pk=sha).exists()
