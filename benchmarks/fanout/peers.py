"""The peers: servers that people run, each with a configuration that takes its limits away.

None of them writes to disk first. Each gets what its manual offers for this load; what is switched off
(penalties, pings, name lookups, delays of small packets) would only make it slower.
"""

from collections.abc import Mapping

from .processes import free_ports
from .start import Start

#: Seconds until an idle connection is asked whether it lives: longer than any run.
QUIET = 3600
MOST = 20000


def redis(path: str, _: Mapping[str, str]) -> Start:
    """Redis pub/sub without persistence, and without the limit on what waits for a slow subscriber."""
    (port,) = free_ports(1)
    options = f"--bind 127.0.0.1 --port {port} --appendonly no --maxclients {MOST} --timeout 0"
    limit = ["--client-output-buffer-limit", "pubsub 0 0 0"]
    return Start([path, *options.split(), "--save", "", *limit], (port, port))


def nats(path: str, _: Mapping[str, str]) -> Start:
    """Core NATS: no JetStream, so nothing is stored."""
    (port,) = free_ports(1)
    text = f'host: "127.0.0.1"\nport: {port}\nmax_connections: {MOST}\nping_interval: "{QUIET}s"\n'
    return Start([path, "--config", "nats.conf"], (port, port), {"nats.conf": text})


def mosquitto(path: str, _: Mapping[str, str]) -> Start:
    """Mosquitto, quality of service 0; as root it would change to a user that cannot read our folder."""
    (port,) = free_ports(1)
    text = f"""\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
set_tcp_nodelay true
log_type error
user root
"""
    return Start([path, "-c", "mosquitto.conf"], (port, port), {"mosquitto.conf": text})


def inspircd(path: str, _: Mapping[str, str]) -> Start:
    """InspIRCd without lookups, flood protection and limits, with the modules of its core only."""
    (port,) = free_ports(1)
    text = f"""\
<server name="irc.test" description="fan-out" network="test">
<admin name="nobody" nick="nobody" email="nobody@irc.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" pingfreq="{QUIET}s" fakelag="no" commandrate="100000000"
 recvq="10M" hardsendq="1G" softsendq="1G" localmax="{MOST}" globalmax="{MOST}" limit="{MOST}"
 resolvehostnames="no" useident="no" maxchans="20" threshold="100000000">
<options defaultmodes="" prefixquit="" syntaxhints="no">
<performance netbuffersize="65535" softlimit="{MOST}" somaxconn="512" quietbursts="yes" nouserdns="yes">
<security announceinvites="none" hidewhois="">
<channels users="20" opers="20">
<log method="file" type="*" level="default" target="inspircd.out">
<pid file="inspircd.pid">
<path configdir="." datadir="." logdir="." runtimedir=".">
"""
    command = [path, "--runasroot", "--nofork", "--config", "inspircd.conf"]
    return Start(command, (port, port), {"inspircd.conf": text})


def ngircd(path: str, _: Mapping[str, str]) -> Start:
    """ngIRCd without lookups, penalties and limits."""
    (port,) = free_ports(1)
    text = f"""\
[Global]
Name = irc.test
Info = fan-out
Listen = 127.0.0.1
Ports = {port}
ServerUID = 0
ServerGID = 0
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = {QUIET}
PongTimeout = {QUIET}
[Options]
DNS = no
Ident = no
PAM = no
[Channel]
Name = #chat
Modes =
"""
    return Start([path, "--nodaemon", "--config", "ngircd.conf"], (port, port), {"ngircd.conf": text})
