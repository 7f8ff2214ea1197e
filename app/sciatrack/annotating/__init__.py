"""The page on which a researcher marks reps and holds: its data, its server, its files."""
