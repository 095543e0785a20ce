#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

struct options options = {
    .users = 1,
    .members = 20,
    .count = 200000,
    .seconds = 10,
    .rate = 1000,
    .idle = 30,
    .workdir = "/tmp/gwload",
};

static void usage(void)
{
    fputs("usage: gwload --adapter FILE --scenario NAME [options]\n"
          "  --users N       XMPP users (1)\n"
          "  --members N     fake members of each channel (20)\n"
          "  --count N       most messages of the saturated phase (200000; 0: no such phase)\n"
          "  --seconds S     length of a phase (10)\n"
          "  --rate R        messages per second of the paced phase (1000)\n"
          "  --idle S        length of the idle phase of `sessions` (30)\n"
          "  --source WHO    irc or xmpp: who talks in `fanout` and `stall` (irc)\n"
          "  --dump DIR      save both directions of the component stream there\n"
          "  --workdir DIR   configuration, log and database of the gateway (/tmp/gwload)\n"
          "  --keep          do not remove them\n"
          "scenarios:\n",
          stderr);
    scenario_list(stderr);
    exit(2);
}

static void parse_one(int option, const char *value)
{
    switch (option) {
    case 'a':
        options.adapter = value;
        break;
    case 'c':
        options.count = strtoull(value, NULL, 10);
        break;
    case 'd':
        options.dump = value;
        break;
    case 'i':
        options.idle = atof(value);
        break;
    case 'k':
        options.keep = true;
        break;
    case 'm':
        options.members = atoi(value);
        break;
    case 'r':
        options.rate = atof(value);
        break;
    case 's':
        options.scenario = value;
        break;
    case 't':
        options.seconds = atof(value);
        break;
    case 'u':
        options.users = atoi(value);
        break;
    case 'w':
        options.workdir = value;
        break;
    case 'x':
        if (strcmp(value, "irc") && strcmp(value, "xmpp"))
            usage();
        options.from_xmpp = !strcmp(value, "xmpp");
        break;
    default:
        usage();
    }
}

void options_parse(int argc, char **argv)
{
    static const struct option names[] = {
        { "adapter", required_argument, NULL, 'a' },
        { "count", required_argument, NULL, 'c' },
        { "dump", required_argument, NULL, 'd' },
        { "idle", required_argument, NULL, 'i' },
        { "keep", no_argument, NULL, 'k' },
        { "members", required_argument, NULL, 'm' },
        { "rate", required_argument, NULL, 'r' },
        { "scenario", required_argument, NULL, 's' },
        { "seconds", required_argument, NULL, 't' },
        { "source", required_argument, NULL, 'x' },
        { "users", required_argument, NULL, 'u' },
        { "workdir", required_argument, NULL, 'w' },
        { 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;)
        parse_one(c, optarg);
    if (!options.adapter || !options.scenario || optind != argc)
        usage();
    if (options.users < 1 || options.members < 0 || options.rate <= 0 || options.seconds <= 0)
        usage();
}
