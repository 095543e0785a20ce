/* card.h - who somebody is: the vCards of our addresses (XEP-0054, XEP-0292), and
 * avatars (XEP-0153).
 *
 * A contact's is what the network knows (lookup.h), an occupant's that of the
 * contact behind the nick; ours are written here. */
#ifndef CARD_H
#define CARD_H

#include <bridge/message.h>

#include "digest.h"
#include "query.h"

/* <vCard/>, and <pubsub/> for the node that XEP-0292 §3.1 names. */
void card_answer_temp(const struct query *q);
void card_answer_4(const struct query *q);
void card_refuse_change(const struct query *q);

#define CARD_HASH_SIZE DIGEST_HEX_SIZE

/* What presence says of a picture (XEP-0153 §4.1): the SHA-1 of its bytes in
 * lower case. "" for NULL, and for one that is not shown (vcard_shows()). */
void card_avatar_hash(const struct bridge_picture *picture, char hex[CARD_HASH_SIZE]);

#endif
