"""Every sentence that minechat rift says outside its screen, in English and in Russian."""

import os
from collections.abc import Mapping

_ENGLISH = {
    "nickname": "There is no token in {path}. Nickname to register (empty: only watch): ",
    "way": "New here? Type r to register, or l to log in: ",
    "way_again": "r or l, please",
    "name": "Name: ",
    "name_again": "Name [{name}]: ",
    "password": "Password: ",
    "password_new": "Password, {least} characters at least: ",
    "password_short": "that has {size} of the {least} characters that a password needs",
    "password_again": "The same again: ",
    "passwords_differ": "these were not the same",
    "old_password": "Password now: ",
    "new_password": "New password, {least} characters at least: ",
    "no_terminal": "a password is asked for at a terminal only",
    "password_changed": "the password is changed; your other sessions have ended",
    "wrong": "nobody has this name with this password; try again",
    "ended": "the session that was remembered has ended; log in again",
    "welcome": "you are {name}; this is remembered in {path}, and --forget ends it",
    "welcome_once": "you are {name}",
    "here": "you are {name} in {place}; /help lists the commands, exit leaves",
    "typing": "what you type is said in {place}; exit leaves",
    "not_kept": "the session is not remembered: {reason}",
    "connected": "connected to {address}",
    "lost": "connection lost: {reason}",
    "waiting": "{reason}; trying again in {delay:.1f} s",
    "waiting_again": "trying again in {delay:.1f} s",
    "ended_state": "the session has ended: {reason}",
    "skipped": "{count} messages of {place} are left out; /history shows them",
    "unread": "{place}: {count} new since you were here",
    "went": "you are in {place} now{topic}",
    "no_topic": "{place} has no topic",
    "topic": "the topic of {place}: {topic}",
    "not_in": "you are in no room called {place}; /rooms lists them, /join goes in",
    "nothing_said": "nothing was said here yet",
    "exported": "{count} messages of {place} are in {file}",
    "exported_mine": "all that the server keeps of you is in {file} ({count} entries)",
    "paste": "Send {count} lines as one message? y or n: ",
    "not_sent": "not sent: {reason}",
    "forgotten": "the session of {name} on {server} has ended and is forgotten",
}
_RUSSIAN = {
    "nickname": "В {path} нет токена. Какой псевдоним зарегистрировать (пусто: только смотреть): ",
    "way": "Впервые здесь? r — завести учётную запись, l — войти: ",
    "way_again": "r или l, пожалуйста",
    "name": "Имя: ",
    "name_again": "Имя [{name}]: ",
    "password": "Пароль: ",
    "password_new": "Пароль, не короче {least} символов: ",
    "password_short": "в нём {size} из {least} символов, которые нужны паролю",
    "password_again": "Ещё раз: ",
    "passwords_differ": "пароли не совпали",
    "old_password": "Нынешний пароль: ",
    "new_password": "Новый пароль, не короче {least} символов: ",
    "no_terminal": "пароль спрашивают только на терминале",
    "password_changed": "пароль изменён; остальные ваши сеансы завершены",
    "wrong": "такого имени с таким паролем нет; попробуйте ещё раз",
    "ended": "запомненный сеанс завершён; войдите снова",
    "welcome": "вы {name}; это запомнено в {path}, а --forget завершит сеанс",
    "welcome_once": "вы {name}",
    "here": "вы {name}, комната {place}; /help покажет команды, exit — выход",
    "typing": "всё, что вы напишете, попадёт в {place}; exit — выход",
    "not_kept": "сеанс не запомнен: {reason}",
    "connected": "есть связь с {address}",
    "lost": "связь потеряна: {reason}",
    "waiting": "{reason}; новая попытка через {delay:.1f} с",
    "waiting_again": "новая попытка через {delay:.1f} с",
    "ended_state": "сеанс завершён: {reason}",
    "skipped": "пропущено сообщений из {place}: {count}; их покажет /history",
    "unread": "{place}: новых сообщений {count}",
    "went": "теперь вы здесь: {place}{topic}",
    "no_topic": "у {place} нет темы",
    "topic": "тема {place}: {topic}",
    "not_in": "вы не состоите в {place}; /rooms покажет комнаты, /join — вступить",
    "nothing_said": "здесь ещё ничего не сказали",
    "exported": "сообщения {place} ({count}) записаны в {file}",
    "exported_mine": "всё, что сервер о вас хранит, записано в {file} (записей: {count})",
    "paste": "Отправить {count} строк одним сообщением? y или n: ",
    "not_sent": "не отправлено: {reason}",
    "forgotten": "сеанс {name} на {server} завершён и забыт",
}


class RiftWords:
    """The sentences in one language.

    :ivar language: ``en`` or ``ru``
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._table = _RUSSIAN if language == "ru" else _ENGLISH

    def __call__(self, key: str, **values: object) -> str:
        """One sentence; what strangers said in it is not yet safe to show."""
        return self._table[key].format(**values)


def language(choice: str, environ: Mapping[str, str] | None = None) -> str:
    """``en`` or ``ru``: the choice, or for ``auto`` what the environment asks programs to speak."""
    if choice != "auto":
        return choice
    environ = os.environ if environ is None else environ
    wanted = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "ru" if wanted.lower().startswith("ru") else "en"
