/* The wires: how a reader and a poster begin on each server, and what one post looks like. */
#include "wires.h"

#include <stdio.h>
#include <string.h>

#include "websocket.h"

#define BYTES(text) {text, sizeof(text) - 1}
#define AT_ONCE {"", 0}
#define NOTHING {"", 0}

static size_t joined(char *out, const char *before, const char *text, size_t size, const char *after)
{
    size_t head = strlen(before), tail = strlen(after);
    memcpy(out, before, head);
    memcpy(out + head, text, size);
    memcpy(out + head + size, after, tail);
    return head + size + tail;
}

static size_t post_line(char *out, const char *text, size_t size)
{
    return joined(out, "", text, size, "\n");
}

static size_t post_minechat(char *out, const char *text, size_t size)
{
    return joined(out, "", text, size, "\n\n");
}

static size_t post_redis(char *out, const char *text, size_t size)
{
    char head[64];
    snprintf(head, sizeof head, "*3\r\n$7\r\nPUBLISH\r\n$4\r\nchat\r\n$%zu\r\n", size);
    return joined(out, head, text, size, "\r\n");
}

static size_t post_nats(char *out, const char *text, size_t size)
{
    char head[32];
    snprintf(head, sizeof head, "PUB chat %zu\r\n", size);
    return joined(out, head, text, size, "\r\n");
}

/* MQTT 3.1.1, section 3.3: PUBLISH with quality of service 0; the topic's length has two bytes. */
static size_t post_mqtt(char *out, const char *text, size_t size)
{
    const char topic[] = {0, 4, 'c', 'h', 'a', 't'};
    out[0] = 0x30;
    out[1] = (char)(sizeof topic + size); /* one byte holds a length below 128 */
    memcpy(out + 2, topic, sizeof topic);
    memcpy(out + 2 + sizeof topic, text, size);
    return 2 + sizeof topic + size;
}

static size_t post_irc(char *out, const char *text, size_t size)
{
    return joined(out, "PRIVMSG #chat :", text, size, "\r\n");
}

static size_t post_rift(char *out, const char *text, size_t size)
{
    char json[256];
    return ws_frame(out, json,
                    joined(json, "{\"type\":\"room_message\",\"payload\":{\"text\":\"", text, size, "\"}}"));
}

/* In by the token of an account that is there: a password costs a server 30 ms to look at. */
#define RIFT_AUTH(token) "{\"type\":\"auth\",\"payload\":{\"token\":\"" token "\"}}"

/* MQTT 3.1.1, sections 3.1 and 3.8: CONNECT with a clean session, no keepalive and no client id; SUBSCRIBE. */
#define MQTT_CONNECT "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00"
#define MQTT_CONNECTED "\x20\x02\x00\x00"
#define MQTT_SUBSCRIBE "\x82\x09\x00\x01\x00\x04" "chat\x00"
#define MQTT_SUBSCRIBED "\x90\x03\x00\x01\x00"

static const struct wire WIRES[] = {
    {.name = "lines", .post = post_line},
    {
        .name = "minechat",
        .poster =
            {
                {BYTES("create new account.\n"), BYTES("\n")},
                {BYTES("Enter preferred nickname below:\n"), BYTES("bench@\n")},
                {BYTES("End it with an empty line.\n"), NOTHING},
            },
        .post = post_minechat,
        .pipeline = 16,
    },
    {
        .name = "redis",
        .reader =
            {
                {AT_ONCE, BYTES("SUBSCRIBE chat\r\n")},
                {BYTES("chat\r\n:1\r\n"), NOTHING},
            },
        .post = post_redis,
    },
    {
        .name = "nats",
        .reader =
            {
                {BYTES("INFO "), BYTES("CONNECT {\"verbose\":false}\r\nSUB chat 1\r\nPING\r\n")},
                {BYTES("PONG\r\n"), NOTHING},
            },
        .poster =
            {
                {BYTES("INFO "), BYTES("CONNECT {\"verbose\":false}\r\nPING\r\n")},
                {BYTES("PONG\r\n"), NOTHING},
            },
        .post = post_nats,
    },
    {
        .name = "mqtt",
        .reader =
            {
                {AT_ONCE, BYTES(MQTT_CONNECT)},
                {BYTES(MQTT_CONNECTED), BYTES(MQTT_SUBSCRIBE)},
                {BYTES(MQTT_SUBSCRIBED), NOTHING},
            },
        .poster =
            {
                {AT_ONCE, BYTES(MQTT_CONNECT)},
                {BYTES(MQTT_CONNECTED), NOTHING},
            },
        .post = post_mqtt,
    },
    {
        .name = "irc",
        .reader =
            {
                {AT_ONCE, BYTES("NICK r@\r\nUSER r 0 * :r\r\n")},
                {BYTES(" 001 "), BYTES("JOIN #chat\r\n")},
                {BYTES(" 366 "), NOTHING},
            },
        .poster =
            {
                {AT_ONCE, BYTES("NICK p@\r\nUSER p 0 * :p\r\n")},
                {BYTES(" 001 "), NOTHING},
            },
        .post = post_irc,
    },
    {
        .name = "rift",
        .reader =
            {
                {AT_ONCE, BYTES(WS_UPGRADE)},
                {BYTES("\r\n\r\n"), BYTES(RIFT_AUTH("reader-@"))},
                {BYTES("auth_success"), NOTHING},
            },
        .poster =
            {
                {AT_ONCE, BYTES(WS_UPGRADE)},
                {BYTES("\r\n\r\n"), BYTES(RIFT_AUTH("poster-@"))},
                {BYTES("auth_success"), NOTHING},
            },
        .post = post_rift,
        .framed = 1,
    },
};

const struct wire *wire_called(const char *name)
{
    for (size_t i = 0; i < sizeof WIRES / sizeof *WIRES; i++)
        if (strcmp(WIRES[i].name, name) == 0)
            return &WIRES[i];
    return NULL;
}
