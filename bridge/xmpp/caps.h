/* caps.h - entity capabilities (XEP-0115): what somebody answers to disco#info,
 * as one short text that goes along with presence. No I/O. */
#ifndef CAPS_H
#define CAPS_H

#include "digest.h"
#include "disco.h"

#define CAPS_VER_SIZE DIGEST_BASE64_SIZE

/* The verification string (§5.1) of what disco_write_info() writes; `node` counts
 * for nothing. */
void caps_ver(const struct disco_info *info, char ver[CAPS_VER_SIZE]);

#endif
