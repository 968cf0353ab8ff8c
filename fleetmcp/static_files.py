"""Static files under names that hold their digest, so that browsers keep them for ever."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Hashed once collected; plain names where nothing was collected (demo, tests)."""

    def stored_name(self, name: str) -> str:
        """Return the name under which the file is served."""
        return str(super().stored_name(name)) if self.hashed_files else name
