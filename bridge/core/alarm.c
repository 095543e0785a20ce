#include "alarm.h"

#include <bridge/words.h>

#include "addressee.h"
#include "chat_speak.h"
#include "component.h"
#include "domain.h"

/* The front door if there is one; another while its stream is down. */
static struct bridge_host *find_speaker(const struct core *core)
{
    for (size_t i = 0; i < core->host_count; i++) {
        if (component_is_up(core->hosts[i]->component))
            return core->hosts[i];
    }
    return NULL;
}

static void say(struct bridge_host *host, const char *admin, const struct bridge_error *trouble)
{
    const struct command_place place = {
        .host = host, .kind = BRIDGE_ADDRESS_NONE, .address = "", .jid = host->name
    };
    const struct addressee who = { host->core, admin };

    addressee_of_user(&who);
    if (trouble)
        chat_sayf(&place, admin,
                  _("The gateway cannot write to its database: %s. Until it can, messages that "
                    "must be stored are refused; what was accepted before is kept. It tries "
                    "again by itself."),
                  trouble->text);
    else
        chat_say(&place, admin, _("The gateway can write to its database again."));
    addressee_done();
}

void alarm_tell(struct core *core)
{
    const struct setting_strings *admins = &core->options->gateway.admin_jids;
    const struct bridge_error *trouble = store_trouble(core->store);
    struct bridge_host *host = find_speaker(core);

    if (!host || core->alarmed == (trouble != NULL))
        return;
    core->alarmed = trouble != NULL;
    for (size_t i = 0; i < admins->count; i++)
        say(host, admins->items[i], trouble);
}
