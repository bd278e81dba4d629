/* Opens the connections, posts on them, and counts what arrives. */
#define _GNU_SOURCE
#include "crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "greeting.h"

#define SECOND 1000000000ull
/* A server that needs longer for a step of the greeting, or for a message, does not work. */
#define PATIENCE (20 * SECOND)
/* Connections opened before the server gets a moment to accept them: fewer than the shortest accept queue of
 * the servers we know. A connection that finds the queue full tries again after a second. */
#define BURST 8
#define MOMENT (SECOND / 500)
/* Greetings under way at once. Many, as InspIRCd looks at newcomers only once a second. */
#define GREETINGS 256

struct crowd crowd;
static struct sockaddr_in read_address, post_address;
static struct connection **readers, **posters;
/* For each message under way, the readers that have it. */
static int reached[MOST_UNDER_WAY];
static char chunk[256 * 1024];

uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

void die(const char *form, ...)
{
    va_list values;
    va_start(values, form);
    fputs("load: ", stderr);
    vfprintf(stderr, form, values);
    fputc('\n', stderr);
    exit(1);
}

static struct sockaddr_in address_of(const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        die("%s is not an IPv4 address", host);
    return address;
}

void crowd_start(const struct wire *wire, const char *host, int read_port, int post_port)
{
    crowd = (struct crowd){.wire = wire, .epoll = epoll_create1(0)};
    read_address = address_of(host, read_port);
    post_address = address_of(host, post_port);
}

static struct connection *opened(enum kind kind, int number, const struct sockaddr_in *address)
{
    struct connection *one = calloc(1, sizeof *one);
    int yes = 1;
    *one = (struct connection){.kind = kind, .number = number, .fd = socket(AF_INET, SOCK_STREAM, 0)};
    if (one->fd < 0 || connect(one->fd, (const struct sockaddr *)address, sizeof *address) < 0)
        die("cannot connect: %s", strerror(errno));
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(one->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, one->fd, &event);
    greet_first(crowd.wire, one);
    return one;
}

static void greet_until(int left)
{
    uint64_t deadline = now() + PATIENCE;
    while (greeting > left) {
        crowd_pump(SECOND / 10);
        if (now() > deadline)
            die("%d connections were not greeted", greeting);
    }
}

static void rest(void)
{
    uint64_t end = now() + MOMENT;
    for (uint64_t time; (time = now()) < end;)
        crowd_pump(end - time);
}

static struct connection **open_all(enum kind kind, int count, const struct sockaddr_in *address)
{
    struct connection **all = calloc((size_t)count, sizeof *all);
    for (int i = 0; i < count; i++) {
        all[i] = opened(kind, i, address);
        greet_until(GREETINGS);
        if (i % BURST == BURST - 1)
            rest();
    }
    greet_until(0);
    return all;
}

void crowd_readers(int count)
{
    readers = open_all(READER, count, &read_address);
    crowd.readers = count;
}

void crowd_posters(int count)
{
    posters = open_all(POSTER, count, &post_address);
    crowd.posters = count;
}

static size_t count_of(char wanted, const char *data, size_t size)
{
    size_t count = 0; /* the compiler turns this loop into vector instructions */
    for (size_t i = 0; i < size; i++)
        count += data[i] == wanted;
    return count;
}

/* Messages arrive at every reader in one order, so the one that reaches the last reader is the next. */
static void delivered(struct connection *one, size_t lines)
{
    crowd.delivered += lines;
    for (; lines; lines--) {
        if (++one->seen > crowd.posted)
            die("a reader got more messages than were posted");
        int *readers_that_have_it = &reached[one->seen % MOST_UNDER_WAY];
        if (++*readers_that_have_it == crowd.readers) {
            *readers_that_have_it = 0;
            crowd.complete = one->seen;
            if (crowd.on_complete)
                crowd.on_complete(one->seen);
        }
    }
}

static void answered(struct connection *one, const char *data, size_t size)
{
    if (!crowd.wire->pipeline)
        return; /* what these servers say to a poster means nothing here */
    if (memmem(data, size, "not sent", 8))
        die("the server refused a message: %.*s", (int)size, data);
    for (size_t lines = count_of('\n', data, size); lines; lines--) {
        one->owed--;
        crowd.answered++;
        if (crowd.on_answer)
            crowd.on_answer(one->number);
    }
}

static void received(struct connection *one)
{
    ssize_t size = recv(one->fd, chunk, sizeof chunk, 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0)
        die("the server closed a %s", one->kind == READER ? "reader" : "poster");
    if (!is_greeted(crowd.wire, one))
        greet(crowd.wire, one, chunk, (size_t)size);
    else if (one->kind == READER)
        delivered(one, count_of(MARK, chunk, (size_t)size));
    else
        answered(one, chunk, (size_t)size);
}

int crowd_pump(uint64_t timeout)
{
    struct epoll_event events[1024];
    struct timespec time = {.tv_sec = (time_t)(timeout / SECOND), .tv_nsec = (long)(timeout % SECOND)};
    int count = epoll_pwait2(crowd.epoll, events, 1024, &time, NULL);
    for (int i = 0; i < count; i++)
        received(events[i].data.ptr);
    return count;
}

void crowd_post(int poster)
{
    struct connection *one = posters[poster];
    char text[TEXT_SIZE];
    memset(text, '.', TEXT_SIZE);
    text[snprintf(text, TEXT_SIZE, "%llu a line of eighty bytes", (unsigned long long)++crowd.posted)] = '.';
    text[TEXT_SIZE - 1] = MARK;
    if (one->held + 2 * TEXT_SIZE > sizeof one->buffer)
        die("a poster's messages wait for the server");
    one->held += crowd.wire->post(one->buffer + one->held, text, TEXT_SIZE);
    one->owed++;
}

void crowd_flush(void)
{
    for (int i = 0; i < crowd.posters; i++) {
        struct connection *one = posters[i];
        if (one->held == 0)
            continue;
        ssize_t sent = send(one->fd, one->buffer, one->held, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            die("cannot post: %s", strerror(errno));
        if (sent > 0) {
            one->held -= (size_t)sent;
            memmove(one->buffer, one->buffer + sent, one->held);
        }
    }
}

int crowd_owed(int poster)
{
    return posters[poster]->owed;
}

/* Forgets what was counted: some readers came too late for the messages until now. */
static void forget(void)
{
    memset(reached, 0, sizeof reached);
    crowd.posted = crowd.complete = crowd.delivered = 0;
    for (int i = 0; i < crowd.readers; i++)
        readers[i]->seen = 0;
}

void crowd_settle(void)
{
    for (uint64_t deadline = now() + PATIENCE; now() < deadline;) {
        crowd_post(0);
        crowd_flush();
        while (crowd.complete == 0 && crowd_pump(SECOND) > 0)
            ;
        int all = crowd.complete != 0;
        while (crowd.wire->pipeline && crowd.posters && crowd_owed(0))
            crowd_pump(SECOND);
        forget();
        if (all)
            return;
    }
    die("no message reaches all of %d readers", crowd.readers);
}
