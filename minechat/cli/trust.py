"""How the settings of a client say that it trusts a server: in plain text, or by TLS and whom."""

from minechat.cli.typed import ChatOptions, ClientOptions
from minechat.client.tls import Tls


def trusted(options: ClientOptions) -> Tls | None:
    """TLS as the settings want it, or None for a plain connection; a server opened here is always plain."""
    if not options.tls or (isinstance(options, ChatOptions) and options.embedded):
        return None
    return Tls(options.tls_ca, options.tls_fingerprint)
