"""Mails go out once, wait for a server that is away, and can be switched off by their link."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from contributions.models import MailChoice, Notification, NotificationKind
from contributions.services import mail, mail_links, notifications
from contributions.services.notifications import Wish
from registry.models import Repository, User

K = NotificationKind


def reached_at(person, address):
    """They have opened the link of a mail that was sent there."""
    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=address, verified=True, primary=True)
    User.objects.filter(pk=person.pk).update(email=address)
    return User.objects.get(pk=person.pk)


@pytest.fixture
def berta(scene):
    User.objects.filter(pk=scene.berta.pk).update(fullname="Berta B.")
    return reached_at(scene.berta, "berta@example.org")


def tell(user, kind=K.FAILED, title="“Seeds” failed", about="1", **more):
    notifications.tell(
        user, kind, title=title, text="Out of memory.", url="/submissions/1", about=about, **more
    )


def later(**how):
    """As if the time had passed."""
    span = dt.timedelta(**how)
    for line in Notification.objects.all():
        line.created_at -= span
        line.mail_after = line.mail_after and line.mail_after - span
        line.save()


def test_a_mail_at_once_says_it_in_words_and_in_html(berta, settings):
    tell(berta)
    assert mail.deliver() == 1
    [sent] = outbox.outbox
    assert sent.subject == "“Seeds” failed"
    assert sent.to == ["berta@example.org"]
    assert "Hello Berta B.," in sent.body
    assert "Out of memory." in sent.body
    assert f"{settings.SITE_URL}/submissions/1" in sent.body
    [html] = [part for part, kind in sent.alternatives if kind == "text/html"]
    assert f'href="{settings.SITE_URL}/submissions/1"' in html
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.deliver() == 0
    assert len(outbox.outbox) == 1


def test_what_is_off_or_has_no_address_is_not_mailed(berta, scene):
    tell(berta, kind=K.FINISHED)
    tell(scene.cyril)
    assert mail.deliver() == 0
    assert Notification.objects.filter(user__in=[berta, scene.cyril]).count() == 2


def test_nobody_is_mailed_at_the_address_of_somebody_else(scene, client, as_person):
    """Whoever signs up may write any address; only its owner reads the mail that confirms it."""
    page = as_person(scene.emil)
    User.objects.filter(pk=scene.emil.pk).update(email="victim@example.org")
    emil = User.objects.get(pk=scene.emil.pk)
    tell(emil, about="1")
    assert mail.deliver() == 0
    said = page.get("/settings/notifications").content.decode()
    assert "victim@example.org is not confirmed to be yours" in said
    assert 'href="/accounts/email/"' in said
    reached_at(emil, "emil@example.org")
    tell(User.objects.get(pk=emil.pk), about="2")
    User.objects.filter(pk=emil.pk).update(email="victim@example.org")
    assert mail.deliver() == 0
    assert outbox.outbox == []


def test_nobody_is_flooded_with_mails(berta):
    for number in range(mail.MOST_AN_HOUR + 15):
        tell(berta, about=str(number), title=f"news {number}")
    for _round in range(3):
        mail.deliver()
    assert len(outbox.outbox) == mail.MOST_AN_HOUR
    later(hours=25)
    mail.deliver()
    assert outbox.outbox[-1].subject == "15 pieces of news on Commonweight"
    assert len(outbox.outbox) == mail.MOST_AN_HOUR + 1


def test_news_for_mail_alone_stands_in_no_centre(berta, as_person):
    notifications.choose(berta, wishes={K.FAILED: Wish(False, MailChoice.NOW)})
    tell(berta)
    assert mail.deliver() == 1
    assert "Seeds" not in as_person(berta).get("/notifications?show=all").content.decode()


def test_the_digest_comes_once_a_day_with_what_is_unread(berta):
    for number in range(3):
        tell(berta, kind=K.COMMENT, title=f"word {number}", about=f"c{number}")
    assert mail.deliver() == 0
    later(hours=23)
    assert mail.deliver() == 0
    Notification.objects.filter(about="c1").update(read_at=timezone.now())
    later(hours=2)
    tell(berta, kind=K.COMMENT, title="word 3", about="c3")
    assert mail.deliver() == 1
    [sent] = outbox.outbox
    assert sent.subject == "3 pieces of news on Commonweight"
    assert [f"word {n}" in sent.body for n in range(4)] == [True, False, True, True]
    tell(berta, kind=K.COMMENT, title="word 4", about="c4")
    assert mail.deliver() == 0
    later(hours=25)
    assert mail.deliver() == 1
    assert outbox.outbox[1].subject == "1 piece of news on Commonweight"


def test_headers_cannot_be_written_by_a_title_or_a_name(berta):
    User.objects.filter(pk=berta.pk).update(fullname="B\r\nBcc: all@example.org")
    tell(User.objects.get(pk=berta.pk), title="Hi\r\nBcc: all@example.org\n\n<script>alert(1)")
    assert mail.deliver() == 1
    [sent] = outbox.outbox
    assert sent.subject == "Hi Bcc: all@example.org <script>alert(1)"
    assert sent.recipients() == ["berta@example.org"]
    assert "\nBcc" not in sent.message().as_string()
    [html] = [part for part, kind in sent.alternatives if kind == "text/html"]
    assert "<script>" not in html


def test_an_address_that_is_none_does_not_stop_the_others(berta, scene):
    tell(reached_at(berta, "b@example.org\nBcc: c@example.org"))
    tell(reached_at(scene.cyril, "cyril@example.org"))
    assert mail.deliver() == 1
    assert [sent.to for sent in outbox.outbox] == [["cyril@example.org"]]
    assert Notification.objects.get(user=berta).mail == MailChoice.OFF


def test_what_was_closed_since_is_not_mailed(berta, scene):
    tell(berta, repository=scene.model)
    Repository.objects.filter(pk=scene.model.pk).update(private=True)
    assert mail.deliver() == 0
    later(days=3)
    assert mail.deliver() == 0
    assert outbox.outbox == []


def test_a_real_server_gets_a_whole_mail(berta, mailbox):
    tell(berta)
    assert mail.deliver() == 1
    [got] = mailbox.mails
    assert got["To"] == "berta@example.org"
    assert got["Subject"] == "“Seeds” failed"
    assert got["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<news-\d+-\d+@[^>]+>", got["Message-ID"])
    assert {part.get_content_type() for part in got.iter_parts()} == {"text/plain", "text/html"}


@pytest.mark.parametrize("how", ["451 Later", "hangs up", "is not there"])
def test_a_failed_mail_waits_longer_each_time_and_goes_once(berta, mailbox, settings, how):
    mailbox.refuse, mailbox.breaks = (how if how[0] == "4" else ""), how == "hangs up"
    if how == "is not there":
        settings.EMAIL_PORT = 1
    tell(berta)
    assert mail.deliver() == 0
    assert mail.deliver() == 0  # the pause holds
    assert Notification.objects.get(user=berta).mail_attempts == 1
    later(seconds=61)
    assert mail.deliver() == 0
    line = Notification.objects.get(user=berta)
    assert line.mail_attempts == 2
    assert line.mail_after - timezone.now() > dt.timedelta(seconds=100)
    mailbox.refuse, mailbox.breaks, settings.EMAIL_PORT = "", False, mailbox.port
    later(seconds=130)
    assert mail.deliver() == 1
    assert mail.deliver() == 0
    assert len(mailbox.mails) == 1


def test_an_address_that_the_server_knows_not_is_given_up(berta, mailbox):
    mailbox.refuse = "550 No such person"
    tell(berta)
    mail.deliver()
    later(days=3)
    assert mail.deliver() == 0
    assert mailbox.attempts == 1
    assert Notification.objects.get(user=berta).read_at is None


def test_a_server_that_is_away_is_not_asked_for_every_mail(berta, scene, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    for number in range(5):
        tell(berta, about=str(number))
    mail.deliver()
    attempts = Notification.objects.filter(user=berta).values_list("mail_attempts", flat=True)
    assert sorted(attempts) == [0, 0, 0, 0, 1]


def test_pauses_grow_and_end():
    pauses = [mail.pause(number) for number in range(mail.MOST_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert pauses[0] == dt.timedelta(minutes=1)
    assert pauses[-1] == dt.timedelta(hours=6)
    assert sum(pauses, dt.timedelta()) > dt.timedelta(days=1)


# --- switching them off ----------------------------------------------------------------------


def off_link(settings):
    header = outbox.outbox[-1].extra_headers["List-Unsubscribe"]
    return header.strip("<>").removeprefix(settings.SITE_URL)


def test_one_click_switches_a_kind_off_without_signing_in(berta, settings, page_rules):
    tell(berta)
    tell(berta, kind=K.QUESTION, about="2")
    mail.deliver()
    outbox.outbox = outbox.outbox[:1]
    link = off_link(settings)
    stranger = Client(enforce_csrf_checks=True)
    asked = stranger.get(link)
    page_rules(asked, link)
    assert "A submission of yours failed" in asked.content.decode()
    assert notifications.wishes(berta)[K.FAILED].mail == MailChoice.NOW  # looking changes nothing
    done = stranger.post(link, {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    page_rules(done, link)
    assert notifications.wishes(berta)[K.FAILED] == Wish(True, MailChoice.OFF)
    assert notifications.wishes(berta)[K.QUESTION].mail == MailChoice.NOW
    assert stranger.post(link).status_code == 200


def test_the_link_of_a_digest_switches_all_of_it_off(berta, settings):
    tell(berta, kind=K.COMMENT)
    later(days=2)
    mail.deliver()
    tell(berta, kind=K.RELEASE, about="2")
    assert Client().post(off_link(settings)).status_code == 200
    later(days=2)
    assert mail.deliver() == 0
    wanted = notifications.wishes(berta)
    assert all(wish.mail != MailChoice.DIGEST for wish in wanted.values())
    assert wanted[K.FAILED].mail == MailChoice.NOW


@pytest.mark.parametrize("spoil", ["x", "", "kind"])
def test_a_link_of_ones_own_making_does_nothing(berta, page_rules, spoil):
    from django.core import signing

    link = mail_links.off_link(berta, "failed").rpartition("/")[2]
    if spoil == "kind":
        link = signing.dumps({"user": berta.pk, "kind": "all"}, salt=mail_links.SALT)
    address = f"/notifications/off/{link[:-1] + spoil if spoil != 'kind' else link}"
    answer = Client().post(address)
    assert answer.status_code == 404
    page_rules(answer, address)
    assert notifications.wishes(berta)[K.FAILED].mail == MailChoice.NOW
