"""How somebody comes in by RIFT: a new account, or by password, by session or by the speak port's token."""

from minechat.errors import Refused, WrongPassword
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.frames import shown
from minechat.server.accounts import Person
from minechat.server.hub import Hub

#: Nobody could mute, invite or write to them: they share their names.
_NAMELESS = Refused(
    "an account without a nickname cannot come in here; register a nickname", code="not_allowed"
)


async def register(hub: Hub, one: c.Register, source: str) -> r.RegisterSuccess:
    """A new account.

    :raises Refused: ``taken``, ``bad_name``, ``bad_password``, ``too_fast`` or ``busy``
    :raises NotStored: the database could not keep it
    """
    person = await hub.people.register(one.username, one.password, source)
    return r.RegisterSuccess(id=one.id, message=f"You are {shown(person.name)} now. Log in to talk.")


async def who(hub: Hub, one: c.Auth, source: str) -> Person:
    """Whom an ``auth`` proves.

    :raises WrongPassword: nobody
    :raises Refused: ``banned``, ``too_fast`` or ``busy``; ``not_allowed``: an account without a nickname
    :raises NotStored: the database cannot be asked now
    """
    people = hub.people
    if one.session is not None:
        person = await people.by_session(one.session, source)
    elif one.token is not None:
        person = await people.by_token(one.token, source)
    else:
        assert one.username is not None and one.password is not None
        person = await people.log_in(one.username, one.password, source)
    if person is None:
        raise WrongPassword("this session or token is nobody's; log in again")
    if person.name.endswith(" "):  # an epithet alone
        raise _NAMELESS
    return person
