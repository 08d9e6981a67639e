"""From tables to the snapshot a gateway serves: builds, versions and announces it."""
