/* adapter.h - how one gateway is configured and started.
 *
 * An adapter file has lines "key = value"; '#' starts a comment line.
 *   name      shown in the results
 *   template  configuration template, beside the adapter file
 *   prepare   shell command that is run before the start (optional)
 *   command   shell command that runs the gateway in the foreground
 *   irc_host  loopback address of the fake IRC network
 *   irc_name  its name in JIDs, #channel%irc_name@domain (default: irc_host)
 * Template and commands may contain the placeholders listed in adapter.c; {here}
 * is the directory of the adapter file, {config} the file made of the template. */
#ifndef BENCH_ADAPTER_H
#define BENCH_ADAPTER_H

struct adapter {
    char *name;
    char *template;
    char *prepare;
    char *command;
    char *irc_host;
    char *irc_name;
    char *here;
};

/* What the harness offers to a gateway. */
struct offer {
    int xmpp_port;
    int irc_port;
    int users; /* u0, u1 ... @user_domain */
    const char *domain;
    const char *secret;
    const char *user_domain;
    char workdir[256];
};

/* Ends the harness if the file is wrong. */
void adapter_load(struct adapter *a, const char *file);
void adapter_release(struct adapter *a);

/* Returns `text` with the placeholders filled in; the caller frees it. */
char *adapter_expand(const struct adapter *a, const struct offer *o, const char *text);

/* Write the template, filled in, to the file that {config} names. */
void adapter_write_config(const struct adapter *a, const struct offer *o);

#endif
