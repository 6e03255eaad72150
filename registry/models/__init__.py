from registry.models.accounts import (
    AccessToken,
    Invitation,
    MemberRole,
    Membership,
    Namespace,
    NamespaceKind,
    Organisation,
    Role,
    RoleGrant,
    SetupLink,
    TokenScope,
    User,
)
from registry.models.blobs import Blob, BlobUpload
from registry.models.events import Event
from registry.models.git import GitObject, ObjectKind, PathChange, Ref, Revision
from registry.models.quarantine import Quarantine
from registry.models.repositories import (
    Gating,
    Maintainer,
    Redirect,
    Repository,
    RepoType,
)
from registry.models.requests import IdempotentRequest
from registry.models.retired_names import RetiredName
from registry.models.search import SearchEntry

__all__ = [
    "AccessToken",
    "Blob",
    "BlobUpload",
    "Event",
    "Gating",
    "GitObject",
    "IdempotentRequest",
    "Invitation",
    "Maintainer",
    "MemberRole",
    "Membership",
    "Namespace",
    "NamespaceKind",
    "ObjectKind",
    "Organisation",
    "PathChange",
    "Quarantine",
    "Redirect",
    "Ref",
    "RepoType",
    "Repository",
    "RetiredName",
    "Revision",
    "Role",
    "RoleGrant",
    "SearchEntry",
    "SetupLink",
    "TokenScope",
    "User",
]
