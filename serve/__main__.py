"""`python -m xuncha.serve` is `xuncha`."""

from xuncha.serve.cli import main

main()
