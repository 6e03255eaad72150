"""Uploading a folder as a pull request, with the Hub's own client."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from commonweight.credentials import Credentials
from commonweight.errors import ClientError
from commonweight.output import Output


def folder(given: Namespace, site: Credentials, output: Output) -> str:
    """The revision to submit: `refs/pr/N` of a new pull request with the folder's files."""
    path = Path(given.folder)
    if not path.is_dir():
        raise ClientError(f"{path} is no folder.", next="Give the folder that holds the files.")
    if not any(found.is_file() for found in path.rglob("*")):
        raise ClientError(f"{path} holds no files.", next="Save the model or the data there first.")
    # Read when the client is imported. Uploads by Xet come with the site's next version.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    output.progress(f"Uploading {path} to {given.repository} …")
    try:
        commit = HfApi(endpoint=site.endpoint, token=site.token or False).upload_folder(
            repo_id=given.repository,
            repo_type=given.repo_type,
            folder_path=path,
            path_in_repo=given.path_in_repo,
            commit_message=given.title or f"Upload {path.resolve().name}",
            commit_description=given.description or "",
            create_pr=True,
        )
    except HfHubHTTPError as error:
        raise ClientError(_said(error)) from error
    except (OSError, ValueError) as error:
        raise ClientError(f"The upload did not work: {error}") from error
    if not commit.pr_revision:
        raise ClientError("The site opened no pull request.", next="Is it a Commonweight site?")
    return commit.pr_revision


def _said(error: Exception) -> str:
    """What the site said, without the address and request id that the Hub's client puts before."""
    said = getattr(error, "server_message", None)
    return str(said or error).strip()
