"""Finding monthly frames on disk, and making synthetic ones."""
