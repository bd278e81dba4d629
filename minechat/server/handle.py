"""The handle of a running server: where its doors are, who is there, and its certificate read again."""

from collections import Counter

from minechat.server.audience import Audience
from minechat.server.doors.gate import Gate
from minechat.server.figures import Figures
from minechat.server.tls import Certificate


class Server:
    """A running server: where its doors are, and how it is.

    :param metrics_port: the status port; None when there is none
    :param rift_port: the port of RIFT; None when there is none
    :param figures: what it counted since its start
    :param certificate: that of all ports but the status port; None where they are plain
    """

    def __init__(
        self,
        host: str,
        read_port: int,
        write_port: int,
        metrics_port: int | None = None,
        *,
        rift_port: int | None = None,
        figures: Figures | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self.host = host
        self.read_port = read_port
        self.write_port = write_port
        self.rift_port = rift_port
        self.metrics_port = metrics_port
        self.figures = figures or Figures()
        self.doors_open = False
        self._audience: Audience | None = None
        self._gate: Gate | None = None
        self.certificate = certificate

    def reload(self) -> bool:
        """Reads the certificate's files again, for whoever connects from now on; nobody is dropped.

        :returns: False when they cannot be used: the log says why, and the old certificate stays in place
        """
        return self.certificate is None or self.certificate.reload()

    def opened(self, gate: Gate, audience: Audience) -> None:
        """The doors are open: who comes is counted by the gate, what waits for readers by the audience."""
        self._gate, self._audience, self.doors_open = gate, audience, True

    def connections(self) -> dict[str, int]:
        """Open connections by port."""
        there = Counter[str]() if self._gate is None else self._gate.ports()
        ports = ("read", "write") if self.rift_port is None else ("read", "write", "rift")
        return {port: there[port] for port in ports}

    def queued(self) -> int:
        """Bytes that wait for readers."""
        return 0 if self._audience is None else self._audience.waiting
