import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import contributions.models.tracks


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry", "0001_initial"),
        ("registry", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Track",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(help_text="Slug, unique on the site.", max_length=96)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "task",
                    models.CharField(
                        choices=[
                            ("text-classification", "Text Classification"),
                            ("token-classification", "Token Classification"),
                            ("image-classification", "Image Classification"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("preparing", "Preparing"),
                            ("open", "Open"),
                            ("closed", "Closed"),
                        ],
                        default="preparing",
                        max_length=12,
                    ),
                ),
                ("status_reason", models.TextField(blank=True)),
                ("base_revision", models.CharField(blank=True, max_length=40)),
                ("base_digest", models.CharField(blank=True, max_length=64)),
                ("temperature", models.FloatField(blank=True, null=True)),
                ("metric", models.CharField(max_length=32)),
                ("policy", models.JSONField(default=contributions.models.tracks.default_policy)),
                ("seed", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="NewsCursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=32, unique=True)),
                ("event_id", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Benchmark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=96)),
                (
                    "task",
                    models.CharField(
                        choices=[
                            ("text-classification", "Text Classification"),
                            ("token-classification", "Token Classification"),
                            ("image-classification", "Image Classification"),
                        ],
                        max_length=32,
                    ),
                ),
                ("revision", models.CharField(max_length=40)),
                (
                    "path",
                    models.CharField(help_text="File or folder in the dataset.", max_length=1024),
                ),
                ("columns", models.JSONField(blank=True, default=dict)),
                ("metric", models.CharField(max_length=32)),
                ("seed", models.PositiveIntegerField(default=0)),
                (
                    "split_m",
                    models.JSONField(default=list, help_text="Row indexes that fit merge weights."),
                ),
                (
                    "split_v",
                    models.JSONField(
                        default=list, help_text="Row indexes that value contributions."
                    ),
                ),
                (
                    "split_t",
                    models.JSONField(
                        default=list, help_text="Row indexes that results are shown on."
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of data, splits and metric.", max_length=64
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="benchmarks",
                        to="registry.repository",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CannedReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("licence", "Licence"),
                            ("privacy", "Privacy"),
                            ("technical", "Technical"),
                        ],
                        help_text="Empty: any.",
                        max_length=12,
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("approve", "approved"),
                            ("reject", "rejected"),
                            ("changes", "changes requested"),
                            ("info", "asked for information"),
                            ("reverse", "reversed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason_code", models.CharField(blank=True, max_length=64)),
                ("title", models.CharField(max_length=100, unique=True)),
                ("text", models.TextField()),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "canned replies",
                "ordering": ["title"],
            },
        ),
        migrations.CreateModel(
            name="Discussion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("num", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=255)),
                ("is_pull_request", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("closed", "Closed"),
                            ("merged", "Merged"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                (
                    "base_branch",
                    models.CharField(blank=True, help_text="refs/heads/main", max_length=255),
                ),
                (
                    "base_oid",
                    models.CharField(blank=True, help_text="Base revision of a PR.", max_length=40),
                ),
                ("merge_oid", models.CharField(blank=True, max_length=40)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discussions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="discussions",
                        to="registry.repository",
                    ),
                ),
            ],
            options={
                "ordering": ["-num"],
            },
        ),
        migrations.CreateModel(
            name="DiscussionEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("comment", "Comment"),
                            ("commit", "Commit"),
                            ("status-change", "Status"),
                            ("title-change", "Title"),
                        ],
                        max_length=16,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("hidden", models.BooleanField(default=False)),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "discussion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="contributions.discussion",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="HubToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("endpoint", models.URLField()),
                ("ciphertext", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "namespace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hub_tokens",
                        to="registry.namespace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Leaderboard",
            fields=[
                (
                    "track",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="leaderboard",
                        serialize=False,
                        to="contributions.track",
                    ),
                ),
                ("measurements", models.PositiveBigIntegerField(default=0)),
                (
                    "moves",
                    models.PositiveBigIntegerField(
                        default=0, help_text="Submissions that came or left."
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="track",
            name="benchmark",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tracks",
                to="contributions.benchmark",
            ),
        ),
        migrations.AddField(
            model_name="track",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="track",
            name="repository",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tracks",
                to="registry.repository",
            ),
        ),
        migrations.CreateModel(
            name="NotificationChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("finished", "a run of yours finished"),
                            ("failed", "a run of yours failed, or a check refused it"),
                            ("decision", "a reviewer decided on your submission"),
                            ("question", "a reviewer asks you something"),
                            ("deadline", "an answer of yours is due soon"),
                            ("answer", "somebody answered your question"),
                            ("comment", "somebody commented where you take part"),
                            ("release", "a release took or refused your submission"),
                            ("publication", "a release with your work was published"),
                            ("invitation", "somebody invited you to an organisation"),
                            ("review-due", "a review that you claimed is due soon"),
                        ],
                        max_length=16,
                    ),
                ),
                ("in_app", models.BooleanField(default=True)),
                (
                    "mail",
                    models.CharField(
                        choices=[("off", "no mail"), ("now", "at once"), ("digest", "once a day")],
                        default="now",
                        max_length=8,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OfferDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=255)),
                ("description", models.TextField(blank=True)),
                ("answers", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="offer_drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registry.repository",
                    ),
                ),
                (
                    "sent_as",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="contributions.discussion",
                    ),
                ),
            ],
            options={
                "ordering": ["-updated_at"],
            },
        ),
        migrations.CreateModel(
            name="DraftFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=1024)),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "received",
                    models.BigIntegerField(default=0, help_text="Bytes that have arrived so far."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "blob",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="registry.blob",
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="contributions.offerdraft",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("endpoint", models.URLField()),
                ("repo_id", models.CharField(max_length=200)),
                ("private", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("publishing", "Publishing"),
                            ("published", "Published"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("remote_commit", models.CharField(blank=True, max_length=40)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PublicationStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=32)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="contributions.publication",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("merging", "Merging"),
                            ("valuing", "Valuing"),
                            ("released", "Released"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="merging",
                        max_length=12,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("base_revision", models.CharField(max_length=40)),
                ("artifact_revision", models.CharField(blank=True, max_length=40)),
                (
                    "revision",
                    models.CharField(blank=True, help_text="The commit on main.", max_length=40),
                ),
                ("gain_v", models.FloatField(help_text="Nats on V.", null=True)),
                ("gain_t", models.FloatField(help_text="Nats on T.", null=True)),
                (
                    "nodes",
                    models.PositiveSmallIntegerField(
                        help_text="K of the path integral.", null=True
                    ),
                ),
                ("gap", models.FloatField(help_text="|sum of credit − gain| in nats.", null=True)),
                ("kappa", models.FloatField(null=True)),
                (
                    "formula",
                    models.CharField(
                        blank=True, help_text="Version of the formula.", max_length=32
                    ),
                ),
                ("evidence", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="contributions.track",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.AddField(
            model_name="publication",
            name="release",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="publications",
                to="contributions.release",
            ),
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        choices=[
                            ("licence", "Licence"),
                            ("privacy", "Privacy"),
                            ("technical", "Technical"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("approve", "approved"),
                            ("reject", "rejected"),
                            ("changes", "changes requested"),
                            ("info", "asked for information"),
                            ("reverse", "reversed"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "revision",
                    models.CharField(help_text="The head that was looked at.", max_length=40),
                ),
                ("reason_code", models.CharField(blank=True, max_length=64)),
                ("text", models.TextField(blank=True)),
                ("answer_due_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contributions.track",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "review",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answer",
                        to="contributions.review",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("check", "Check"),
                            ("finetune", "Finetune"),
                            ("benchmark", "Benchmark"),
                            ("merge", "Merge"),
                            ("attribute", "Attribute"),
                            ("publish", "Publish"),
                        ],
                        max_length=12,
                    ),
                ),
                ("queue", models.CharField(default="general", max_length=16)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("cancelling", "Cancelling"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("head_revision", models.CharField(blank=True, max_length=40)),
                ("plan", models.JSONField(default=dict)),
                ("spec", models.JSONField(default=dict)),
                ("input_digest", models.CharField(blank=True, db_index=True, max_length=64)),
                ("priority", models.SmallIntegerField(default=0, help_text="Higher is sooner.")),
                ("eligible_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("worker", models.CharField(blank=True, max_length=128)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "failure_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("time-out", "took too long"),
                            ("out-of-memory", "ran out of memory"),
                            ("bad-input", "could not use the input"),
                            ("scoring-error", "could not be scored"),
                            ("exception", "the program ended without a result"),
                            ("platform-error", "a fault of the platform"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.TextField(
                        blank=True, help_text="Why it failed, was cancelled or superseded."
                    ),
                ),
                ("progress", models.JSONField(blank=True, default=dict)),
                (
                    "curve",
                    models.JSONField(
                        blank=True, default=list, help_text="Points for the page's chart."
                    ),
                ),
                ("log", models.TextField(blank=True, help_text="Tail of the log, bounded.")),
                (
                    "log_start",
                    models.PositiveIntegerField(default=0, help_text="Characters before the tail."),
                ),
                ("result", models.JSONField(blank=True, default=dict)),
                ("sandbox", models.CharField(blank=True, max_length=32)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="contributions.publication",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="contributions.release",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="contributions.track",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("worker", models.CharField(max_length=128)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.CharField(blank=True, max_length=16)),
                ("reason", models.TextField(blank=True)),
                ("seconds", models.FloatField(default=0, help_text="Device-seconds.")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="contributions.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("model_digest", models.CharField(max_length=64)),
                ("split", models.CharField(choices=[("V", "V"), ("T", "T")], max_length=1)),
                ("harness", models.CharField(max_length=64)),
                ("precision", models.CharField(default="fp32", max_length=16)),
                ("examples", models.PositiveIntegerField()),
                ("loss", models.FloatField(help_text="Mean cross-entropy in nats.")),
                ("metrics", models.JSONField(default=dict)),
                (
                    "report",
                    models.JSONField(default=dict, help_text="classification_report, per class."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "benchmark",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="contributions.benchmark",
                    ),
                ),
                (
                    "outcomes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.blob",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="contributions.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=255)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("unknown", "not checked yet"),
                            ("base", "first revision"),
                            ("weights", "full weights"),
                            ("adapter", "adapter"),
                            ("recipe", "recipe"),
                            ("data", "data"),
                            ("code", "code"),
                            ("card", "card only"),
                        ],
                        default="unknown",
                        max_length=8,
                    ),
                ),
                ("base_revision", models.CharField(blank=True, max_length=40)),
                ("head_revision", models.CharField(max_length=40)),
                ("artifact_revision", models.CharField(blank=True, max_length=40)),
                (
                    "artifact_path",
                    models.CharField(
                        blank=True, help_text="adapters/x, or empty.", max_length=1024
                    ),
                ),
                (
                    "evaluate",
                    models.BooleanField(
                        default=False, help_text="Asked for by the card or a button."
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("checking", "checking"),
                            ("refused", "refused by a check"),
                            ("needs-track", "needs a track"),
                            ("queued", "queued"),
                            ("training", "training"),
                            ("benchmarking", "benchmarking"),
                            ("failed", "failed"),
                            ("in-review", "in review"),
                            ("needs-info", "needs an answer"),
                            ("changes-requested", "changes requested"),
                            ("rejected", "rejected"),
                            ("approved", "approved"),
                            ("released", "released"),
                            ("not-admitted", "measured, not admitted"),
                            ("published", "published"),
                            ("withdrawn", "withdrawn"),
                            ("cancelled", "cancelled"),
                        ],
                        default="checking",
                        max_length=20,
                    ),
                ),
                ("status_reason", models.TextField(blank=True)),
                ("status_since", models.DateTimeField(default=django.utils.timezone.now)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "discussion",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submission",
                        to="contributions.discussion",
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="registry.repository",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="contributions.track",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="run",
            name="submission",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="contributions.submission",
            ),
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        choices=[
                            ("licence", "Licence"),
                            ("privacy", "Privacy"),
                            ("technical", "Technical"),
                        ],
                        max_length=12,
                    ),
                ),
                ("opened_at", models.DateTimeField(help_text="Since when this key is waited for.")),
                ("due_at", models.DateTimeField()),
                ("risk", models.PositiveSmallIntegerField(default=0, help_text="0 low to 3 high.")),
                ("risk_reasons", models.JSONField(blank=True, default=list)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="claimed_reviews",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="review_items",
                        to="contributions.submission",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="review",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="contributions.submission",
            ),
        ),
        migrations.CreateModel(
            name="ReleasePatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("artifact_revision", models.CharField(max_length=40)),
                (
                    "head_revision",
                    models.CharField(help_text="The head that was approved.", max_length=40),
                ),
                ("admitted", models.BooleanField(null=True)),
                ("weight", models.FloatField(null=True)),
                ("gate_gain", models.FloatField(help_text="Nats on V.", null=True)),
                (
                    "gate_lower",
                    models.FloatField(help_text="One-sided 95 % bound, nats.", null=True),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="patches",
                        to="contributions.release",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="release_patches",
                        to="contributions.submission",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("finished", "a run of yours finished"),
                            ("failed", "a run of yours failed, or a check refused it"),
                            ("decision", "a reviewer decided on your submission"),
                            ("question", "a reviewer asks you something"),
                            ("deadline", "an answer of yours is due soon"),
                            ("answer", "somebody answered your question"),
                            ("comment", "somebody commented where you take part"),
                            ("release", "a release took or refused your submission"),
                            ("publication", "a release with your work was published"),
                            ("invitation", "somebody invited you to an organisation"),
                            ("review-due", "a review that you claimed is due soon"),
                        ],
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=300)),
                ("text", models.TextField(blank=True)),
                ("url", models.CharField(max_length=500)),
                ("about", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mail",
                    models.CharField(
                        choices=[("off", "no mail"), ("now", "at once"), ("digest", "once a day")],
                        default="off",
                        max_length=8,
                    ),
                ),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
                ("mail_after", models.DateTimeField(blank=True, null=True)),
                ("mail_attempts", models.PositiveSmallIntegerField(default=0)),
                ("in_app", models.BooleanField(default=True)),
                (
                    "repository",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registry.repository",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contributions.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=64)),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("block", "must be mended"),
                            ("warn", "look at it"),
                            ("info", "note"),
                        ],
                        max_length=8,
                    ),
                ),
                ("path", models.CharField(blank=True, max_length=1024)),
                ("line", models.PositiveIntegerField(blank=True, null=True)),
                ("message", models.TextField()),
                ("fix", models.TextField(blank=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="contributions.run",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="contributions.submission",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Credit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weight", models.FloatField()),
                ("amount", models.FloatField(help_text="Nats; the path integral A_i.")),
                ("low", models.FloatField()),
                ("high", models.FloatField()),
                (
                    "first_order",
                    models.FloatField(help_text="Gradient times weight at the base, nats."),
                ),
                (
                    "alone",
                    models.FloatField(help_text="Gain of this patch alone, nats.", null=True),
                ),
                (
                    "leave_one_out",
                    models.FloatField(help_text="Loss of gain without it, nats.", null=True),
                ),
                (
                    "metric_amount",
                    models.FloatField(help_text="The same in the track's metric.", null=True),
                ),
                ("formula", models.CharField(max_length=32)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="contributions.release",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="contributions.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["-amount"],
            },
        ),
        migrations.CreateModel(
            name="Comparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("split", models.CharField(max_length=1)),
                ("measure", models.CharField(help_text="loss, or a metric's name.", max_length=32)),
                ("difference", models.FloatField()),
                ("low", models.FloatField()),
                ("high", models.FloatField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comparisons",
                        to="contributions.run",
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contributions.score",
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contributions.score",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comparisons",
                        to="contributions.submission",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TrackDataset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.CharField(max_length=40)),
                (
                    "path",
                    models.CharField(
                        blank=True, help_text="File or folder; empty: data/.", max_length=1024
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trained_tracks",
                        to="registry.repository",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="training_data",
                        to="contributions.track",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seconds", models.FloatField(default=0)),
                (
                    "contributor",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="usage",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="benchmark",
            constraint=models.UniqueConstraint(fields=("digest",), name="benchmark_once"),
        ),
        migrations.AddIndex(
            model_name="discussion",
            index=models.Index(
                condition=models.Q(("status__in", ["open", "draft"])),
                fields=["repository"],
                name="discussion_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="discussion",
            constraint=models.UniqueConstraint(
                fields=("repository", "num"), name="discussion_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="hubtoken",
            constraint=models.UniqueConstraint(
                models.F("namespace"),
                django.db.models.functions.text.Lower("endpoint"),
                name="hub_token_once_per_endpoint",
            ),
        ),
        migrations.AddConstraint(
            model_name="track",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"), name="track_name_unique_any_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationchoice",
            constraint=models.UniqueConstraint(
                fields=("user", "kind"), name="notification_choice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="draftfile",
            constraint=models.UniqueConstraint(fields=("draft", "path"), name="draft_file_once"),
        ),
        migrations.AddConstraint(
            model_name="publicationstep",
            constraint=models.UniqueConstraint(
                fields=("publication", "name"), name="publication_step_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                fields=("track", "number"), name="release_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="publication",
            constraint=models.UniqueConstraint(
                fields=("release", "endpoint", "repo_id"), name="publication_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reviewanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="09247361c82cec1091289e4bcc5b12b4f0b5ca98",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_03ec5",
                    table="contributions_reviewanswer",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="attempt_once"),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.UniqueConstraint(
                fields=("model_digest", "benchmark", "split", "harness", "precision"),
                name="score_once",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["track", "status"], name="contributio_track_i_e8b81e_idx"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["-created_at"], name="contributio_created_7d530b_idx"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["status", "-id"], name="contributio_status_b4eb46_idx"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["contributor", "-id"], name="contributio_contrib_5e0324_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["repository", "-id"], name="contributio_reposit_cf4c7f_idx"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["track", "-id"], name="contributio_track_i_33e3a2_idx"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["kind", "-id"], name="contributio_kind_9bcae9_idx"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("discussion", None)),
                fields=("repository",),
                name="one_first_revision_per_repository",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "queued")),
                fields=["queue", "contributor", "-priority", "id"],
                name="run_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["track", "kind", "finished_at"], name="run_measured"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status__in", ["running", "cancelling"])),
                fields=["lease_expires_at"],
                name="run_leases",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "failed")),
                fields=["-finished_at"],
                name="run_failures",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "succeeded")),
                fields=["kind", "-finished_at"],
                name="run_finished",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["key", "due_at"],
                name="review_queue",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.UniqueConstraint(
                fields=("submission", "key"), name="review_item_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="review",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7b65cff7bbdcd7753a37cf54f198f327c79c163b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_81a0b",
                    table="contributions_review",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="releasepatch",
            constraint=models.UniqueConstraint(
                fields=("release", "submission"), name="release_patch_once"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["user", "-id"], name="notification_centre"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("read_at", None)), fields=["user"], name="notification_unread"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("mailed_at", None), models.Q(("mail", "off"), _negated=True)),
                fields=["mail", "id"],
                name="notification_outbox",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(fields=("user", "about"), name="notification_once"),
        ),
        migrations.AddIndex(
            model_name="credit",
            index=models.Index(fields=["-created_at"], name="credit_lately"),
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.UniqueConstraint(
                fields=("release", "submission"), name="credit_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="credit",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="45b9820f0697e7e1a2e0a4ca6158fb5f6f6d3e04",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a6a23",
                    table="contributions_credit",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="comparison",
            constraint=models.UniqueConstraint(
                fields=("submission", "run", "split", "measure"), name="comparison_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="trackdataset",
            constraint=models.UniqueConstraint(
                fields=("track", "dataset", "path"), name="track_dataset_once"
            ),
        ),
    ]
