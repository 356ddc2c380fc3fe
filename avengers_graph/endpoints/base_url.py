"""Where an endpoint really is, when ``base_url`` is nearly right."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from langchain_core.exceptions import ModelAuthenticationError, ModelPermissionDeniedError

from avengers_graph.errors import ExpertError
from avengers_graph.experts.caller import ExpertCaller
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.settings.expert import Expert

_PATHS_WITHIN = ("/chat/completions", "/completions", "/responses", "/embeddings", "/models")
"""What clients add to a base URL themselves."""
_OF_OLLAMA = ("/api/chat", "/api/generate", "/api")
_OTHER_SCHEME = {"http": "https", "https": "http"}


def likely_urls(base_url: str) -> Iterator[str]:
    """The URLs that may have been meant, the most likely first; never the given one."""
    scheme, place, path, _, _ = urlsplit(base_url)
    stem = path.rstrip("/")
    for ending in (*_PATHS_WITHIN, *_OF_OLLAMA):
        stem = stem.removesuffix(ending)
    paths = dict.fromkeys((stem, f"{stem.removesuffix('/v1')}/v1"))
    for tried in (scheme, _OTHER_SCHEME[scheme]):
        for likely in paths:
            url = urlunsplit((tried, place, likely, "", ""))
            if url != base_url.rstrip("/"):
                yield url


async def working_url(expert: Expert) -> str | None:
    """The first likely URL under which there is an endpoint; None without.

    A key that was meant for an encrypted connection is not sent over a plain one.
    """
    urls = list(likely_urls(str(expert.base_url)))
    answered = await asyncio.gather(*(_lists_models(expert, url) for url in urls))
    return next((url for url, found in zip(urls, answered, strict=True) if found), None)


async def _lists_models(expert: Expert, base_url: str) -> bool:
    change: dict[str, object] = {"base_url": base_url}
    if str(expert.base_url).startswith("https:") and base_url.startswith("http:"):
        change |= {"api_key_env": None, "headers": {}}
    caller = ExpertCaller(expert.model_copy(update=change), retry_policy=RetryPolicy())
    try:
        return bool(await caller.models())
    except ExpertError as error:
        # Who asks for a key is there.
        return error.kind in (ModelAuthenticationError, ModelPermissionDeniedError)
    finally:
        await caller.aclose()
