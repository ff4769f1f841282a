"""The commands of serve: each module holds one, an adapter over plain functions."""
