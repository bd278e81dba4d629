/* The floor: a server that does nothing but join what one wake-up brought and send it to every reader.
 *
 * usage: floor READ_PORT POST_PORT
 *
 * No names, no limits, no storage, no queue: one send per reader and wake-up is the least that any server can
 * do that keeps its readers in step. A reader whose socket is full is disconnected.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_CONNECTIONS 65536
#define EVENTS 256
#define CHUNK 65536

/* What a descriptor is; a poster's unfinished line waits in `rest`. */
enum kind { NOBODY, READER, POSTER };
static struct {
    enum kind kind;
    int place; /* of a reader in `readers` */
    size_t held;
    char rest[256];
} *seats;

static int readers[MOST_CONNECTIONS], reader_count;
static char joined[EVENTS * (CHUNK + 256)];
static size_t joined_size;
static int epoll;

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int listening(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 512) < 0) {
        perror("floor");
        exit(1);
    }
    watch(fd);
    return fd;
}

static void take_in(int door, enum kind kind)
{
    int fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (fd >= MOST_CONNECTIONS) {
        close(fd);
        return;
    }
    seats[fd].kind = kind;
    seats[fd].held = 0;
    if (kind == READER) {
        seats[fd].place = reader_count;
        readers[reader_count++] = fd;
    }
    watch(fd);
}

static void leave(int fd)
{
    if (seats[fd].kind == READER) {
        int last = readers[--reader_count];
        readers[seats[fd].place] = last;
        seats[last].place = seats[fd].place;
    }
    seats[fd].kind = NOBODY;
    close(fd);
}

/* Only whole lines are joined, or two posters' lines would mix. */
static void take_lines(int fd, const char *data, size_t size)
{
    const char *end = memrchr(data, '\n', size);
    size_t whole = end ? (size_t)(end - data) + 1 : 0;
    if (whole) {
        memcpy(joined + joined_size, seats[fd].rest, seats[fd].held);
        joined_size += seats[fd].held;
        memcpy(joined + joined_size, data, whole);
        joined_size += whole;
        seats[fd].held = 0;
    }
    if (seats[fd].held + size - whole > sizeof seats[fd].rest) {
        leave(fd);
        return;
    }
    memcpy(seats[fd].rest + seats[fd].held, data + whole, size - whole);
    seats[fd].held += size - whole;
}

static void read_from(int fd)
{
    static char chunk[CHUNK];
    ssize_t size = recv(fd, chunk, sizeof chunk, 0);
    if (size <= 0)
        leave(fd);
    else if (seats[fd].kind == POSTER)
        take_lines(fd, chunk, (size_t)size);
}

static void send_to_all(void)
{
    if (joined_size == 0)
        return;
    for (int i = reader_count - 1; i >= 0; i--) /* backwards: whoever leaves is replaced by the last */
        if (send(readers[i], joined, joined_size, MSG_NOSIGNAL) != (ssize_t)joined_size)
            leave(readers[i]);
    joined_size = 0;
}

int main(int count, char **values)
{
    struct rlimit limit;
    struct epoll_event events[EVENTS];
    if (count != 3)
        return 2;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    seats = calloc(MOST_CONNECTIONS, sizeof *seats);
    epoll = epoll_create1(0);
    int read_door = listening(atoi(values[1])), post_door = listening(atoi(values[2]));
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == read_door)
                take_in(fd, READER);
            else if (fd == post_door)
                take_in(fd, POSTER);
            else if (seats[fd].kind != NOBODY)
                read_from(fd);
        }
        send_to_all();
    }
}
