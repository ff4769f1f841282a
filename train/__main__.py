"""`python -m xuncha.train RECIPE …`: what `torchrun --nproc-per-node N -m xuncha.train RECIPE …` starts N times."""

import typer

from xuncha.train.cli import train_command

if __name__ == "__main__":
    typer.run(train_command)
