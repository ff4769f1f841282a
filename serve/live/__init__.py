"""Live rooms: transcripts and comment streams become violations with a time and a place."""
