/* What the load generator must know of each server's wire. */
#ifndef WIRES_H
#define WIRES_H

#include <stddef.h>

struct bytes {
    const char *data;
    size_t size;
};

/* One step of a greeting: wait until `expect` has come (nothing: go on at once), then send `send`. */
struct step {
    struct bytes expect;
    struct bytes send;
};

#define MOST_STEPS 4

struct wire {
    const char *name;
    struct step reader[MOST_STEPS];
    struct step poster[MOST_STEPS];
    /* Writes one post of `text` to `out`; returns its size. */
    size_t (*post)(char *out, const char *text, size_t size);
    /* Messages that may wait for their answer on one connection; 0: the wire does not answer. */
    int pipeline;
    /* Whether each step of the greeting after the first goes out as a frame of a WebSocket. */
    int framed;
};

/* Every text holds this byte once, and no wire uses it otherwise: counting it counts deliveries, however the
 * stream is cut and whatever frame the server puts around the text. */
#define MARK '|'
/* Stands for the connection's number in what a step sends. */
#define NUMBER '@'
#define TEXT_SIZE 80

const struct wire *wire_called(const char *name);

#endif
