/* fake_conn.h - include/bridge/conn.h in memory, for programs that link no
 * sockets: the test is the peer. Nothing happens by itself; whatever conn.h
 * promises to call back comes inside the call of a step below, and so never
 * inside the call that asked for it. */
#ifndef FAKE_CONN_H
#define FAKE_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include <bridge/conn.h>
#include <bridge/strbuf.h>

/* The conns that are open, oldest first. */
size_t fake_conn_count(void);
struct conn *fake_conn_at(size_t i);

#define FAKE_CONN_LABEL_MAX 64

/* A word of the test's own about this conn; "" at first. */
char *fake_conn_label(struct conn *conn);

/* What it was opened with. */
const char *fake_conn_host(const struct conn *conn);
uint16_t fake_conn_port(const struct conn *conn);
enum conn_tls fake_conn_tls(const struct conn *conn);

/* The next conn_open() fails with this. */
void fake_conn_refuse(enum bridge_code code, const char *text);

/* --- steps ---------------------------------------------------------------- */

void fake_conn_connect(struct conn *conn); /* on_connected */
void fake_conn_feed(struct conn *conn, const char *data, size_t len); /* on_data */

/* The kernel takes no more: conn_full() from now on; and takes all again: on_drained. */
void fake_conn_clog(struct conn *conn);
void fake_conn_drain(struct conn *conn);

/* The peer is gone; `why` NULL: in an orderly way. on_closed; frees it. */
void fake_conn_end(struct conn *conn, const struct bridge_error *why);

/* on_closed for every conn that its owner has closed or aborted. Returns
 * whether there was any. */
bool fake_conn_settle(void);
bool fake_conn_closing(const struct conn *conn);

/* Everything written and not dropped yet; strbuf_drop() it as it is read. */
struct strbuf *fake_conn_written(struct conn *conn);

#endif
