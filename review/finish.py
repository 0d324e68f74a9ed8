"""What happens when a queue is finished: the one place that the next run is asked for from."""

from review.room import Room


def finish_queue(room: Room, recipe: str, check: str, actor: str) -> None:
    """Puts on record that nothing of a queue is left to decide; the next run of the recipe applies the decisions.

    A deployment that waits for stewards is resumed from here, once there is one.
    """
    room.desk.note(
        actor, "queue_finished", f"{recipe}/{check}", {"snapshot": room.desk.facts()[recipe]["snapshot_id"]}
    )
