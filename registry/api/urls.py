"""`/api/v1/`: every address ends with a slash and answers without one too."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, URLPattern, URLResolver, path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt

from registry.api import description, endpoints, people, repositories, tokens

app_name = "api"


@csrf_exempt
def elsewhere(request: HttpRequest) -> HttpResponseBase:
    """What no pattern matched: without its slash it may be one of ours."""
    if not request.path_info.endswith("/"):
        try:
            found = resolve(f"{request.path_info}/")
        except Resolver404:
            return endpoints.absent(request)
        if found.func is not elsewhere:
            request.resolver_match = found
            answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
            return answer
    return endpoints.absent(request)


urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", people.Me.as_view(), name="me"),
    path("tokens/", tokens.Tokens.as_view(), name="tokens"),
    path("tokens/<int:pk>/", tokens.Token.as_view(), name="token"),
    path("repositories/", repositories.Repositories.as_view(), name="repositories"),
    path(
        "repositories/<str:repo_type>/<str:namespace>/<str:name>/",
        repositories.OneRepository.as_view(),
        name="repository",
    ),
    path("schema/", description.Description.as_view(), name="schema"),
    path("docs/", description.docs, name="docs"),
    re_path("", elsewhere),
]
