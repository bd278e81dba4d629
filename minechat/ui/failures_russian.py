"""What goes wrong on the way to a server, with TLS and with files of ours, in Russian."""

_OWNER = "спросите у владельца сервера отпечаток и назовите его параметром --tls-fingerprint"

#: By the words of the client. ``{what}`` and ``{why}`` are looked up in the tables again.
SENTENCES = {
    "{what}; if it speaks TLS, give --tls or --tls-fingerprint": "{what}; если он говорит по TLS, "
    "добавьте --tls или --tls-fingerprint",
    # The way to the server.
    "{address} refuses connections; is the server running?": "{address} не принимает соединений; "
    "запущен ли сервер?",
    "cannot reach {address}: there is no such host": "{address} недоступен: такого имени нет",
    "cannot reach {address}: there is no such address (is the interface right?)": "{address} недоступен: "
    "такого адреса нет (тот ли интерфейс?)",
    "cannot reach {address}: the name server does not answer; is there a network?": "{address} недоступен: "
    "сервер имён не отвечает; есть ли сеть?",
    "cannot reach {address}: the name cannot be looked up ({why})": "{address} недоступен: имя "
    "не удалось найти ({why})",
    "cannot reach {address}: no connection within {seconds} s; does this port speak TLS?": "{address} "
    "недоступен: нет соединения за {seconds} с; говорит ли этот порт по TLS?",
    "cannot reach {address}: no connection within {seconds} s": "{address} недоступен: нет соединения "
    "за {seconds} с",
    "cannot reach {address}: too many files are open here": "{address} недоступен: здесь открыто "
    "слишком много файлов",
    "cannot reach {address}: {why}": "{address} недоступен: {why}",
    "none of its addresses answers": "ни один его адрес не отвечает",
    "{address} does not answer any more": "{address} больше не отвечает",
    "{address} did not answer within {seconds} s": "{address} не ответил за {seconds} с",
    "no answer within {seconds} s": "нет ответа за {seconds} с",
    "{address} broke the connection off": "{address} оборвал соединение",
    "{address} ended the connection": "{address} закрыл соединение",
    "{address} had ended the connection; nothing was sent": "{address} закрыл соединение; "
    "ничего не отправлено",
    "{address} ended the connection before it answered": "{address} закрыл соединение, не ответив",
    "{address} ended the connection: {what}": "{address} закрыл соединение: {what}",
    "the talk with {address} has ended; nothing was sent": "разговор с {address} окончен; "
    "ничего не отправлено",
    "not connected to the speak port; nothing was sent": "нет связи с портом отправки; ничего не отправлено",
    "not connected; nothing was sent": "нет связи; ничего не отправлено",
    "nothing was sent: {what}": "ничего не отправлено: {what}",
    "the message left, but it is unknown whether it arrived: {what}": "сообщение ушло, но дошло ли оно, "
    "неизвестно: {what}",
    "the session has ended": "сеанс окончен",
    "logged out": "вы вышли",
    # What is no server of ours.
    "{address} takes nobody now": "{address} сейчас никого не принимает",
    "{address} does not let us in (HTTP status {status})": "{address} нас не впускает (статус HTTP {status})",
    "{address} does not speak RIFT": "{address} не говорит по RIFT",
    "{address} sends its visitors elsewhere; it does not speak RIFT": "{address} отсылает в другое место; "
    "по RIFT он не говорит",
    "{address} is a server of HTTP that speaks no RIFT (status {status})": "{address} — сервер HTTP, "
    "по RIFT он не говорит (статус {status})",
    "{address} does not speak this protocol: {what}": "{address} говорит не по этому протоколу: {what}",
    "the server does not speak this protocol: {what}": "сервер говорит не по этому протоколу: {what}",
    "it breaks the rules of WebSocket": "он нарушает правила WebSocket",
    "it sends what is not text": "он шлёт не текст",
    "a frame is too large": "кадр слишком велик",
    "a frame is not text": "кадр — не текст",
    "the server spoke out of turn": "сервер ответил, когда его не спрашивали",
    "the server did not say {what}": "сервер не сказал {what}",
    "the server's account is not JSON": "учётная запись сервера — не JSON",
    "the server's account is not a JSON object": "учётная запись сервера — не объект JSON",
    "the server's account lacks a nickname or a usable token": "в учётной записи сервера нет псевдонима "
    "или годного токена",
    "a list of rooms without an end": "списку комнат нет конца",
    "more people than any server has": "людей больше, чем бывает на сервере",
    "more rooms and conversations than any server gives": "комнат и бесед больше, чем даёт сервер",
    "a page of history that promises more and holds nothing new": "страница истории обещает "
    "продолжение, а нового в ней нет",
    "the server gives the same page of history again and again": "сервер снова и снова даёт "
    "одну и ту же страницу истории",
    "the server gives the same page of data again and again": "сервер снова и снова даёт "
    "одну и ту же страницу данных",
    # TLS.
    "the certificate of {address} is not valid yet; is the clock of this machine right?": "сертификат "
    "{address} ещё не действует; верны ли часы этого компьютера?",
    "the certificate of {address} has expired; its owner must renew it, or the clock of this machine "
    "is wrong": "срок сертификата {address} истёк; его должен обновить владелец, или неверны часы "
    "этого компьютера",
    "the certificate of {address} is self-signed; ask the server's owner for its fingerprint and give "
    "that with --tls-fingerprint": f"сертификат {{address}} подписан самим собой; {_OWNER}",
    "the certificate of {address} is for another name; connect by the name it was made for, or ask the "
    "server's owner for its fingerprint and give that with --tls-fingerprint": "сертификат {address} "
    f"на другое имя; назовите сервер тем именем, на которое он выдан, или {_OWNER}",
    "the certificate of {address} is for another address; connect by the name it was made for, or ask the "
    "server's owner for its fingerprint and give that with --tls-fingerprint": "сертификат {address} "
    f"на другой адрес; назовите сервер тем именем, на которое он выдан, или {_OWNER}",
    "the certificate of {address} is signed by nobody known here; name its authority with --tls-ca, or "
    "ask the server's owner for its fingerprint and give that with --tls-fingerprint": "сертификат "
    "{address} подписан неизвестно кем; назовите удостоверяющий центр параметром --tls-ca "
    f"или {_OWNER}",
    "the certificate of {address} cannot be trusted ({why}); ask the server's owner for its fingerprint "
    "and give that with --tls-fingerprint": "сертификату {address} нельзя доверять ({why}); " + _OWNER,
    "{address} has another certificate than the one of the fingerprint; ask its owner whether it was "
    "replaced, and by which, before anything is sent there": "у {address} не тот сертификат, чей отпечаток "
    "назван; прежде чем что-то туда отправлять, спросите у владельца, заменён ли он и на какой",
    "{address} broke the connection off before TLS was agreed on; does it speak TLS at this port?": ""
    "{address} оборвал соединение до согласования TLS; говорит ли этот порт по TLS?",
    "{address} broke the connection off before TLS was agreed on": "{address} оборвал соединение "
    "до согласования TLS",
    "{address} does not speak TLS at this port; is it the right port?": "{address} не говорит по TLS "
    "на этом порту; тот ли это порт?",
    "{address} speaks no TLS of version 1.2 or newer; its owner must renew it": "{address} не знает TLS "
    "версии 1.2 и новее; его должен обновить владелец",
    "{address} and this machine cannot agree on TLS: {why}": "{address} и этот компьютер не сошлись "
    "в TLS: {why}",
    # What is found wrong before anything is sent.
    "the message is empty": "сообщение пусто",
    "the message is {size} bytes long; {most} fit in one": "в сообщении {size} байт; помещается {most}",
    "the message has {lines} lines; {most} fit in one": "строк в сообщении: {lines}; помещается {most}",
    "U+0000 or half a surrogate pair is not text": "U+0000 и половина суррогатной пары — не текст",
    "this is nothing that JSON can hold": "этого в JSON не записать",
    "this chat has one room, {room}": "в этом чате одна комната, {room}",
    "this chat has no {what}": "в этом чате нет {what}",
    "not now: {what}; nothing was sent": "не сейчас: {what}; ничего не отправлено",
    "there is no order {what}": "такой команды нет: {what}",
    "{word}: {field} is longer than {most} characters": "{field}: не больше {most} символов",
    "{word}: {field} is longer than {most} bytes": "{field}: не больше {most} байт",
    "{word}: {field} is empty": "{field}: пусто",
    "{word}: {field} must be one line without control characters": "{field}: нужна одна строка "
    "без управляющих символов",
    "{word}: {field} must be text": "{field}: нужен текст",
    "{word}: {field} must be owner, moderator or member": "{field}: owner, moderator или member",
    "{word}: {field} must be a whole number from {least} to {most}": "{field}: нужно целое число "
    "от {least} до {most}",
    "{word}: {field} must be a number over 0 and up to {most}": "{field}: нужно число больше 0 "
    "и не больше {most}",
    "username": "имя",
    "room": "комната",
    "topic": "тема",
    "reason": "причина",
    "query": "запрос",
    "text": "сообщение",
    "new": "новый пароль",
    "old": "нынешний пароль",
    "seconds": "срок",
    "{what} (the prompt); nothing was sent": "{what}; ничего не отправлено",
    "a nickname is one line": "псевдоним — одна строка",
    "a nickname is one line without control characters": "псевдоним — одна строка без управляющих символов",
    "a nickname of {size} bytes does not fit into a line of {most}": "псевдоним в {size} байт "
    "не помещается в строку из {most}",
    "a token is 1 to 256 printable ASCII characters without blanks": "токен — от 1 до 256 печатных "
    "символов ASCII без пробелов",
    "the text holds bytes that are not UTF-8": "в тексте байты, которые не UTF-8",
    "the host {path} cannot be one: {why}": "сервер не может называться {path}: {why}",
    "the port {port} is not between 1 and 65535": "порт {port} не от 1 до 65535",
    "it is empty": "имя пусто",
    "it is longer than 255 characters": "оно длиннее 255 символов",
    "it holds {what}": "в нём есть {what}",
    "it is no IPv6 address": "это не адрес IPv6",
    "a port is a setting of its own": "порт задаётся отдельно",
    "no internet name is written so": "имена интернета так не пишут",
    "the zone behind % is no network interface": "зона за % — не сетевой интерфейс",
    "a fingerprint asks no authority; give it or a file of authorities, not both": "отпечатку "
    "удостоверяющий центр не нужен; назовите что-то одно",
    "a fingerprint is {most} hexadecimal digits, in pairs with colons between or without": "отпечаток — "
    "шестнадцатеричные цифры, {most} штуки, парами через двоеточие или подряд",
    # A server of one's own behind the screen.
    "cannot listen on {name}, port {port}: {why}; choose another, or stop what is there": "{name}, "
    "порт {port} открыть не удалось: {why}; выберите другой или остановите то, что там работает",
    "cannot use the database {path}: {why}": "база данных {path} не годится: {why}",
    # Where a setting came from.
    "the default of {option}": "по умолчанию {option}",
    # Tokens, sessions and other files.
    "there is no token; register to speak": "токена нет; чтобы писать, зарегистрируйтесь",
    "the server does not know this token; check it or register anew": "сервер не знает этого токена; "
    "проверьте его или зарегистрируйтесь заново",
    "the token file {path} does not hold one token on one line": "в файле {path} нет токена "
    "на единственной строке",
    "this is not a token: it must be one word of at most 256 ASCII characters": "это не токен: он — "
    "одно слово не длиннее 256 символов ASCII",
    "the token file {path} is not private: {why}": "файл с токеном {path} доступен другим: {why}",
    "the token file {path} exists and is kept: --force replaces it, --token-path names another": "файл "
    "с токеном {path} уже есть и остаётся: --force заменит его, --token-path назовёт другой",
    "the token file {path} cannot be used: {why}": "файл с токеном {path} не годится: {why}",
    "the file {path} holds no sessions; move it away or name another": "в файле {path} нет сеансов; "
    "уберите его или назовите другой",
    "the file of sessions {path} is not private: {why}": "файл сеансов {path} доступен другим: {why}",
    "the file of sessions {path} cannot be used: {why}": "файл сеансов {path} не годится: {why}",
    "the file {path} exists and is kept; name another": "файл {path} уже есть и остаётся; назовите другой",
    "the file {path} cannot be written: {why}": "файл {path} не записать: {why}",
    "the history {path} cannot be used: {why}": "историю {path} вести нельзя: {why}",
    "the history {path} cannot be read: {why}": "историю {path} не прочитать: {why}",
    "the history {path} cannot be written: {why}; missing records so far: {number}": "историю {path} "
    "не записать: {why}; уже не хватает записей: {number}",
    "the file of authorities {path} cannot be used: {why}": "файл удостоверяющих центров {path} "
    "не годится: {why}",
    "it holds no certificate": "в нём нет сертификата",
    "registered as {name}, but {why}; keep the token printed above, it is not saved": "вы {name}, "
    "но {why}; сохраните токен, напечатанный выше: больше его нигде нет",
    "{why}; mend it: {what}": "{why}; исправить: {what}",
    "it belongs to another user (uid {number})": "он принадлежит другому пользователю (uid {number})",
    "other users may read it (mode {mode})": "его могут прочитать другие пользователи (права {mode})",
    "another program keeps it locked": "его заняла другая программа",
    "it is renamed faster than it can be opened": "его переименовывают быстрее, чем удаётся открыть",
    "the name is empty": "имя пусто",
    "the folder it belongs in does not exist": "папки для него нет",
    "it does not exist": "его нет",
    "this cannot be the name of a file": "файл так называться не может",
    "it is not a regular file": "это не обычный файл",
    "it is not a file": "это не файл",
    "it is a folder": "это папка",
    "it is a named pipe": "это именованный канал",
    "it is a socket": "это сокет",
    "it is a device": "это устройство",
    "it is a symbolic link to {path}, and links are not followed": "это ссылка на {path}, "
    "а по ссылкам программа не ходит",
}

#: What the system says, by the names of its numbers: its own words are English, whatever the locale.
ERRNOS = {
    "EPERM": "это не разрешено",
    "EACCES": "нет прав",
    "ENOENT": "такого файла или папки нет",
    "EEXIST": "такой файл уже есть",
    "EISDIR": "это папка",
    "ENOTDIR": "это не папка",
    "ENOSPC": "на диске нет места",
    "EDQUOT": "на диске нет места для вас",
    "EFBIG": "файл слишком велик",
    "EROFS": "туда нельзя писать",
    "EIO": "ошибка диска",
    "ELOOP": "слишком много ссылок",
    "ENAMETOOLONG": "имя слишком длинное",
    "EMFILE": "открыто слишком много файлов",
    "ENFILE": "в системе открыто слишком много файлов",
    "EBUSY": "занято",
    "ENOMEM": "не хватает памяти",
    "ECONNREFUSED": "соединений не принимает",
    "ECONNRESET": "соединение оборвано",
    "ETIMEDOUT": "нет ответа",
    "EHOSTUNREACH": "нет пути к серверу",
    "EHOSTDOWN": "сервер не работает",
    "ENETUNREACH": "сеть недоступна",
    "ENETDOWN": "сеть не работает",
    "EADDRINUSE": "он занят",
    "EADDRNOTAVAIL": "такого адреса здесь нет",
    "EINVAL": "так нельзя",
}
