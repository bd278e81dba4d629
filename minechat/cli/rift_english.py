"""The sentences of minechat rift in English."""

SENTENCES = {
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
    "here": "you are {name} in {place}; /help lists the commands, exit leaves",
    "typing": "what you type is said in {place}; exit leaves",
    "not_kept": "the session is not remembered: {reason}",
    "connected": "connected to {address}",
    "lost": "connection lost: {reason}",
    "waiting": "{reason}; trying again in {delay:.1f} s",
    "waiting_again": "trying again in {delay:.1f} s",
    "ended_state": "the session has ended: {reason}",
    "unread": "{place}: {count} new since you were here",
    "went": "you are in {place} now{topic}",
    "no_topic": "{place} has no topic",
    "topic": "the topic of {place}: {topic}",
    "not_in": "you are in no room called {place}; /rooms lists them, /join goes in",
    "nothing_said": "nothing was said here yet",
    "not_sent": "not sent: {reason}",
    "forgotten": "the session of {name} on {server} has ended and is forgotten",
    "no_name": "there is no name for the password; give one with --username",
    "no_password": "there is no password on standard input; nothing was sent",
    "no_token_file": "there is no token file {path!r}; registration.py saves one",
    "nobody": "no session of {server} is remembered, and it takes a terminal, "
    "or --username and --password-stdin; the session is remembered after that",
    "nobody_to_register": "a new account takes a terminal, or --username and --password-stdin; "
    "the session is remembered after that",
    "nothing_to_forget": "no session of {server} is remembered; there is nothing to forget",
    "left": "the questions were not answered; nobody came in",
    "no_server_here": "start chat.py or minechat server, or name another server with --host",
    "plain": "the password, or the session, travels to {host} unencrypted: whoever is on the way can read it",
    "no_state_folder": "there is no folder for your state (HOME); name the file with --session-path",
    "nothing_to_send": "standard input is empty; there is nothing to send",
    "not_an_object": "a line is not a JSON object with a text, "
    'such as {{"text": "hello", "room": "general"}}',
    "empty": "the message is empty",
    "too_long": "the message is {size} bytes long; {most} fit in one",
    "refused": "refused: {reason}",
    "refused_for_now": "refused: {reason}; try again in {delay:g} s",
    "failed": "{sent}, message {number} failed: {reason}",
    "untold": "{sent}, but {reason}",
    "none_from": "{told}; nothing was sent from message {number} on",
    "stopped": "stopped: it is unknown whether message {number} was sent",
    "stopped_after": "{told}; {sent}",
}

#: Those about a number of things, in each form that a number asks for.
COUNTS = {
    "skipped": {
        "one": "{number} message of {place} is left out; /history shows it",
        "many": "{number} messages of {place} are left out; /history shows them",
    },
    "exported": {
        "one": "{number} message of {place} is in {file}",
        "many": "{number} messages of {place} are in {file}",
    },
    "exported_mine": {
        "one": "all that the server keeps of you is in {file} ({number} entry)",
        "many": "all that the server keeps of you is in {file} ({number} entries)",
    },
    "paste": {
        "one": "Send {number} line as one message? y or n: ",
        "many": "Send {number} lines as one message? y or n: ",
    },
    "sent": {
        "one": "sent as {name}",
        "many": "{number} messages sent as {name}",
    },
    "were_sent": {
        "one": "message 1 was sent",
        "many": "messages 1 to {number} were sent",
    },
}
