layer(core
    SOURCES adhoc.c chat.c command.c command_admin.c command_line.c command_user.c
            component.c contact.c core.c domain.c guard.c host.c message_write.c options.c
            permit.c plugin.c query.c room.c room_write.c router.c session.c
    USES base xmpp net store
    LIBRARIES PkgConfig::UV PkgConfig::OPENSSL PkgConfig::STROPHE PkgConfig::SODIUM
              ${CMAKE_DL_LIBS})
