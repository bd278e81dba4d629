/* The connections of the load generator: a crowd of readers and a few posters on one epoll. */
#ifndef CROWD_H
#define CROWD_H

#include <stdint.h>

#include "wires.h"

/* Messages that may be under way at once; a power of two, as it is used as a mask. */
#define MOST_UNDER_WAY 4096

struct crowd {
    const struct wire *wire;
    int epoll;
    int readers, posters;
    uint64_t posted;    /* messages sent */
    uint64_t complete;  /* of those, messages that every reader has */
    uint64_t delivered; /* lines that arrived at readers */
    uint64_t answered;  /* answers that arrived at posters */
    /* Called when a poster got an answer, and when one more message is complete; may be NULL. */
    void (*on_answer)(int poster);
    void (*on_complete)(uint64_t message);
};

extern struct crowd crowd;

uint64_t now(void); /* nanoseconds of CLOCK_MONOTONIC */
_Noreturn void die(const char *form, ...) __attribute__((format(printf, 1, 2)));

void crowd_start(const struct wire *wire, const char *host, int read_port, int post_port);
void crowd_readers(int count);
void crowd_posters(int count);
/* Puts the next message into the poster's buffer; `crowd_flush` sends what the buffers hold. */
void crowd_post(int poster);
void crowd_flush(void);
/* How many answers the poster waits for. */
int crowd_owed(int poster);
/* Waits up to `timeout` nanoseconds for the network, and counts what came. Returns what came: 0, nothing. */
int crowd_pump(uint64_t timeout);
/* Posts until one message has reached every reader: a server may accept a reader later than it is connected. */
void crowd_settle(void);

#endif
