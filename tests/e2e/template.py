"""Configuration files with {placeholders}; every other brace (Lua, YAML) is left alone."""

import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent

DOMAIN = "xmpp.test"
SECRET = "a secret for the tests"
PUPPETS = ("puppet", "plain", "club")  # puppet/CMakeLists.txt; plugin and domain


def render(template, target, **values):
    text = (HERE / "servers" / template).read_text()

    def value(match):
        if match.group(1) not in values:
            raise KeyError(f"{template}: no value for {match.group(0)}")
        return str(values[match.group(1)])

    target = pathlib.Path(target)
    target.write_text(re.sub(r"\{([a-z][a-z0-9_]*)\}", value, text))
    return target


def server_snippet(name, component_port, secret=SECRET):
    """contrib/servers/NAME as an admin would use it: with a domain, a secret and a port of
    their own. So the tests fail when what we tell admins does not work."""
    text = (SOURCE / "contrib" / "servers" / name).read_text()
    for placeholder in ("change me", "5347"):
        assert placeholder in text, f"contrib/servers/{name} no longer says {placeholder}"
    return (text.replace("example.com", DOMAIN).replace("change me", secret)
            .replace("5347", str(component_port)))


def roster_snippet(name, component):
    """The same for what contrib/servers/ says about rosters, for this component."""
    text = (SOURCE / "contrib" / "servers" / name).read_text()
    assert "sms.example.com" in text
    return text.replace("sms.example.com", component).replace("example.com", DOMAIN)
