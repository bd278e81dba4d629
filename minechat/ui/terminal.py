"""The terminal as the screen takes it over: what was typed before the screen stood is nobody's message."""

from textual.drivers.linux_driver import LinuxDriver

from minechat.system import key_by_key


class Terminal(LinuxDriver):
    """Textual's own, which would take for keys what waits there from before: a line meant for a shell."""

    def start_application_mode(self) -> None:
        """Opens the screen. What is typed from the moment it is to be seen counts, and nothing older."""
        before = key_by_key(self.fileno)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if before is not None:
            self.attrs_before = before
