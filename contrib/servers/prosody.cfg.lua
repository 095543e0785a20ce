-- What Prosody (0.12 or later) needs to let bridged in: a component for each
-- domain that bridged serves. The domains and the secret are those of
-- bridge.conf. Prosody offers components on 127.0.0.1, port 5347; to change
-- that, set component_interfaces and component_ports in the global section,
-- before the first VirtualHost or Component.
--
-- Copy this to /etc/prosody/conf.d/bridged.cfg.lua (Debian), or append it to
-- prosody.cfg.lua. Then restart Prosody; or, without a restart,
--     prosodyctl shell config reload
--     prosodyctl shell host activate gateway.example.com
--     prosodyctl shell host activate irc.example.com

Component "gateway.example.com"
    component_secret = "change me"
    -- After a lost connection the new one wins. Otherwise Prosody refuses it
    -- until it has noticed that the old one is dead.
    component_conflict_resolve = "kick_old"

Component "irc.example.com"
    component_secret = "change me"
    component_conflict_resolve = "kick_old"
