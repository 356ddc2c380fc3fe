"""An OpenAI-compatible HTTP server on loopback, scripted by the test that uses it.

::

    server.serve("alpha", "42", "17")            # the first request gets 42, later ones 17
    server.serve("beta", Fault(503), Reply("42", delay=0.1))
    server.serve("gamma", lambda request: Reply(request.prompt.upper()), n="ignored")

A model that was not told what to say improvises (``improvise.py``). Everything that came in
is in ``requests``; a client that hung up is seen there too.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.servers.answers import (
    Answer,
    Cut,
    Fault,
    Reply,
    UsageStyle,
    completion,
    events,
    limited,
    prompt_text,
)
from tests.servers.improvise import improvise

TreatmentOfN = Literal["honoured", "ignored", "refused"]


@dataclass(slots=True, eq=False)
class Received:
    """One request to ``/v1/chat/completions``."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    at: float
    """``time.monotonic()`` of its arrival."""
    disconnected: bool = False
    """The client hung up before the answer was through."""
    finished: bool = False

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def n(self) -> int:
        return int(self.body.get("n") or 1)

    @property
    def prompt(self) -> str:
        """All text of its messages."""
        return prompt_text(self.body)


Script = str | Answer | Callable[[Received], "str | Answer"]


@dataclass(slots=True)
class ServedModel:
    """What one model does. Each choice takes the next entry of the script; the last one stays."""

    script: Sequence[Script]
    n: TreatmentOfN = "honoured"
    usage: UsageStyle = "whole"
    system: bool = True
    """False: a system message is refused, as some chat templates do."""
    most_n: int = 128
    row: Mapping[str, Any] = field(default_factory=dict)
    """What its row in the list of models holds besides."""
    position: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, received: Received) -> Answer:
        """The next answer."""
        with self.lock:
            entry = self.script[min(self.position, len(self.script) - 1)]
            self.position += 1
        answer = entry(received) if callable(entry) else entry
        return Reply(answer) if isinstance(answer, str) else answer


class OpenAIServer:
    """The server; a context manager that stops what it started."""

    def __init__(self) -> None:
        self.api_key: str | None = None
        """Asked for as a bearer token when set."""
        self.models: dict[str, ServedModel] = {}
        self.requests: list[Received] = []
        self.paths: dict[str, Any] = {}
        """What other paths answer: a body, or a function of the request's."""
        self.peak = 0
        """Most requests that were in progress at once."""
        self._in_progress: set[Received] = set()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/models", self._list_models),
                Route("/{path:path}", self._beside, methods=["GET", "POST"]),
            ]
        )
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="openai-test-server"
        )

    # -- for tests --------------------------------------------------------------------------

    def serve(self, model: str, *script: Script, **ways: Any) -> ServedModel:
        """Say what a model answers; ``ways`` are fields of ``ServedModel``."""
        script = script or (lambda received: improvise(received.body),)
        self.models[model] = ServedModel(script, **ways)
        return self.models[model]

    def asked(self, model: str) -> list[Received]:
        """The requests for one model, in order of arrival."""
        return [received for received in self.requests if received.model == model]

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 20.0) -> None:
        """Wait until something has happened at the server."""
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                raise AssertionError(f"did not happen within {seconds} s; saw {self.requests}")
            time.sleep(0.005)

    def reset(self) -> None:
        """As new; answers still being held back are left to their connections."""
        self.api_key, self.models, self.paths, self.requests = None, {}, {}, []
        self.peak, self._in_progress = 0, set()

    def start(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Hang up on everyone and end the thread."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=20)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- over HTTP --------------------------------------------------------------------------

    async def _list_models(self, request: Request) -> Response:
        if refused := self._without_key(request):
            return refused
        common = {"object": "model", "owned_by": "tests"}
        data = [{"id": name, **common, **served.row} for name, served in self.models.items()]
        return JSONResponse({"object": "list", "data": data})

    async def _beside(self, request: Request) -> Response:
        """What servers have beside OpenAI's protocol, as ``/api/show``."""
        said = self.paths.get(request.url.path)
        if said is None:
            return Response("404 page not found", 404, media_type="text/plain")
        return JSONResponse(said(await request.json()) if callable(said) else said)

    async def _chat(self, request: Request) -> Response:
        arrived = time.monotonic()
        if refused := self._without_key(request):
            return refused
        try:
            body = await request.json()
        except json.JSONDecodeError:
            return _refusal(400, "the body is not JSON")
        if wrong := _wrong(body):
            return _refusal(400, wrong)
        received = Received(body, dict(request.headers), arrived)
        self.requests.append(received)
        served = self.models.get(received.model)
        if served is None and self.models:
            return _refusal(404, f"The model `{received.model}` does not exist.")
        served = served or ServedModel((lambda asked: improvise(asked.body),))
        if not served.system and any(m["role"] == "system" for m in body["messages"]):
            return _refusal(400, "System role not supported")
        if received.n > 1 and (served.n == "refused" or received.n > served.most_n):
            return _refusal(400, f"n is {received.n}; only {served.most_n} slots")
        return _Answering(self, received, served)

    def _without_key(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if self.api_key is None or given == f"Bearer {self.api_key}":
            return None
        shown = given.removeprefix("Bearer ")
        # Some servers quote the key they were given: clients must not pass that on.
        return _refusal(401, f"Incorrect API key provided: {shown}.")


def _wrong(body: Any) -> str | None:
    """What a careful server would find wrong with a request."""
    if not isinstance(body, dict) or not body.get("messages") or not body.get("model"):
        return "messages and model are needed"
    if body.get("tool_choice") not in (None, "none") and not body.get("tools"):
        return "tool_choice is only allowed when tools are specified"
    open_calls: set[str] = set()
    for message in body["messages"]:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                return f"no tool call has the id {message.get('tool_call_id')!r}"
        elif message["role"] == "assistant":
            open_calls |= {call["id"] for call in message.get("tool_calls") or []}
    return None


def _refusal(status: int, message: str) -> Response:
    return Response(Fault(status, message).text(), status, media_type="application/json")


class _Answering(Response):
    """Sends the answers to one request, and notices when the client hangs up."""

    def __init__(self, server: OpenAIServer, received: Received, served: ServedModel) -> None:
        self._server, self._received, self._served = server, received, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = self._server
        in_progress = server._in_progress
        in_progress.add(self._received)
        server.peak = max(server.peak, len(in_progress))
        writing = asyncio.create_task(self._write(send))
        listening = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({writing, listening}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                await writing
                self._received.finished = True
            else:
                self._received.disconnected = True
        finally:
            in_progress.discard(self._received)
            for task in (writing, listening):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(writing, listening, return_exceptions=True)

    async def _write(self, send: Send) -> None:
        body, served = self._received.body, self._served
        first = served.next(self._received)
        while isinstance(first, Reply) and not first.after():  # noqa: ASYNC110 - another thread's
            await asyncio.sleep(0.005)
        await asyncio.sleep(first.delay)
        if isinstance(first, Fault):
            await _whole(send, first.text(), first.status, first.content_type, first.headers)
        elif isinstance(first, Cut):
            await _begin(send, 200, "application/json", {"content-length": "10000"})
            await _more(send, first.sent)
        else:
            replies = [limited(reply, body) for reply in self._replies(first)]
            if body.get("stream"):
                await self._stream(send, first, events(body, replies, served.usage))
            else:
                text = json.dumps(completion(body, replies, served.usage))
                # Who has the answer may send the next request before this one is done here.
                self._server._in_progress.discard(self._received)
                await _whole(send, text, 200, "application/json", {})

    def _replies(self, first: Reply) -> list[Reply]:
        wanted = 1 if self._served.n == "ignored" else self._received.n
        rest = [self._served.next(self._received) for _ in range(wanted - 1)]
        return [first, *(answer for answer in rest if isinstance(answer, Reply))]

    async def _stream(self, send: Send, reply: Reply, pieces: Any) -> None:
        await _begin(send, 200, "text/event-stream", {})
        for count, piece in enumerate(pieces):
            if reply.cut_after is not None and count >= reply.cut_after:
                return
            await asyncio.sleep(reply.gap if count else 0)
            await _more(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _begin(send: Send, status: int, content_type: str, headers: Mapping[str, str]) -> None:
    fields = {"content-type": content_type, **headers}
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _more(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _whole(
    send: Send, text: str, status: int, content_type: str, headers: Mapping[str, str]
) -> None:
    length = {"content-length": str(len(text.encode()))}
    await _begin(send, status, content_type, {**headers, **length})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": False})
