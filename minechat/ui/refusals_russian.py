"""What servers refuse, in Russian: a sentence for each code, and one for each sentence of our own server."""

#: By the codes of docs/rift.md: for a sentence that is not in the table below.
CODES = {
    "bad_frame": "сервер не понял запрос",
    "unknown_command": "сервер не знает такой команды",
    "out_of_turn": "сейчас сервер такого не ждёт",
    "empty": "текста нет",
    "too_long": "слишком длинно",
    "bad_name": "такое имя не подходит",
    "taken": "это имя занято или похоже на занятое",
    "bad_password": "такой пароль не подходит",
    "wrong_password": "такого имени с таким паролем нет, или сеанс завершён",
    "no_room": "такой комнаты нет",
    "no_user": "никого с таким именем здесь нет",
    "not_member": "это только для участников комнаты",
    "not_allowed": "вам это не разрешено",
    "offline": "адресата нет в сети, и сообщение не сохранено",
    "muted": "вам запрещено здесь писать",
    "banned": "вам запрещён вход",
    "id_reused": "под этим номером уже было другое сообщение",
    "too_many": "больше нельзя: это предел для одной учётной записи",
    "too_fast": "слишком часто",
    "busy": "сервер перегружен",
    "not_stored": "сервер не смог это записать, ничего не сохранено",
    "stopping": "сервер останавливается",
    "ended": "сеанс завершён в другом месте, войдите снова",
    "internal": "ошибка в сервере",
}

#: By the words of our server, without a dot at the end. What waits is told apart, from ``retry_after``.
SENTENCES = {
    # Coming in.
    "nobody has this name and this password": "такого имени с таким паролем нет",
    "the old password is wrong": "нынешний пароль неверен",
    "this session or token is nobody's; log in again": "такого сеанса или токена нет; войдите снова",
    "your password or token was changed, log in again": "ваш пароль или токен изменён, войдите снова",
    "your password was changed meanwhile, log in again": "ваш пароль тем временем изменён, войдите снова",
    "your password was changed, log in again": "ваш пароль изменён, войдите снова",
    "your token was replaced": "ваш токен заменён",
    "your nickname is now {name}": "ваш псевдоним теперь {name}",
    "you logged out from another connection": "вы завершили сеанс из другого места",
    "you have come in too often; the oldest connection ends": "вы вошли слишком много раз; "
    "самое старое соединение закрыто",
    "an account without a nickname cannot come in here; register a nickname": "без псевдонима сюда "
    "не войти; зарегистрируйте псевдоним",
    "an account without a name of its own can have no password": "у учётной записи без псевдонима "
    "не может быть пароля",
    "you are banned": "вам запрещён вход",
    "you are banned: {reason}": "вам запрещён вход: {reason}",
    "too many logins from your address failed, try again in {seconds} s": "слишком много неудачных входов "
    "с вашего адреса",
    "too many wrong passwords, try again in {seconds} s": "слишком много неверных паролей",
    "too many logins on one connection, try again in {seconds} s": "слишком много входов в одном соединении",
    "too many people are logging in at this moment, try again": "сейчас входит слишком много людей",
    "too many people are logging in at this moment; nothing was changed": "сейчас входит слишком много "
    "людей; ничего не изменилось",
    "too many new accounts": "слишком много новых учётных записей",
    "too many unknown tokens": "слишком много неизвестных токенов",
    "too many connections from your address": "слишком много соединений с вашего адреса",
    "too many new connections from your address": "слишком много новых соединений с вашего адреса",
    "too many are here who have not said who they are": "слишком много тех, кто не назвал себя",
    "the server is full": "на сервере больше нет места",
    "the server is stopping": "сервер останавливается",
    # Names and passwords.
    "this name is taken, or looks like one that is: choose another": "это имя занято или похоже "
    "на занятое: выберите другое",
    "this would be taken for something else than a name, choose another": "это приняли бы не за имя, "
    "выберите другое",
    "this name sounds official, or is a character's, choose another": "это имя звучит официально "
    "или принадлежит персонажу, выберите другое",
    "a name has {least} to {most} characters": "в имени от {least} до {most} символов",
    "a name must not hold ':'": "в имени не может быть двоеточия",
    "a name must not begin with {first}": "имя не может начинаться с {first}",
    "a name must hold a letter or a digit": "в имени должна быть буква или цифра",
    "a word of a name must not mix alphabets": "в слове имени не должно быть букв разных алфавитов",
    "a name must not hold characters that are invisible or pile up, nor too long ones": "в имени "
    "не может быть невидимых, громоздящихся и слишком длинных символов",
    "a password has {least} to {most} characters, and {bytes} bytes at most": "в пароле от {least} "
    "до {most} символов и не больше {bytes} байт",
    "a password must not hold control characters": "в пароле не может быть управляющих символов",
    "a room's name has {least} to {most} characters": "в имени комнаты от {least} до {most} символов",
    "a room's name has letters, digits, - _ and . only": "в имени комнаты только буквы, цифры, - _ и .",
    "a room's name has a letter or a digit, and no . in front": "в имени комнаты должна быть буква "
    "или цифра, а в начале не может быть точки",
    "a room's name has letters of one alphabet, in their usual form": "в имени комнаты буквы "
    "одного алфавита, в обычном виде",
    "a topic is one line of at most {most} characters that can all be seen": "тема — одна строка "
    "не длиннее {most} символов, и все они видны",
    "a reason has at most {most} characters": "в причине не больше {most} символов",
    # Rooms and people.
    "there is no such room": "такой комнаты нет",
    "nobody is called so": "никого с таким именем нет",
    "there is a room of this name, or one that looks like it": "комната с таким или похожим именем уже есть",
    "you are not in the room {room}": "вы не в комнате {room}",
    "you are not allowed to do that here": "здесь вам это не разрешено",
    "you are muted in {room}": "вам запрещено писать в {room}",
    "you are muted in {room}: {reason}": "вам запрещено писать в {room}: {reason}",
    "you are banned from {room}": "вам запрещён вход в {room}",
    "you are banned from {room}: {reason}": "вам запрещён вход в {room}: {reason}",
    "you have too many rooms already": "у вас уже слишком много комнат",
    "you are in {most} rooms already": "вы уже состоите в стольких комнатах, сколько можно: {most}",
    "everybody is in this room": "в этой комнате состоят все",
    "hand the room over to somebody before you leave it": "прежде чем уйти, передайте комнату кому-нибудь",
    "nobody can be put out of this room; mute or ban them": "из этой комнаты никого не выставить; "
    "запретите писать (/mute) или входить (/ban)",
    "{name} is not in this room": "участника {name} в этой комнате нет",
    "{name} has too many rooms already": "у участника {name} уже слишком много комнат",
    "{name} is not muted here": "участнику {name} здесь писать не запрещено",
    "{name} is not banned here": "участнику {name} вход сюда не запрещён",
    "this room is everybody's": "эта комната общая",
    "make somebody else the owner": "сделайте владельцем кого-нибудь другого",
    "a role is one of {what}": "роль — одна из этих: {what}",
    "a time is a number of seconds above 0": "время — число секунд больше нуля",
    "User {name} is not online": "участника {name} нет в сети",
    "you cannot write to yourself": "себе писать нельзя",
    "you cannot block yourself": "заблокировать себя нельзя",
    "you do too much in rooms at once": "слишком много действий в комнатах сразу",
    "you write to or invite too many new people": "слишком многим новым людям вы пишете или посылаете "
    "приглашения",
    "the server is too busy": "сервер слишком занят",
    "there is no such account": "такой учётной записи нет",
    "there is no such member": "такого участника нет",
    "every name that was tried is taken": "все имена, которые пробовал сервер, заняты",
    # Messages and searches.
    "that id was used for another message": "под этим номером уже было другое сообщение",
    "there is no word to search for": "нет слова, которое искать",
    "that is no page of a search": "такой страницы поиска нет",
    "that is no page of one's own data": "такой страницы ваших данных нет",
    "it cannot be searched now": "сейчас поиск не работает",
    "a line is longer than {most} bytes": "строка длиннее {most} байт",
    "a message is longer than {most} bytes or {lines} lines": "сообщение длиннее {most} байт "
    "или {lines} строк",
    "a line was not finished within {seconds} s": "строка не закончена за {seconds} с",
    "it holds what is not Unicode text": "это не текст Юникода",
    "this is not a web server": "это не веб-сервер",
    # The server's disk.
    "the disk of the server is full": "на диске сервера нет места",
    "another program holds the database": "базу данных сервера держит другая программа",
    "another program has been reading the database for too long": "базу данных сервера слишком долго "
    "читает другая программа",
    "too many ask the database at once": "к базе данных сервера слишком много запросов сразу",
    "the database cannot be asked now: {why}": "база данных сервера сейчас не отвечает: {why}",
    "the database refused it": "база данных сервера это не приняла",
    # Frames.
    "there is no such command": "сервер не знает такой команды",
    "{word} comes before you have logged in": "сначала нужно войти: {word}",
    "{word} is not for now": "сейчас это не ко времени: {word}",
    "the frame is not JSON": "кадр — не JSON",
    "the frame is not a JSON object": "кадр — не объект JSON",
    "the frame is not UTF-8": "кадр — не UTF-8",
    "the frame is longer than {most} bytes": "кадр длиннее {most} байт",
    "the frame is nested deeper than {most} levels": "в кадре больше {most} уровней",
    "the frame holds too many values": "в кадре слишком много значений",
    "the frame has a key twice": "в кадре дважды один ключ",
    "the frame has no type": "у кадра нет типа",
    "the frame has more than a type and a payload": "в кадре не только type и payload",
    "the payload is not a JSON object": "payload — не объект JSON",
    "a string of the frame holds U+0000 or half a surrogate pair": "в строке кадра U+0000 "
    "или половина суррогатной пары",
    "a whole number of the frame is over 64 bits": "целое число в кадре больше 64 бит",
    "a number of the frame is infinite": "число в кадре бесконечно",
}
