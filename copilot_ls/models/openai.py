"""Any OpenAI-compatible server that the user names: vLLM, llama-server, Ollama, LM Studio, TGI.

A fill-in-the-middle prompt goes to ``/v1/completions`` as raw text, because these servers ignore
the field ``suffix`` without a word. Closing the stream closes the connection, which is how they
all learn of a cancel. The environment's proxies and certificates are not consulted: where code is
sent is for the settings alone to say. To another machine, prompts go without their secrets.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import ssl
import time
import urllib.parse
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from copilot_ls.domain import (
    Capabilities,
    Delta,
    FimFormat,
    FimOrder,
    FinishReason,
    Prompt,
    PromptLayout,
    Usage,
)
from copilot_ls.errors import (
    ConfigError,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from copilot_ls.models.engine import cannot_judge
from copilot_ls.models.text_stream import StopCutter, encodable, encodable_prompt
from copilot_ls.prompts.discreet import discreet, discreet_text

if TYPE_CHECKING:
    import httpx

_CONNECT_TIMEOUT_S = 5.0
_MAX_STOPS = 4  # OpenAI's own limit; compatible servers copy it. The rest is cut here.
_MAX_EVENT_BYTES = 1 << 20
_MAX_MESSAGE_CHARS = 200
_CHARS_PER_TOKEN = 3

_Json: TypeAlias = dict[str, object]


class EndpointApi(StrEnum):
    """Which request a raw prompt becomes; messages always go to ``/v1/chat/completions``."""

    COMPLETIONS = "completions"
    INFILL = "infill"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """A server as the user's settings name it. Empty ``model`` asks the server for its first."""

    url: str
    api: EndpointApi = EndpointApi.COMPLETIONS
    model: str = ""
    api_key: str = ""
    timeout_s: float = 20.0
    proxy: str = ""
    ca_bundle: str = ""
    context_tokens: int = 8_192


class OpenAIModel:
    """A model behind HTTP. ``fim`` and ``layout`` are the catalogue's for the model it serves."""

    def __init__(
        self,
        options: EndpointOptions,
        *,
        fim: FimFormat | None = None,
        layout: PromptLayout | None = None,
    ) -> None:
        self._options = options
        self._root = _root_of(options.url)
        self._fim = None if options.api is EndpointApi.CHAT else fim
        self._layout = layout or PromptLayout()
        self._client: httpx.AsyncClient | None = None
        self._model: _Json | None = None
        self._can_tokenize = True
        self._is_closed = False
        self._is_local = is_loopback(options.url) and not options.proxy

    async def capabilities(self) -> Capabilities:
        model = await self._served_model()
        return Capabilities(
            model=str(model["id"]),
            engine="endpoint",
            context_tokens=_number(model.get("context_tokens"), 0) or self._options.context_tokens,
            fim=self._fim,
            layout=self._layout,
            has_chat=True,
            is_local=self._is_local,
        )

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        prompt = encodable_prompt(prompt)
        if not self._is_local:
            prompt = discreet(prompt)
        path, body = self._request(prompt, str((await self._served_model())["id"]))
        began = time.perf_counter()
        cutter = StopCutter(prompt.stops)
        answer = _Answer()
        first_ms = 0.0
        # Leaving the context closes the connection, also when this generator is closed early.
        async with contextlib.aclosing(self._events(path, body)) as events:
            async for event in events:
                text = answer.take(event)
                first_ms = first_ms or ((time.perf_counter() - began) * 1e3 if text else 0.0)
                if shown := cutter.push(text):
                    yield Delta(text=shown)
                if cutter.is_stopped:
                    answer.finish = FinishReason.STOP
                    break
        if held := cutter.flush():
            yield Delta(text=held)
        total_ms = (time.perf_counter() - began) * 1e3
        yield Delta(finish=answer.finish, usage=answer.usage(first_ms, total_ms))

    async def warm(self, text: str) -> None:
        """Do nothing: a server may be shared, and what it caches is its own affair."""

    async def likelihoods(
        self,
        texts: Sequence[str],  # noqa: ARG002
        continuation: str,  # noqa: ARG002
    ) -> Sequence[float]:
        raise cannot_judge("a server")

    async def count_tokens(self, text: str) -> int:
        """Ask the server, if it can tell (llama-server, vLLM); else estimate, on the high side."""
        text = encodable(text)
        if not self._is_local:
            text = discreet_text(text)
        if self._can_tokenize:
            model = str((await self._served_model())["id"])
            body = {"model": model, "prompt": text, "content": text, "parse_special": True,
                    "add_special_tokens": False}  # fmt: skip
            try:
                found = await self._fetch("POST", f"{self._root}/tokenize", body)
            except ModelRefused:
                found = {}
            match found:
                case {"count": int(count)}:
                    return count
                case {"tokens": list(tokens)}:
                    return len(tokens)
            self._can_tokenize = False
        return -(-len(text) // _CHARS_PER_TOKEN)

    async def aclose(self) -> None:
        self._is_closed = True
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _served_model(self) -> _Json:
        if self._options.model:
            return {"id": self._options.model}
        if self._model is not None:
            return self._model
        match await self._fetch("GET", f"{self._root}/v1/models"):
            case {"data": [{"id": str(name)} as model, *_]}:
                self._model = {"id": name, "context_tokens": _context_tokens(model)}
                return self._model
            case _:
                raise ModelRefused(
                    "the server does not tell which models it has", remedy="set endpoint.model"
                )

    def _request(self, prompt: Prompt, model: str) -> tuple[str, _Json]:
        body: _Json = {
            "model": model,
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "seed": prompt.seed,
            "stop": list(prompt.stops[:_MAX_STOPS]),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if prompt.messages:
            chat = [{"role": str(m.role), "content": m.text} for m in prompt.messages]
            return "/v1/chat/completions", body | {"messages": chat}
        match self._options.api:
            case EndpointApi.COMPLETIONS:
                return "/v1/completions", body | {"prompt": prompt.text}
            case EndpointApi.INFILL:
                pieces = split_fim(prompt.text, self._fim)
                return "/infill", body | pieces | {"n_predict": prompt.max_tokens}
            case EndpointApi.CHAT:
                raise ModelRefused(
                    "the endpoint speaks chat only and cannot complete code while typing",
                    remedy="set endpoint.api to completions if the server offers it",
                )

    async def _events(self, path: str, body: _Json) -> AsyncGenerator[_Json, None]:
        with self._translated():
            request = self._http().stream("POST", self._root + path, json=body)
            async with request as response:
                await self._check(response)
                if response.headers.get("content-type", "").startswith("application/json"):
                    yield _parsed(await _whole(response))  # It does not stream, but it answered.
                    return
                async for line in _lines(response):
                    if not line.startswith(b"data:"):
                        continue
                    data = line[5:].strip()
                    if data == b"[DONE]":
                        return
                    if event := _parsed(data):
                        self._check_event(event)
                        yield event

    async def _fetch(self, method: str, url: str, body: _Json | None = None) -> _Json:
        with self._translated():
            async with self._http().stream(method, url, json=body) as response:
                await self._check(response)
                return _parsed(await _whole(response))

    def _http(self) -> httpx.AsyncClient:
        if self._is_closed:
            raise ModelUnavailable("the model was closed", remedy="open it again")
        if self._client is None:
            import httpx

            options = self._options
            key = options.api_key
            self._client = httpx.AsyncClient(
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=httpx.Timeout(options.timeout_s, connect=_CONNECT_TIMEOUT_S),
                proxy=options.proxy or None,
                verify=_trust(options),
                trust_env=False,
                follow_redirects=False,
            )
        return self._client

    async def _check(self, response: httpx.Response) -> None:
        if response.status_code < 300:
            return
        message = self._shortened(await _whole(response))
        said = f"the server answered {response.status_code}: {message}"
        match response.status_code:
            case 401 | 403:
                raise ModelRefused(said, remedy="check the key that endpoint.api_key_env names")
            case 404:
                raise ModelRefused(said, remedy="check endpoint.url, endpoint.api, endpoint.model")
            case status if 300 <= status < 400:
                raise ModelRefused(said, remedy="set endpoint.url to where it redirects")
            case status if status < 500:
                raise ModelRefused(said, remedy="check endpoint.model and the prompt's length")
            case _:
                raise ModelUnavailable(said, remedy="see the server's own log")

    def _check_event(self, event: _Json) -> None:
        if error := event.get("error"):
            message = self._shortened(json.dumps({"error": error}).encode())
            raise ModelUnavailable(
                f"the server broke off: {message}", remedy="see the server's own log"
            )

    def _shortened(self, body: bytes) -> str:
        match _parsed(body):
            case {"error": {"message": str(text)}} | {"error": str(text)}:
                pass
            case {"message": str(text)} | {"detail": str(text)}:
                pass
            case _:
                text = body.decode("utf-8", "replace")
        if self._options.api_key:
            text = text.replace(self._options.api_key, "…")
        return " ".join(text.split())[:_MAX_MESSAGE_CHARS]

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        import httpx

        try:
            yield
        except ModelError:
            raise
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise ModelUnavailable(
                f"no server answers at {self._root}: {_reason(error)}",
                remedy="start it, or correct endpoint.url",
            ) from error
        except httpx.TimeoutException as error:
            raise ModelTimeout(
                f"the server was silent for {self._options.timeout_s:.0f} s",
                remedy="raise endpoint.timeout_seconds, or choose a smaller model",
            ) from error
        except (httpx.HTTPError, httpx.StreamError, RuntimeError) as error:
            raise ModelUnavailable(
                f"the connection to {self._root} broke: {_reason(error)}",
                remedy="see the server's own log",
            ) from error


class _Answer:
    """Reads the events of all three interfaces."""

    def __init__(self) -> None:
        self.finish = FinishReason.STOP
        self._usage: Mapping[str, object] = {}
        self._timings: Mapping[str, object] = {}
        self._n_events = 0

    def take(self, event: _Json) -> str:
        """Return the text of an event; what makes no sense is passed over."""
        text = ""
        reason: object = None
        match event:
            case {"choices": [{"text": str(text), **choice}, *_]}:
                reason = choice.get("finish_reason")
            case {"choices": [{"delta": {"content": str(text)}, **choice}, *_]}:
                reason = choice.get("finish_reason")
            case {"choices": [{"message": {"content": str(text)}, **choice}, *_]}:
                reason = choice.get("finish_reason")
            case {"choices": [{"finish_reason": str(reason)}, *_]}:
                pass
            case {"content": str(text)}:
                reason = "length" if event.get("stop_type") == "limit" else None
        if reason == "length":
            self.finish = FinishReason.LENGTH
        self._n_events += bool(text)
        self._usage = _mapping(event.get("usage")) or self._usage
        self._timings = _mapping(event.get("timings")) or self._timings
        return text

    def usage(self, first_ms: float, total_ms: float) -> Usage:
        details = self._usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
        cached = self._timings.get("cache_n", cached)
        return Usage(
            prompt_tokens=_number(self._usage.get("prompt_tokens"), 0),
            cached_tokens=_number(cached, -1),
            output_tokens=_number(self._usage.get("completion_tokens"), self._n_events),
            first_token_ms=first_ms,
            total_ms=total_ms,
        )


def split_fim(text: str, fim: FimFormat | None) -> dict[str, object]:
    """Take a rendered prompt apart into the fields of llama.cpp's ``/infill``.

    Raises:
        ModelRefused: the format is unknown, or not prefix-suffix-middle, which is all it knows.
    """
    if fim is None or fim.order is not FimOrder.PREFIX_SUFFIX_MIDDLE:
        raise ModelRefused(
            "/infill needs a model whose fill-in-the-middle format is known",
            remedy="set endpoint.catalog_id, or endpoint.api to completions",
        )
    header, _, rest = text.partition(fim.prefix)
    prefix, _, rest = rest.partition(fim.suffix)
    suffix, _, after = rest.partition(fim.middle)
    extra = []
    for piece in header.split(fim.file_separator)[1:] if fim.file_separator else ():
        name, _, content = piece.partition("\n")
        if content.strip():
            extra.append({"filename": name, "text": content})
    return {"input_prefix": prefix, "input_suffix": suffix, "prompt": after, "input_extra": extra}


def is_loopback(url: str) -> bool:
    """Tell whether the URL names this machine by its own address."""
    try:
        host = urllib.parse.urlsplit(url).hostname or ""
        if host == "localhost":
            return True
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _root_of(url: str) -> str:
    try:
        parts = urllib.parse.urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(
            f"endpoint.url {url!r} is not an http or https address",
            remedy="write it like http://127.0.0.1:8080/v1",
        )
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def _trust(options: EndpointOptions) -> ssl.SSLContext | bool:
    if not options.ca_bundle:
        return True
    try:
        return ssl.create_default_context(cafile=options.ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"endpoint.ca_bundle {options.ca_bundle} cannot be read: {error}",
            remedy="name a PEM file with certificates",
        ) from error


async def _whole(response: httpx.Response) -> bytes:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MAX_EVENT_BYTES:
            break
    return body


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    held = b""
    async for piece in response.aiter_bytes():
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            yield line
        if len(held) > _MAX_EVENT_BYTES:
            raise ModelUnavailable(
                "the server's answer makes no sense", remedy="check endpoint.url"
            )
    yield held


def _parsed(data: bytes) -> _Json:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _context_tokens(model: object) -> int:
    match model:
        case {"max_model_len": int(n_tokens)} | {"meta": {"n_ctx": int(n_tokens)}}:
            return n_tokens
        case _:
            return 0


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object, default: int) -> int:
    return value if isinstance(value, int) else default
