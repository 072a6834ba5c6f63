"""What TensorBoard reads of a run: one file in the run's folder, which grows as the run does."""

from pathlib import Path

from reslab.store.atomic import writing_failed
from reslab.store.run_files import EVENTS


class EventFile:
    """The events of the run in folder `run`; they are made anew from its record at any time."""

    def __init__(self, run: Path) -> None:
        self.path = run / EVENTS

    @property
    def there(self) -> bool:
        """Has this run events already?"""
        return self.path.is_file()

    def write(self, events: bytes) -> None:
        """Let the file hold `events`, and nothing else. Raises RunError where it cannot be written.

        In the same file, so that a TensorBoard that has it open goes on reading: what it has read of the record is
        not moved. A kill in mid-write leaves a torn end, where TensorBoard stops reading, until this is called again.
        """
        try:
            with self.path.open("r+b" if self.there else "w+b") as file:
                have = file.read()
                file.seek(len(have) if events.startswith(have) else 0)
                file.write(events[file.tell() :])
                file.truncate()
        except OSError as error:
            raise writing_failed(self.path, error) from error
