-- Optional, beside bridged.cfg.lua: lets a transport put the contacts that its
-- network lists into the rosters of your users (XEP-0356), by name and without
-- asking. Otherwise every contact asks for a subscription, as a stranger would.
--
-- It needs mod_privilege, from Debian's package prosody-modules or with
--     prosodyctl install --server=https://modules.prosody.im/rocks/ mod_privilege
-- Copy this to /etc/prosody/conf.d/bridged-roster.cfg.lua and restart Prosody;
-- nothing is to be changed in bridge.conf.

-- The host that has the users:
VirtualHost "example.com"
    modules_enabled = { "privilege" }
    privileged_entities = {
        ["sms.example.com"] = { roster = "both" },
    }

-- Each transport that is named above:
Component "sms.example.com"
    modules_enabled = { "privilege" }
