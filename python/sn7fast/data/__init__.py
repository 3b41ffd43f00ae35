"""Images, labels and masks on disk: found, prepared and read; and synthetic ones."""
