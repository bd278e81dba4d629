/* The load generator: readers that count, posters that post, and the clock between them.
 *
 * usage: load WIRE HOST READ_PORT POST_PORT
 *
 * It takes orders from standard input, one a line, and answers each with one line of JSON:
 *   readers N             open N readers
 *   posters N             open N posters
 *   settle                post until a message reaches every reader
 *   closed WINDOW SECONDS keep WINDOW messages under way; one is under way until every reader has it
 *   paced RATE SECONDS    post RATE messages a second; p50 and p99 from the post to the last reader
 *   answers SECONDS       every poster waits for its answer, then posts the next; p50 and p99 of the wait
 * An order ends when everything it posted has arrived, so server time taken before and after belongs to it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "crowd.h"

#define SECOND 1000000000ull
/* A server that lets everything stand still for so long has lost a message. */
#define STALL (10 * SECOND)
#define MOST_SAMPLES 4000000

static uint64_t sent_at[MOST_UNDER_WAY]; /* of a message, or of a poster's message */
static float *samples;                   /* microseconds */
static size_t sampled;

static void sample(uint64_t from)
{
    if (sampled < MOST_SAMPLES)
        samples[sampled++] = (float)(now() - from) / 1000;
}

static int by_size(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static float quantile(double share)
{
    if (sampled == 0)
        return 0;
    size_t rank = (size_t)(share * (double)sampled);
    return samples[rank < sampled ? rank : sampled - 1];
}

static double own_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* What was counted at the start of an order, to subtract at its end. */
static struct {
    uint64_t at, complete, delivered, answered;
    double own;
} before;

static void begin(void)
{
    sampled = 0;
    before.at = now();
    before.complete = crowd.complete;
    before.delivered = crowd.delivered;
    before.answered = crowd.answered;
    before.own = own_seconds();
}

static void report(void)
{
    qsort(samples, sampled, sizeof *samples, by_size);
    printf("{\"seconds\": %.6f, \"messages\": %llu, \"deliveries\": %llu, \"answers\": %llu, "
           "\"load_seconds\": %.6f, \"samples\": %zu, \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n",
           (double)(now() - before.at) / 1e9, (unsigned long long)(crowd.complete - before.complete),
           (unsigned long long)(crowd.delivered - before.delivered),
           (unsigned long long)(crowd.answered - before.answered), own_seconds() - before.own, sampled,
           quantile(0.5), quantile(0.99), quantile(1));
}

static int some_owe(void)
{
    if (!crowd.wire->pipeline)
        return 0;
    for (int i = 0; i < crowd.posters; i++)
        if (crowd_owed(i) > 0)
            return 1;
    return 0;
}

static void wait_for(uint64_t timeout)
{
    static uint64_t alive;
    if (crowd_pump(timeout) > 0 || alive < before.at)
        alive = now();
    else if (now() - alive > STALL)
        die("nothing came for 10 s: %llu messages posted, %llu at every reader",
            (unsigned long long)crowd.posted, (unsigned long long)crowd.complete);
}

/* Waits until everything has arrived: messages at readers, answers at posters. */
static void drain(void)
{
    while ((crowd.readers && crowd.complete < crowd.posted) || some_owe()) {
        crowd_flush();
        wait_for(SECOND / 10);
    }
}

/* The posters in turn, past those whose server owes them as many answers as it allows; -1: all of them. */
static int next_poster(void)
{
    static int last;
    for (int tried = 0; tried < crowd.posters; tried++) {
        last = (last + 1) % crowd.posters;
        if (!crowd.wire->pipeline || crowd_owed(last) < crowd.wire->pipeline)
            return last;
    }
    return -1;
}

static void closed(uint64_t window, double seconds)
{
    if (window == 0 || window >= MOST_UNDER_WAY)
        die("a window has 1 to %d messages", MOST_UNDER_WAY - 1);
    uint64_t end = now() + (uint64_t)(seconds * 1e9);
    while (now() < end) {
        for (int poster; crowd.posted - crowd.complete < window && (poster = next_poster()) >= 0;)
            crowd_post(poster);
        crowd_flush();
        wait_for(SECOND / 10);
    }
    drain();
}

static void time_delivery(uint64_t message)
{
    sample(sent_at[message % MOST_UNDER_WAY]);
}

static void paced(double rate, double seconds)
{
    uint64_t start = now(), gap = (uint64_t)(1e9 / rate);
    crowd.on_complete = time_delivery;
    for (uint64_t due = start; due < start + (uint64_t)(seconds * 1e9); due += gap) {
        for (uint64_t time; (time = now()) < due;)
            crowd_pump(due - time);
        int poster = next_poster();
        if (poster < 0 || crowd.posted - crowd.complete >= MOST_UNDER_WAY - 1)
            die("the server does not keep up with %g messages a second", rate);
        sent_at[(crowd.posted + 1) % MOST_UNDER_WAY] = now();
        crowd_post(poster);
        crowd_flush();
    }
    drain();
    crowd.on_complete = NULL;
}

static uint64_t no_more_posts;

static void post_timed(int poster)
{
    sent_at[poster] = now();
    crowd_post(poster);
}

static void next_after_answer(int poster)
{
    sample(sent_at[poster]);
    if (now() < no_more_posts)
        post_timed(poster);
}

static void answers(double seconds)
{
    if (!crowd.wire->pipeline || crowd.posters > MOST_UNDER_WAY)
        die("this wire answers nothing, or there are too many posters");
    no_more_posts = now() + (uint64_t)(seconds * 1e9);
    crowd.on_answer = next_after_answer;
    for (int poster = 0; poster < crowd.posters; poster++)
        post_timed(poster);
    drain();
    crowd.on_answer = NULL;
}

static void obey(const char *order)
{
    double first = 0, second = 0;
    char name[16] = "";
    sscanf(order, "%15s %lf %lf", name, &first, &second);
    begin();
    if (strcmp(name, "readers") == 0)
        crowd_readers((int)first);
    else if (strcmp(name, "posters") == 0)
        crowd_posters((int)first);
    else if (strcmp(name, "settle") == 0)
        crowd_settle();
    else if (strcmp(name, "closed") == 0)
        closed((uint64_t)first, second);
    else if (strcmp(name, "paced") == 0)
        paced(first, second);
    else if (strcmp(name, "answers") == 0)
        answers(first);
    else
        die("unknown order: %s", order);
    report();
}

int main(int count, char **values)
{
    struct rlimit limit;
    char order[128];
    if (count != 5 || !wire_called(values[1]))
        die("usage: load WIRE HOST READ_PORT POST_PORT");
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    setvbuf(stdout, NULL, _IOLBF, 0);
    samples = malloc(MOST_SAMPLES * sizeof *samples);
    crowd_start(wire_called(values[1]), values[2], atoi(values[3]), atoi(values[4]));
    while (fgets(order, sizeof order, stdin))
        obey(order);
    return 0;
}
