"""`/api/v1/`: what people offer and what became of it. Comes before `registry.api.urls`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from contributions.api import (
    leaderboard,
    notifications,
    publications,
    queue,
    releases,
    reviews,
    runs,
    submissions,
    tracks,
)

app_name = "work-api"

_SUBMISSION = {
    "cancel": submissions.CancelSubmission,
    "rerun": submissions.RerunSubmission,
    "withdraw": submissions.WithdrawSubmission,
    "open": submissions.OpenSubmission,
    "evaluate": submissions.EvaluateSubmission,
    "track": submissions.TrackOfSubmission,
    "answer": submissions.AnswerToReview,
    "reviews": reviews.ReviewsOfSubmission,
    "log": submissions.SubmissionLog,
}
_TRACK = "tracks/<str:name>/"
_RELEASE = f"{_TRACK}releases/<int:number>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("submissions/", submissions.Submissions.as_view(), name="submissions"),
    path("submissions/<int:pk>/", submissions.OneSubmission.as_view(), name="submission"),
    *(
        path(f"submissions/<int:pk>/{verb}/", view.as_view(), name=f"submission-{verb}")
        for verb, view in _SUBMISSION.items()
    ),
    path("runs/<int:pk>/", runs.OneRun.as_view(), name="run"),
    path("runs/<int:pk>/log/", runs.RunLog.as_view(), name="run-log"),
    path("runs/<int:pk>/cancel/", runs.CancelRun.as_view(), name="run-cancel"),
    path("tracks/", tracks.Tracks.as_view(), name="tracks"),
    path(_TRACK, tracks.OneTrack.as_view(), name="track"),
    path(f"{_TRACK}leaderboard/", leaderboard.Leaderboard.as_view(), name="leaderboard"),
    path(f"{_TRACK}releases/", releases.TrackReleases.as_view(), name="track-releases"),
    path(_RELEASE, releases.OneRelease.as_view(), name="release"),
    path(f"{_RELEASE}cancel/", releases.CancelRelease.as_view(), name="release-cancel"),
    path("releases/", releases.Releases.as_view(), name="releases"),
    path("publications/", publications.Publications.as_view(), name="publications"),
    path("publications/<int:pk>/", publications.OnePublication.as_view(), name="publication"),
    path("reviews/", reviews.ReviewQueue.as_view(), name="reviews"),
    path("reviews/<int:pk>/claim/", reviews.ClaimReview.as_view(), name="review-claim"),
    path("reviews/<int:pk>/give-back/", reviews.GiveReviewBack.as_view(), name="review-give-back"),
    path("notifications/", notifications.Notifications.as_view(), name="notifications"),
    path(
        "notifications/read/", notifications.ReadNotifications.as_view(), name="notifications-read"
    ),
    path("queue/", queue.Queue.as_view(), name="queue"),
]
