"""One text with a transformers pipeline, as a newcomer's first script has it: `one_shot.py FOLDER TEXT`."""

from __future__ import annotations

import sys

from transformers import pipeline

print(pipeline("text-classification", model=sys.argv[1], trust_remote_code=True, top_k=None)(sys.argv[2]))
