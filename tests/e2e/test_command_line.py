"""What an admin does before anything runs: check a configuration, print one, name a plugin."""

import re
import subprocess

import pytest

from bridged import BUILD, Bridged, run
from template import SOURCE

PLUGINS = BUILD / "plugins"
INCLUDE = SOURCE / "include"

OTHER_ABI = """
#include <bridge/transport.h>
static const struct bridge_transport transport;
__attribute__((visibility("default"))) const struct bridge_plugin bridge_plugin = {
    .abi = BRIDGE_ABI + 1, .version = "9", .transport = &transport,
};
"""
INCOMPLETE = """
#include <bridge/transport.h>
static const struct bridge_transport transport = { .type = "x" };
BRIDGE_PLUGIN("0.1", &transport);
"""
NO_PLUGIN = "int something_else;"
MISSING_SYMBOL = """
#include <bridge/transport.h>
void bridge_of_tomorrow(void);
static void *start(struct bridge_host *h, const void *s, struct bridge_error *e)
{
    bridge_of_tomorrow();
    return 0;
}
static void stop(void *t) { }
static enum bridge_address classify(void *t, const char *l, struct strbuf *c,
                                    struct bridge_error *e) { return BRIDGE_ADDRESS_NONE; }
static void *open_(void *t, struct bridge_session *s, struct bridge_error *e) { return 0; }
static void close_(void *d, const char *r) { }
static int send_(void *d, const char *c, const struct bridge_message *m,
                 struct bridge_error *e) { return -1; }
static const struct bridge_transport transport = {
    .type = "x", .description = "x", .start = start, .stop = stop, .classify = classify,
    .open = open_, .close = close_, .send = send_,
};
BRIDGE_PLUGIN("0.1", &transport);
"""


@pytest.fixture
def config(tmp_path):
    """A configuration without faults, as a Bridged that never runs."""
    return Bridged(tmp_path, 5347)


def check(config, plugins=PLUGINS):
    config.write_config()
    return run("-c", config.config_file, "--plugins", plugins, "--check-config")


def test_the_version_is_told():
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(r"bridged \d+\.\d+\.\d+\n", out)


def test_help_is_given_and_wrong_arguments_get_it_too():
    code, out, _ = run("--help")
    assert code == 0
    for option in ("--config", "--plugins", "--check-config", "--print-config", "--version"):
        assert option in out
    for wrong in (["--no-such-option"], ["surplus"]):
        code, out, err = run(*wrong)
        assert code == 2
        assert "Usage:" in err and not out


def test_a_good_configuration_has_no_faults(config):
    assert check(config)[0] == 0


def test_all_faults_are_told_at_once_with_file_and_line(config):
    config.config_file.write_text("""\
xmpp = { server = 5; port = 70000; };
gateway = { domain = "gateway.xmpp.test"; };
databse = "/nowhere";
log = { level = "loud"; };
transports = (
    { plugin = "irc"; domain = "irc.xmpp.test"; secret = "s";
      networks = ( { name = "a"; port = "many"; } ); },
    { plugin = "irc"; secret = "s"; },
    { plugin = "echo"; domain = "irc.xmpp.test"; secret = "s"; coler = "blue"; }
);
""")
    code, out, err = run("-c", config.config_file, "--plugins", PLUGINS, "--check-config")
    assert code == 1
    for line, words in ((1, "xmpp.server"), (1, "xmpp.port"), (2, "secret"), (3, "database"),
                        (4, "log.level"), (7, "port"), (8, "domain"), (9, "coler"),
                        (9, "irc.xmpp.test")):
        assert re.search(rf"bridge\.conf:{line}: .*{re.escape(words)}", out + err), \
            f"line {line}: {words} missing in:\n{out + err}"


@pytest.mark.parametrize("text, line", [("xmpp = {", 1), ('log = { level = "info; };', 1),
                                        ("log = {};\nb b b;\n", 2), ("\x00", 1)])
def test_a_file_that_is_no_configuration_is_refused_with_the_line(config, text, line):
    config.config_file.write_text(text)
    code, out, err = run("-c", config.config_file, "--check-config")
    assert code == 1
    assert re.search(rf"bridge\.conf:{line}: ", out + err), out + err


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "missing.conf", tmp_path):
        code, out, err = run("-c", path, "--check-config")
        assert code == 1
        assert str(path) in out + err


def test_the_daemon_refuses_what_the_check_refuses(config):
    del config.irc["secret"]
    assert check(config)[0] == 1
    code, _, err = run("-c", config.config_file, "--plugins", PLUGINS)
    assert code != 0
    assert re.search(r"bridge\.conf:\d+: transports\[0\].*secret", err)


def test_secrets_may_be_in_files_of_their_own(config, tmp_path):
    (tmp_path / "secret").write_text("from a file\n")
    for transport in (config.irc, config.echo):
        del transport["secret"]
    config.irc["secret_file"] = tmp_path / "secret"
    config.echo["secret_file"] = tmp_path / "none"
    code, out, err = check(config)
    assert code == 1
    assert "from a file" not in out + err
    faults = re.findall(r"transports\[(\d)\]\.secret_file: (.*)", out + err)
    assert [index for index, _ in faults] == ["1"]
    assert "No such file" in faults[0][1]


def test_the_example_is_what_the_program_prints():
    code, out, _ = run("--plugins", PLUGINS, "--print-config")
    assert code == 0
    assert out == (SOURCE / "bridge.conf.example").read_text()


def test_the_example_can_be_used_as_it_stands(tmp_path):
    """An admin who copies it gets no faults to begin with."""
    code, out, err = run("-c", SOURCE / "bridge.conf.example", "--plugins", PLUGINS,
                         "--check-config")
    assert code == 0, out + err


# Plugins


@pytest.fixture
def plugin(tmp_path, config):
    """A function that checks a configuration with a plugin made of this C text."""

    def check_with(name, text=None, raw=None):
        directory = tmp_path / "plugins"
        directory.mkdir(exist_ok=True)
        target = directory / f"{name}.so"
        if text is not None:
            source = tmp_path / f"{name}.c"
            source.write_text(text)
            subprocess.run(["cc", "-shared", "-fPIC", f"-I{INCLUDE}", source, "-o", target],
                           check=True, capture_output=True)
        elif raw is not None:
            target.write_bytes(raw)
        config.config["transports"] = [{"plugin": name, "domain": "x.xmpp.test", "secret": "s"}]
        code, out, err = check(config, directory)
        assert code == 1
        faults = [line for line in (out + err).splitlines() if "bridge.conf:" in line]
        assert faults, out + err
        return "\n".join(faults)

    return check_with


def test_a_missing_plugin_is_named_with_its_place(plugin, tmp_path):
    fault = plugin("fax")
    assert "fax" in fault and str(tmp_path / "plugins") in fault


def test_a_plugin_for_another_version_is_refused(plugin):
    ours = int(re.search(r"BRIDGE_ABI (\d+)u", (INCLUDE / "bridge/transport.h").read_text())[1])
    fault = plugin("tomorrow", OTHER_ABI)
    assert re.search(rf"\b{ours}\b", fault) and re.search(rf"\b{ours + 1}\b", fault), fault
    assert "build" in fault or "install" in fault


def test_a_plugin_that_lacks_calls_is_refused(plugin):
    assert "incomplete" in plugin("half", INCOMPLETE)


def test_a_plugin_that_needs_what_we_do_not_have_is_refused(plugin):
    assert "bridge_of_tomorrow" in plugin("needy", MISSING_SYMBOL)


def test_a_library_that_is_no_plugin_is_refused(plugin):
    assert re.search(r"\bno\b.*plugin|not a.*plugin", plugin("library", NO_PLUGIN))


@pytest.mark.parametrize("raw", [b"", b"not ELF at all\n" * 100, b"\x7fELF\x02\x01\x01"],
                         ids=["empty", "text", "cut short"])
def test_a_file_that_is_no_library_is_refused(plugin, raw):
    assert "plugin" in plugin("text", raw=raw)


@pytest.mark.parametrize("name", ["../irc", "/etc/passwd", "", "a b", "x" * 5000],
                         ids=["relative", "absolute", "empty", "space", "long"])
def test_a_plugin_name_is_no_path(plugin, name):
    assert "is no plugin name" in plugin(name)
