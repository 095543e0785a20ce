layer(core
    SOURCES
        adhoc.c
        ask.c
        card.c
        chat.c
        command.c
        command_admin.c
        command_call.c
        command_line.c
        command_user.c
        component.c
        contact.c
        core.c
        delivery_queue.c
        delivery_state.c
        describe.c
        domain.c
        guard.c
        host.c
        inbound.c
        message_in.c
        message_pack.c
        message_write.c
        options.c
        permit.c
        plugin.c
        presence_in.c
        presence_write.c
        query.c
        room.c
        room_write.c
        router.c
        session.c
    USES base xmpp net store
    LIBRARIES PkgConfig::UV PkgConfig::OPENSSL PkgConfig::STROPHE PkgConfig::SODIUM
              PkgConfig::JANSSON ${CMAKE_DL_LIBS})
