"""What fleets and reports look like: as tables, JSON, Markdown and HTML."""
