/* options.h - the command line of gwload. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *adapter;
    const char *scenario;
    int users;
    int members;    /* fake ones per channel */
    uint64_t count; /* most messages of the saturated phase; 0: no such phase */
    double seconds; /* length of a phase */
    double rate;    /* of the paced phase, per second */
    double idle;    /* seconds */
    bool from_xmpp; /* who talks in fanout and stall */
    const char *dump;
    const char *workdir;
    bool keep;
};
extern struct options options;

/* Ends the program with a usage text when the arguments are wrong. */
void options_parse(int argc, char **argv);

#endif
