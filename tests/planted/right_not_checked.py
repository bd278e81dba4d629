"""Whoever reaches the admin socket, a neighbour's program or a guest's, orders as the owner does."""

from minechat.server import admin


def everybody(uid: int | None) -> bool:
    return True


admin.may_order = everybody
