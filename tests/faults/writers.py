"""Twenty threads that say things at once, each over a database connection of its own.

Run as `python -m tests.faults.writers ROOM ROUNDS` on the database of the environment; tells the errors as JSON.
"""

import json
import os
import sys
import threading
import uuid


def main(room_id: int, rounds: int) -> None:
    """Everybody of the cast writes; what failed is told, not raised."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collab.settings")
    import django

    django.setup()
    from django.db import connection

    from accounts.models import User
    from chat.services import send_message

    people = list(User.objects.filter(kind="human").order_by("pk"))
    start, errors = threading.Barrier(len(people)), []

    def write(index: int) -> None:
        start.wait()
        for number in range(rounds):
            try:
                send_message(actor=people[index], room_id=room_id, cid=uuid.uuid4(), body=f"thread {index}/{number}")
            except Exception as error:  # noqa: BLE001 - the test judges it
                errors.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=write, args=[index]) for index in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(errors))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
