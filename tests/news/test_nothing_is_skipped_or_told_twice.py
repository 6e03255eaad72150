"""Transactions overlap, sweeps too, and some die: each piece of news is told once."""

from __future__ import annotations

import threading

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction

from contributions.models import NewsCursor, Notification, NotificationKind
from contributions.services import discussions, mail, notification_trail, notifications
from registry.models import Event, User
from registry.services import accounts, repositories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread():
    ada = accounts.ensure_user(name="ada", password="correct horse battery")
    model = repositories.create(
        actor=ada, namespace=ada.namespace, name="digits", repo_type="model"
    )
    return discussions.open_discussion(model, author=ada, title="Seeds")


def say(thread, text):
    emil = accounts.ensure_user(name="emil", password="correct horse battery")
    return discussions.comment(thread, author=emil, text=text)


def in_thread(work):
    def run():
        try:
            work()
        finally:
            connection.close()

    started = threading.Thread(target=run)
    started.start()
    return started


def told():
    return Notification.objects.filter(kind="comment").count()


def cursor():
    return NewsCursor.objects.get(name="notifications").event_id


def test_an_event_that_is_committed_late_is_told_all_the_same(thread):
    say(thread, "first")
    notification_trail.sweep()
    wrote, go_on = threading.Event(), threading.Event()

    def slowly():
        with transaction.atomic():
            say(thread, "with a low number")
            wrote.set()
            go_on.wait(20)

    writer = in_thread(slowly)
    assert wrote.wait(20)
    late = Event.objects.latest("pk").pk
    say(thread, "with a high number")
    newest = Event.objects.latest("pk").pk
    assert newest > late + 1  # the low number is taken and not visible
    notification_trail.sweep()
    assert told() == 2
    assert cursor() == late
    go_on.set()
    writer.join(20)
    notification_trail.sweep()
    assert told() == 3
    assert cursor() == newest
    assert notification_trail.sweep() == 0


def test_a_number_that_was_rolled_back_holds_nothing_up(thread):
    with transaction.atomic():
        say(thread, "never")
        transaction.set_rollback(True)
    say(thread, "said")
    notification_trail.sweep()
    assert told() == 1
    assert cursor() == Event.objects.latest("pk").pk


def test_sweeps_at_once_tell_each_piece_of_news_once(thread):
    for number in range(20):
        say(thread, f"word {number}")
    sweeps = [in_thread(notification_trail.sweep) for _ in range(4)]
    for sweep in sweeps:
        sweep.join(30)
    notification_trail.sweep()
    assert told() == 20


def test_a_sweep_that_dies_is_made_up_for(thread):
    say(thread, "first")
    with transaction.atomic():
        notification_trail.sweep()
        assert told() == 1
        transaction.set_rollback(True)
    assert told() == 0
    notification_trail.sweep()
    assert told() == 1


def test_writers_never_wait_for_a_sweep(thread):
    say(thread, "first")
    swept, go_on = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            notification_trail.sweep()
            swept.set()
            go_on.wait(20)

    sweeper = in_thread(hold)
    assert swept.wait(20)
    say(thread, "meanwhile")
    assert sweeper.is_alive(), "it was still sweeping"
    go_on.set()
    sweeper.join(20)
    notification_trail.sweep()
    assert told() == 2


def test_a_busy_trail_is_read_to_its_end_in_batches(thread):
    Event.objects.bulk_create(
        Event(verb="ref.updated", repository=thread.repository) for _ in range(1200)
    )
    say(thread, "after all that")
    assert notification_trail.sweep() >= 1200
    assert told() == 1


def test_processes_that_send_at_once_send_each_mail_once(mailbox):
    zoe = accounts.ensure_user(name="zoe", password="correct horse battery")
    User.objects.filter(pk=zoe.pk).update(email="zoe@example.org")
    EmailAddress.objects.create(user=zoe, email="zoe@example.org", verified=True)
    for number in range(6):
        notifications.tell(
            User.objects.get(pk=zoe.pk),
            NotificationKind.FAILED,
            title=f"News {number}",
            url="/submissions",
            about=str(number),
        )
    for sender in [in_thread(mail.deliver) for _ in range(3)]:
        sender.join(30)
    assert sorted(sent["Subject"] for sent in mailbox.mails) == [f"News {n}" for n in range(6)]
