"""The handle of a running server: where its doors are, who is there, and its certificate read again."""

from collections import Counter

from minechat.server.doors.gate import Gate
from minechat.server.figures import Figures
from minechat.server.tls import Certificate
from minechat.server.wires import Wire


class Server:
    """A running server: where its doors are, and how it is.

    :param metrics_port: the status port; None when there is none
    :param figures: what it counted since its start
    :param certificate: that of both ports; None where they are plain
    """

    def __init__(
        self,
        host: str,
        read_port: int,
        write_port: int,
        metrics_port: int | None = None,
        *,
        figures: Figures | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self.host = host
        self.read_port = read_port
        self.write_port = write_port
        self.metrics_port = metrics_port
        self.figures = figures or Figures()
        self.doors_open = False
        self._wire: Wire | None = None
        self._gate: Gate | None = None
        self.certificate = certificate

    def reload(self) -> bool:
        """Reads the certificate's files again, for whoever connects from now on; nobody is dropped.

        :returns: False when they cannot be used: the log says why, and the old certificate stays in place
        """
        return self.certificate is None or self.certificate.reload()

    def opened(self, gate: Gate, wire: Wire) -> None:
        """The doors are open: who comes is counted by the gate, what waits for readers by the wire."""
        self._gate, self._wire, self.doors_open = gate, wire, True

    def connections(self) -> dict[str, int]:
        """Open connections by port."""
        there = Counter[str]() if self._gate is None else self._gate.ports()
        return {port: there[port] for port in ("read", "write")}

    def queued(self) -> int:
        """Bytes that wait for readers."""
        return 0 if self._wire is None else self._wire.waiting
