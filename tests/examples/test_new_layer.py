import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "new_layer.py"


def test_a_layer_of_ones_own_keeps_the_contract():
    done = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "keeps every rule" in done.stdout
    assert "(2, 28, 28)" in done.stdout
