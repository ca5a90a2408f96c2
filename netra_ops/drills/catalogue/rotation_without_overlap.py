"""Drill: the key that signs is destroyed, and with it every session."""

import msgspec

from netra_ops.drills.drill import Drill, Ground, Happening


def _remove(ground: Ground) -> None:
    keys = msgspec.json.decode(ground.command("keys", "list", "--json"))
    for one in keys["items"]:
        if one["state"] == "active":
            words = ("keys", "remove", one["kid"], "--reason", "a drill", "--yes")
            ground.command(*words)


DRILL = Drill(
    name="rotation-without-overlap",
    cause="key_rotated_without_overlap",
    title="the key that signs is replaced at once, so that no token of before is good any more",
    fault=Happening(
        begin=_remove,
        end=lambda ground: ground.command("verify"),
        remedy="people log in anew; nothing brings the old key back",
    ),
)
