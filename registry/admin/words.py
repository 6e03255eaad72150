"""What the audit trail names by codes, in words: verbs, and the kinds of what they happened to."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from registry.admin.navigation import Words

# Packages above add theirs. Searches and filters go on by the codes.
VERBS: dict[str, Words] = {
    "account.created": _("Account made"),
    "account.deactivated": _("Person kept out"),
    "account.erased": _("Person erased"),
    "account.reactivated": _("Person let in again"),
    "commit.pushed": _("Commit pushed"),
    "organisation.created": _("Organisation made"),
    "organisation.declined": _("Invitation declined"),
    "organisation.invitation-withdrawn": _("Invitation withdrawn"),
    "organisation.invited": _("Person invited"),
    "organisation.joined": _("Organisation joined"),
    "organisation.left": _("Organisation left"),
    "organisation.removed": _("Member removed"),
    "organisation.role-changed": _("Place of a member changed"),
    "ref.created": _("Branch or tag made"),
    "ref.deleted": _("Branch or tag deleted"),
    "repository.created": _("Repository made"),
    "repository.deleted": _("Repository deleted"),
    "repository.maintainer-added": _("Maintainer added"),
    "repository.maintainer-removed": _("Maintainer removed"),
    "repository.moved": _("Repository moved"),
    "repository.quarantined": _("Placed in quarantine"),
    "repository.quarantine-lifted": _("Quarantine lifted"),
    "repository.settings-changed": _("Settings of a repository changed"),
    "role.granted": _("Role granted"),
    "role.revoked": _("Role revoked"),
    "token.issued": _("Access token made"),
    "token.revoked": _("Access token revoked"),
}
# Kind → its words, and where one of them is shown.
KINDS: dict[str, tuple[Words, str]] = {
    "namespace": (_("Namespace"), "/{}"),
    "organisation": (_("Organisation"), "/admin/registry/organisation/{}/"),
    "quarantine": (_("Quarantine"), "/admin/registry/quarantine/{}/"),
    "ref": (_("Branch or tag"), ""),
    "revision": (_("Revision"), ""),
    "token": (_("Access token"), ""),
    "user": (_("Person"), "/admin/registry/user/{}/"),
}


def verb(code: str) -> Words:
    return VERBS.get(code, code)


def subject(code: str) -> SafeString | str:
    """`submission:17` as a link to submission 17, where it has a page."""
    kind, _colon, number = code.partition(":")
    if kind not in KINDS or not number:
        return code
    words, address = KINDS[kind]
    shown = number[:10] if kind == "revision" else number
    if not address:
        return f"{words} {shown}"
    return format_html('<a href="{}">{} {}</a>', address.format(number), words, shown)
