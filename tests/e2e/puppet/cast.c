/* How contacts look: the same to every user, as on a real network. */
#include <stdlib.h>
#include <string.h>

#include "puppet.h"

const char *const show_names[] = {
    [BRIDGE_OFFLINE] = "offline", [BRIDGE_ONLINE] = "online", [BRIDGE_CHAT] = "chat",
    [BRIDGE_AWAY] = "away",       [BRIDGE_XA] = "xa",         [BRIDGE_DND] = "dnd",
};

/* One pixel each. */
static const unsigned char red_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
    0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0xf8, 0xcf, 0xc0, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00, 0xf7, 0x03, 0x41,
    0x43, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};
static const unsigned char blue_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
    0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0x60, 0x60, 0xf8, 0x0f, 0x00, 0x01, 0x03, 0x01, 0x00, 0x36, 0x74, 0x11,
    0x40, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};
/* As large as a picture may be; what comes after its head nobody looks at. */
static const unsigned char large_webp[BRIDGE_PICTURE_MAX] = "RIFF\xf8\xff\0\0WEBPVP8 ";
static const struct {
    const char *name;
    struct bridge_picture picture;
} pictures[] = {
    { "red", { "image/png", red_png, sizeof red_png } },
    { "blue", { "image/png", blue_png, sizeof blue_png } },
    { "large", { "image/webp", large_webp, sizeof large_webp } },
};

static const struct bridge_picture *find_picture(const char *name)
{
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        if (strcmp(pictures[i].name, name) == 0)
            return &pictures[i].picture;
    }
    return NULL;
}

const struct character *cast_find(const struct puppet *puppet, const char *address)
{
    return map_finds(&puppet->cast, address);
}

static struct character *cast_get(struct puppet *puppet, const char *address)
{
    struct character *one = map_finds(&puppet->cast, address);

    if (one)
        return one;
    one = bridge_alloc(sizeof *one);
    one->address = bridge_strdup(address);
    one->nick = bridge_strdup(address);
    one->show = BRIDGE_ONLINE;
    map_puts(&puppet->cast, one->address, one);
    return one;
}

void cast_show(const struct login *login, const char *address)
{
    const struct character *one = cast_find(login->puppet, address);
    struct bridge_presence presence = { .show = BRIDGE_ONLINE, .nick = address };

    if (one)
        presence = (struct bridge_presence){
            .show = one->show, .status = one->status, .nick = one->nick, .avatar = one->avatar,
        };
    bridge_contact_presence(login->session, address, &presence);
}

static void tell_everybody(const struct puppet *puppet, const char *address)
{
    const struct login *login;
    size_t i = 0;

    while ((login = map_next(&puppet->logins, &i))) {
        if (map_finds(&login->watched, address))
            cast_show(login, address);
    }
}

static void replace(char **text, const char *with)
{
    free(*text);
    *text = with && *with ? bridge_strdup(with) : NULL;
}

int cast_presence(struct puppet *puppet, const char *address, char *line,
                  struct bridge_error *err)
{
    const char *name = script_word(&line);

    for (int show = BRIDGE_OFFLINE; name && show <= BRIDGE_DND; show++) {
        if (strcmp(show_names[show], name) == 0) {
            struct character *one = cast_get(puppet, address);

            one->show = (enum bridge_show)show;
            replace(&one->status, line);
            tell_everybody(puppet, address);
            return 0;
        }
    }
    return bridge_fail(err, BRIDGE_INVALID, "how present? offline, online, chat, away, xa, dnd");
}

int cast_avatar(struct puppet *puppet, const char *address, const char *name,
                struct bridge_error *err)
{
    const struct bridge_picture *picture = find_picture(name);

    if (!picture && strcmp(name, "none") != 0)
        return bridge_fail(err, BRIDGE_INVALID, "which avatar? red, blue, large or none");
    cast_get(puppet, address)->avatar = picture;
    tell_everybody(puppet, address);
    return 0;
}

void cast_nick(struct puppet *puppet, const char *address, const char *nick)
{
    replace(&cast_get(puppet, address)->nick, nick);
    tell_everybody(puppet, address);
}

void cast_release(struct puppet *puppet)
{
    struct character *one;
    size_t i = 0;

    while ((one = map_next(&puppet->cast, &i))) {
        free(one->address);
        free(one->status);
        free(one->nick);
        free(one);
    }
    map_release(&puppet->cast);
}
