"""What a server puts between itself and its plugins: their platform, their tables, their settings, their routes."""
