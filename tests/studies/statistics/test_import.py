import subprocess
import sys


def test_needs_no_keras():
    code = "import sys, regard.studies.statistics; print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
