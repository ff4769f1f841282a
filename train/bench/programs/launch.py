"""Run a command, then tell its wall time, peak memory and exit code in a line of JSON: `launch.py COMMAND…`.

A program of its own because Linux counts the memory of whoever starts a process into the peak of that process until it
has become another program: this starter is small, the benchmark is not.
"""

from __future__ import annotations

import json
import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
print("\n" + json.dumps({"seconds": seconds, "peak_bytes": peak, "code": os.waitstatus_to_exitcode(status)}))
