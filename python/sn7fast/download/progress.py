"""How far a download is."""

from __future__ import annotations


class Progress:
    """Told how far a download or an extraction is; this one keeps silent."""

    def start(self, label: str, size_bytes: int, done_bytes: int) -> None:
        """A step begins: ``download``, ``check`` or ``extract``, of which so much is done."""

    def advance(self, size_bytes: int) -> None:
        """So many bytes more are done."""

    def note(self, text: str) -> None:
        """Something that the user may want to know, such as a lost connection."""

    def close(self) -> None:
        """The step is over, well or not."""
