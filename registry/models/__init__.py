from registry.models.accounts import (
    AccessToken,
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
from registry.models.repositories import (
    Gating,
    Maintainer,
    Redirect,
    Repository,
    RepoType,
)

__all__ = [
    "AccessToken",
    "Blob",
    "BlobUpload",
    "Event",
    "Gating",
    "GitObject",
    "Maintainer",
    "MemberRole",
    "Membership",
    "Namespace",
    "NamespaceKind",
    "ObjectKind",
    "Organisation",
    "PathChange",
    "Redirect",
    "Ref",
    "RepoType",
    "Repository",
    "Revision",
    "Role",
    "RoleGrant",
    "SetupLink",
    "TokenScope",
    "User",
]
