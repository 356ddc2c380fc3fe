"""A sample in any of the shapes it comes in, read into the one the vote uses."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from avengers_graph.errors import ConfigError
from avengers_graph.voting.texts.reasoning import split_reasoning
from avengers_graph.voting.texts.spans import clip, stated

_WHOLE = re.compile(
    r"(?:finishreason)?(?:stop|stopped|stopsequence|stoptoken|stopword|stopstring|matchedstop|"
    r"toolcalls?|tooluse|functioncalls?|eos|eostoken|endturn|endofturn|endoftext|endoftoken|"
    r"complete|completed|completion|end|done|finish|finished|success|normal)+"
)
"""The reasons with which servers say that an answer is whole, without case and punctuation; a
stream may have said its reason twice."""
_UNSAID = frozenset({"", "none", "null", "finishreasonunspecified"})
_WITHHELD_WORDS = (
    "contentfilter contentfiltered safety sensitive refusal recitation blocklist "
    "prohibitedcontent spii guardrailintervened"
)
_WITHHELD = frozenset(_WITHHELD_WORDS.split())
"""The reasons with which servers say that they keep an answer back."""

_OPENER = re.compile(
    r"\W*(?:i(?:['’]?m| am)?\s+(?:(?:really|very|so|truly|deeply)\s+)?"
    r"(?:sorry|apologi[sz]e|afraid|regret)\b|(?:my |our )?(?:sincere )?apologies\b|sorry\b|"
    r"unfortunately\b|regrettably\b|as an? (?:ai|artificial|large language|language)\b|"
    r"i['’]?m (?:just |only )?an? (?:ai|language)\b)",
    re.IGNORECASE,
)
_DECLINING = re.compile(
    r"\b(?:i|we)(?:(?:['’]m|['’]re| am| are) (?:not (?:able|allowed|permitted|programmed|designed|"
    r"comfortable)|unable)|\s?(?:can(?:not|['’]t| not)|could(?:n['’]t| not)|won['’]t|will not|"
    r"must decline|decline|refuse|(?:do not|don['’]t) feel comfortable))(?: to| with)?\s+"
    r"(?:\w+ ){0,2}?(?:help|assist|answer\w*|provid\w*|comply|do|fulfil\w*|engag\w*|discuss\w*|"
    r"creat\w*|generat\w*|writ\w*|support|continu\w*|shar\w*|give|giving|respond\w*|offer\w*|"
    r"process|access|browse|view|see|open|predict)\b"
    r"|\bi (?:do not|don['’]t) have (?:access|enough|the ability|personal|real-?time|any|"
    r"opinions)\b"
    r"|\bagainst (?:my|our) (?:\w+ )?(?:policy|policies|guidelines|programming|principles)\b"
    r"|\b(?:es tut mir leid[^.!?]{0,60}\bnicht|leider kann ich[^.!?]{0,60}\bnicht|"
    r"je suis désolée?[^.!?]{0,60}\bne (?:peux|suis) pas|lo siento[^.!?]{0,60}\bno puedo|"
    r"mi dispiace[^.!?]{0,60}\bnon posso|sinto muito[^.!?]{0,60}\bnão posso)\b"
    r"|(?:抱歉|对不起)[，,]?我?(?:无法|不能)|죄송[^.!?]{0,60}수 없|"
    r"申し訳[^。]{0,60}(?:できません|できかねます)|"
    r"(?:извините|к сожалению)[^.!?]{0,20}не могу",
    re.IGNORECASE,
)
"""What declines, within the first sentences of a text."""
_BEST_GUESS = re.compile(
    r"\b(?:but|however)\b.{0,80}\b(?:i(?:['’]d| would) say|i think|my best guess|most likely|"
    r"probably|it is|it['’]s)\b"
    r"|\b(?:but|however)\b[^.\n]{0,80}=\s*\S",
    re.IGNORECASE | re.DOTALL,
)


@runtime_checkable
class MessageLike(Protocol):
    """What the vote needs of a LangChain message."""

    @property
    def content(self) -> Any:
        """A text, or content blocks."""


SampleLike: TypeAlias = str | Mapping[str, Any] | MessageLike


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample as the vote sees it."""

    text: str
    """Without reasoning blocks, clipped to a bounded length."""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    truncated: bool = False
    """The answer was broken off: only what it states outright counts, and only while no whole
    answer counts."""
    failed: bool = False
    """An error or a refusal: abstains whatever the text says."""

    @property
    def refused(self) -> bool:
        """The text declines and states no answer all the same."""
        return is_refusal(self.text)


def was_broken_off(finish_reason: object) -> bool:
    """Whether a server's reason for ending says that the answer is not whole.

    Every reason is one that is not known to be whole, in whatever spelling it comes; a reason
    that was not sent says nothing.
    """
    reason = _bare(finish_reason)
    return reason not in _UNSAID and _WHOLE.fullmatch(reason) is None


def _bare(finish_reason: object) -> str:
    """A reason in lower case without punctuation: ``FinishReason.STOP`` is ``finishreasonstop``."""
    return re.sub(r"[^a-z]", "", str(finish_reason or "")[:100].lower())


def is_refusal(text: str) -> bool:
    """Whether a text opens by declining and then states no answer.

    An apology alone declines nothing: "I apologize for the confusion. The answer is 42."
    """
    opening = text[:300]
    apology = _OPENER.match(opening)
    declining = _DECLINING.search(opening) if apology else _DECLINING.match(opening.lstrip("\"'* "))
    if declining is None:
        return False
    rest = text[declining.start() :]
    return next(stated(rest), None) is None and _BEST_GUESS.search(rest[:400]) is None


def read_sample(sample: SampleLike) -> Sample:
    """Read a text, a ``SampleRecord``, a message object or a message as JSON.

    Raises:
        ConfigError: it is none of these.
    """
    if isinstance(sample, str):
        return Sample(clip(split_reasoning(sample)[0]))
    if isinstance(sample, Mapping):
        if "text" not in sample and "content" not in sample and "tool_calls" not in sample:
            raise ConfigError(
                f"a sample has the keys {sorted(map(str, sample))!r}; give a text, or an object "
                "with `text` or `content`"
            )
        content = sample.get("text", sample.get("content"))
        metadata = sample.get("response_metadata")
        # A sample record has its refusal beside its text.
        extra = sample.get("additional_kwargs", sample)
        calls = sample.get("tool_calls")
        finish = sample.get("finish_reason")
        # A record says so of a stream that ended without a reason.
        ended_early = bool(sample.get("broken_off"))
        error = sample.get("error")
        split = bool(sample.get("reasoning"))
    elif isinstance(sample, MessageLike):
        content = sample.content
        metadata = getattr(sample, "response_metadata", None)
        extra = getattr(sample, "additional_kwargs", None)
        calls = getattr(sample, "tool_calls", None)
        finish = error = None
        ended_early = split = False
    else:
        raise ConfigError(
            f"a sample is a {type(sample).__name__}; give a text, a message or a sample record"
        )
    metadata = metadata if isinstance(metadata, Mapping) else {}
    reasons = (metadata.get(name) for name in ("finish_reason", "stop_reason", "done_reason"))
    finish = finish or next(filter(None, reasons), None)
    refusal = isinstance(extra, Mapping) and bool(extra.get("refusal"))
    text = content_text(content)
    return Sample(
        # What is left where it was taken off already may be about such tags.
        text=clip(text if split else split_reasoning(text)[0]),
        tool_calls=tuple(call for call in calls if isinstance(call, Mapping))
        if isinstance(calls, Sequence)
        else (),
        truncated=ended_early or was_broken_off(finish),
        failed=bool(error) or refusal or _bare(finish) in _WITHHELD,
    )


def content_text(content: object) -> str:
    """The text of a message's content: a string, or its text blocks joined."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts = []
    for block in content:
        if isinstance(block, str):
            parts.append(block)
        elif isinstance(block, Mapping) and isinstance(text := block.get("text"), str):
            parts.append(text)
    return "".join(parts)
