/* The greeting of each wire, step by step, whatever pieces it comes in. */
#define _GNU_SOURCE
#include "greeting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "crowd.h"
#include "websocket.h"

int greeting;

static void send_all(struct connection *one, const char *data, size_t size)
{
    ssize_t sent = send(one->fd, data, size, MSG_NOSIGNAL);
    if (sent != (ssize_t)size) /* a greeting is far smaller than a socket's buffer */
        die("cannot send to the server: %s", strerror(errno));
}

static void send_numbered(struct connection *one, const struct bytes *text, int framed)
{
    char data[256], frame[256 + WS_HEAD];
    size_t size = 0;
    for (size_t i = 0; i < text->size; i++) {
        if (text->data[i] == NUMBER)
            size += (size_t)sprintf(data + size, "%d", one->number);
        else
            data[size++] = text->data[i];
    }
    if (framed)
        send_all(one, frame, ws_frame(frame, data, size));
    else
        send_all(one, data, size);
}

static const struct step *step_of(const struct wire *wire, const struct connection *one)
{
    if (one->step == MOST_STEPS)
        return NULL;
    const struct step *steps = one->kind == READER ? wire->reader : wire->poster;
    const struct step *step = &steps[one->step];
    return step->expect.size || step->send.size ? step : NULL;
}

/* Goes as far through the greeting as what has arrived allows. */
static void go_on(const struct wire *wire, struct connection *one)
{
    const struct step *step;
    while ((step = step_of(wire, one))) {
        if (step->expect.size && !memmem(one->buffer, one->held, step->expect.data, step->expect.size))
            return;
        if (step->expect.size)
            one->held = 0;
        if (step->send.size)
            send_numbered(one, &step->send, wire->framed && one->step > 0);
        one->step++;
    }
    one->held = 0;
    greeting--;
}

void greet(const struct wire *wire, struct connection *one, const char *data, size_t size)
{
    size_t room = sizeof one->buffer;
    if (size > room / 2) {
        data += size - room / 2; /* what a step waits for is short and comes last */
        size = room / 2;
    }
    if (one->held + size > room) {
        memmove(one->buffer, one->buffer + room / 2, one->held - room / 2);
        one->held -= room / 2;
    }
    memcpy(one->buffer + one->held, data, size);
    one->held += size;
    go_on(wire, one);
}

void greet_first(const struct wire *wire, struct connection *one)
{
    greeting++;
    go_on(wire, one);
}

int is_greeted(const struct wire *wire, const struct connection *one)
{
    return !step_of(wire, one);
}
