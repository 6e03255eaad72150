"""`/api/v1/`: what people offer and what became of it. Comes before `registry.api.urls`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from contributions.api import runs, submissions

app_name = "work-api"

_ACTIONS = {
    "cancel": submissions.CancelSubmission,
    "rerun": submissions.RerunSubmission,
    "withdraw": submissions.WithdrawSubmission,
    "open": submissions.OpenSubmission,
    "evaluate": submissions.EvaluateSubmission,
    "track": submissions.TrackOfSubmission,
    "answer": submissions.AnswerToReview,
    "log": submissions.SubmissionLog,
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("submissions/", submissions.Submissions.as_view(), name="submissions"),
    path("submissions/<int:pk>/", submissions.OneSubmission.as_view(), name="submission"),
    *(
        path(f"submissions/<int:pk>/{verb}/", view.as_view(), name=f"submission-{verb}")
        for verb, view in _ACTIONS.items()
    ),
    path("runs/<int:pk>/", runs.OneRun.as_view(), name="run"),
    path("runs/<int:pk>/log/", runs.RunLog.as_view(), name="run-log"),
    path("runs/<int:pk>/cancel/", runs.CancelRun.as_view(), name="run-cancel"),
]
