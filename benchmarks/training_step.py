"""The time of a training step of the tutorial's network; the same as `regard bench`.

python benchmarks/training_step.py
python benchmarks/training_step.py --backend jax --pairs 9
"""

import sys

from regard.cli.app import main

main(["bench", *sys.argv[1:]])
