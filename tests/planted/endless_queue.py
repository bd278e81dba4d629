"""One reader who stopped reading, a suspended laptop, takes the server's memory until it dies for all."""

from minechat.server import audience


class PatientWire(audience.Wire):
    def _drop(self, outlet: audience.Outlet) -> None:
        pass


audience.Wire = PatientWire
