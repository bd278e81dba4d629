"""Who one is on a server of RIFT: a remembered session, a password from a pipe, or questions."""

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from minechat.cli.checks import loopback
from minechat.cli.exits import UsageError
from minechat.cli.questions import Questions, characters
from minechat.cli.report import warn
from minechat.cli.rift_words import RiftWords
from minechat.cli.source import StandardInput
from minechat.cli.trust import trusted
from minechat.cli.typed import RiftOptions
from minechat.client.remembered import Remembered, Sessions
from minechat.client.rift import Credentials, Rift, rift
from minechat.client.tokens import read_token
from minechat.errors import (
    InvalidInput,
    Refused,
    SessionsUnusable,
    TokenFileUnusable,
    Unreachable,
    WrongPassword,
)
from minechat.protocol.rift.commands import LogOut
from minechat.protocol.rift.fields import NEW_SHORTEST
from minechat.protocol.rift.replies import AuthSuccess

#: What a server says of a name, after which another one is asked for.
_OF_THE_NAME = frozenset({"taken", "bad_name"})
#: What it says of the password, after which the name stays.
_OF_THE_PASSWORD = frozenset({"bad_password"})
#: What no other answer to the questions would mend.
_FOR_GOOD = frozenset({"banned", "not_allowed"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is on a server.

    :param remembered: what the file holds of it; None where the server gives no sessions
    """

    username: str
    credentials: Credentials = field(repr=False)
    remembered: Remembered | None = None


class Login:
    """The ways to be somebody that the options leave open.

    :param typed: standard input, whose first line may be the password
    """

    def __init__(
        self, options: RiftOptions, sessions: Sessions, typed: StandardInput, words: RiftWords
    ) -> None:
        self._options = options
        self._sessions = sessions
        self._typed = typed
        self._words = words
        self._server = f"{options.host.lower()}:{options.port}"
        self._password: str | None = None
        self._token: str | None = None
        self._warned = False

    async def prepare(self) -> None:
        """Finds out what can be found before anything is sent; takes the password from standard input.

        :raises UsageError: there is no way to be anybody
        :raises InvalidInput: there is no password on standard input
        :raises SessionsUnusable: the file of sessions cannot be used
        :raises TokenFileUnusable: there is no token in the file that should hold one
        """
        if self._options.password_stdin:
            if self._options.username is None:
                raise UsageError(self._words("no_name"))
            self._password = (await self._questions_or_line()) or ""
            if not self._password:
                raise InvalidInput(self._words("no_password"))
        elif self._options.token_path is not None:
            self._token = read_token(self._options.token_path)
            if self._token is None:
                raise TokenFileUnusable(self._words("no_token_file", path=self._options.token_path))
        elif not os.isatty(0) and (self._options.register or self._found() is None):
            nobody = "nobody_to_register" if self._options.register else "nobody"
            raise UsageError(self._words(nobody, server=self._server))

    async def identity(self) -> Identity:
        """Comes in, in the first way that is open.

        :raises WrongPassword: the password from standard input is wrong
        :raises InvalidInput: the person left a question
        :raises MinechatError: as ``Rift.register`` and ``Rift.log_in``
        """
        self._warn_of_plain()
        if self._password is not None:
            assert self._options.username is not None
            return await self._enter(self._options.username, self._password, register=self._options.register)
        if self._token is not None:
            return await self._enter_by_token(self._token)
        found = None if self._options.register else self._found()
        if found is not None:
            return Identity(
                found.username, Credentials(username=found.username, session=found.session), found
            )
        return await self._asked()

    def ended(self, identity: Identity) -> bool:
        """The session that was remembered is over: it is forgotten; whether another way may be open."""
        self.forget_here(identity)
        if identity.remembered is None or not os.isatty(0):
            return False
        self._tell("ended")
        return True

    def forget_here(self, identity: Identity) -> None:
        """Removes a session that has ended at the server."""
        if identity.remembered is not None:
            self._sessions.forget(self._server, identity.username, identity.remembered.session)

    async def forget(self) -> str:
        """Ends the remembered session at the server and removes it; returns whose it was.

        :raises UsageError: nothing is remembered
        :raises NetworkError: the server cannot be reached; the session is still there
        """
        found = self._found()
        if found is None:
            raise UsageError(self._words("nothing_to_forget", server=self._server))
        self._warn_of_plain()
        try:
            async with self._way() as wire:
                await wire.log_in(Credentials(username=found.username, session=found.session))
                await wire.ask(LogOut())
        except WrongPassword:
            pass  # it has ended already
        self._sessions.forget(self._server, found.username, found.session)
        return found.username

    def mark(self, identity: Identity, marks: Mapping[str, int]) -> None:
        """Keeps how far was read.

        :raises SessionsUnusable: it is not kept
        """
        if identity.remembered is not None:
            self._sessions.mark(
                self._server,
                Remembered(username=identity.username, session=identity.remembered.session, marks=marks),
            )

    def mark_at_the_end(self, identity: Identity, marks: Mapping[str, int]) -> None:
        """The same; where it fails it is said, and nothing else is lost."""
        try:
            self.mark(identity, marks)
        except SessionsUnusable as error:
            warn(self._options.program, self._words.why(error))

    @property
    def server(self) -> str:
        """The address as the file of sessions names it."""
        return self._server

    def _found(self) -> Remembered | None:
        return self._sessions.find(self._server, self._options.username)

    async def _questions_or_line(self) -> str | None:
        if os.isatty(0):
            return await Questions(self._typed).secret(self._words("password"))
        return await self._typed.line()

    async def _reach(self) -> None:
        """Nobody answers questions for a server that is not there."""
        try:
            async with self._way():
                pass
        except Unreachable as error:
            if not loopback(self._options.host):
                raise
            hint = self._words("no_server_here")
            raise Unreachable(f"{self._words.why(error).partition(';')[0]}; {hint}") from None

    async def _asked(self) -> Identity:
        await self._reach()
        questions = Questions(self._typed)
        register = self._options.register or await self._wants_to_register(questions)
        name, certain = self._options.username, False
        while True:
            name = name if name is not None and certain else await self._name(questions, name)
            certain = False
            password = await self._new(questions) if register else await self._secret(questions, "password")
            try:
                return await self._enter(name, password, register=register)
            except WrongPassword:
                self._tell("wrong")
            except Refused as error:
                if error.code in _FOR_GOOD:
                    raise
                warn(self._options.program, self._words.reason(error))
                certain = error.code in _OF_THE_PASSWORD
                if register and error.code in _OF_THE_NAME:
                    name = None

    async def _wants_to_register(self, questions: Questions) -> bool:
        while True:
            answer = self._given(await questions.ask(self._words("way"))).casefold()
            # The letters that these keys give on a Russian keyboard, too.
            if answer in ("r", "register", "к"):
                return True
            if answer in ("l", "login", "log in", "д"):
                return False
            self._tell("way_again")

    async def _name(self, questions: Questions, name: str | None) -> str:
        if name is not None and name == self._options.username:
            return name
        while True:
            question = self._words("name") if name is None else self._words("name_again", name=name)
            answer = self._given(await questions.ask(question)) or name
            if answer:
                return answer

    async def _new(self, questions: Questions) -> str:
        """Typed twice; what no server takes is found before the second time."""
        while True:
            password = await self._secret(questions, "password_new", least=NEW_SHORTEST)
            if (size := characters(password)) < NEW_SHORTEST:
                self._tell("password_short", size=size, least=NEW_SHORTEST)
            elif password == await self._secret(questions, "password_again"):
                return password
            else:
                self._tell("passwords_differ")

    async def _secret(self, questions: Questions, question: str, **values: object) -> str:
        while not (answer := self._given(await questions.secret(self._words(question, **values)))):
            pass
        return answer

    def _given(self, answer: str | None) -> str:
        """The answer to a question.

        :raises InvalidInput: the person left
        """
        if answer is None:
            raise InvalidInput(self._words("left"))
        return answer

    def _tell(self, sentence: str, **values: object) -> None:
        warn(self._options.program, self._words(sentence, **values))

    async def _enter(self, name: str, password: str, *, register: bool) -> Identity:
        async with self._way() as wire:
            if register:
                await wire.register(name, password)
            answer = await wire.log_in(Credentials(username=name, password=password))
        return self._come_in(answer, name, Credentials(username=name, password=password))

    async def _enter_by_token(self, token: str) -> Identity:
        async with self._way() as wire:
            answer = await wire.log_in(Credentials(token=token))
        return self._come_in(answer, "", Credentials(token=token))

    def _come_in(self, answer: AuthSuccess, name: str, credentials: Credentials) -> Identity:
        """Who we are now; a session that was given is remembered."""
        username = answer.username or name
        if answer.session is None:
            return Identity(username, credentials)
        remembered = Remembered(username=username, session=answer.session)
        self._keep(remembered)
        return Identity(username, Credentials(username=username, session=answer.session), remembered)

    def _keep(self, remembered: Remembered) -> None:
        try:
            self._sessions.keep(self._server, remembered)
        except SessionsUnusable as error:
            self._tell("not_kept", reason=self._words.why(error))
            return
        if not self._options.quiet:
            self._tell("welcome", name=remembered.username, path=self._sessions.path)

    def _way(self) -> AbstractAsyncContextManager[Rift]:
        options = self._options
        return rift(
            options.host,
            options.port,
            timeout=options.timeout,
            keepalive=options.keepalive,
            tls=trusted(options),
        )

    def _warn_of_plain(self) -> None:
        options = self._options
        if self._warned or options.tls or options.quiet or loopback(options.host):
            return
        self._warned = True
        self._tell("plain", host=options.host)
