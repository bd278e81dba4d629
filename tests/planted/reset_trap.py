"""A script that posts and closes without reading the answers loses its messages, now and then."""

from minechat.server.doors import visitors


class CarelessDoor(visitors.SpeakDoor):
    def _rescue(self) -> None:
        pass


visitors.SpeakDoor = CarelessDoor
