"""What was done in a room, in sentences; a deed that only a newer server knows stays in its words."""

from datetime import datetime

from minechat.client.transcript import stamp
from minechat.protocol.rift import replies

Phrases = dict[str, str]

_TERMS = {"for ever": "for_ever", "for thousands of years": "for_ages"}
_UNTIL = "until "
#: The roles there are, and the phrase of each.
_ROLES = {"owner": "owner", "moderator": "moderator", "member": "member_role"}


def role_word(role: str, words: Phrases) -> str:
    """A role in words; one that nobody here knows as the server calls it."""
    return words[_ROLES[role]] if role in _ROLES else role


def deed(entry: replies.AuditEntry, words: Phrases) -> str:
    """One deed in a line that is not yet safe to show."""
    return words["deed"].format(
        time=stamp(entry.time), by=entry.by or words["server"], did=_did(entry, words)
    )


def _did(entry: replies.AuditEntry, words: Phrases) -> str:
    sentence = _sentence(entry)
    if sentence not in words:
        return " ".join(filter(None, (entry.what, entry.username, entry.detail)))
    until, reason = _term(entry.detail, words) if entry.what in ("mute", "ban") else ("", entry.detail)
    return words[sentence].format(
        name=entry.username,
        detail=entry.detail,
        role=role_word(entry.detail, words),
        until=until,
        reason=words["reason"].format(reason=reason) if reason else "",
    )


def _sentence(entry: replies.AuditEntry) -> str:
    """The name of the phrase for it."""
    special = {
        "role": "" if entry.username else "_own",
        "create": "_closed" if entry.detail == "invite" else "",
        "topic": "" if entry.detail else "_none",
    }
    return f"deed_{entry.what}{special.get(entry.what, '')}"


def _term(detail: str, words: Phrases) -> tuple[str, str]:
    """How long, as a phrase, and the reason; all of it is the reason where the first is not understood."""
    term, _, reason = detail.partition(": ")
    if term in _TERMS:
        return words[_TERMS[term]], reason
    try:
        if not term.startswith(_UNTIL):
            raise ValueError(term)
        end = datetime.fromisoformat(term.removeprefix(_UNTIL)).timestamp()
    except (ValueError, OverflowError, OSError):
        return "", detail
    return words["until"].format(until=stamp(end)), reason
