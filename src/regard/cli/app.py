"""The program `regard`: finds the verb, turns errors into one line and an exit code.

No verb, and no Keras, is imported before it is called.
"""

import sys

from cyclopts import App, CycloptsError, Parameter

from regard import __version__
from regard.errors import RegardError

VERBS = {
    "train": "Train a network with attention and write a report.",
    "evaluate": "Test a run: accuracy with its interval, per class, calibration, mistakes.",
    "predict": "Classify pictures.",
    "explain": "Show where a network looks.",
    "compare": "Find out whether attention helps, over seeds and beside controls.",
    "export": "Write a run's network as an ONNX file, proven equal.",
    "layers": "List the attention layers: paper, kind, axes, cost.",
    "data": "List the data sets, or check your photos.",
    "bench": "Time a training step beside stock Keras, PyTorch and JAX.",
    "doctor": "Show what this machine has, and what is missing.",
}

app = App(
    name="regard",
    help="Build, train and look into CNNs with attention.\n\n`regard train` alone is the tutorial. "
    "Exit codes: 0 done, 1 failed, 2 usage, 3 bad data. `--debug` shows tracebacks.",
    version=__version__,
    help_format="plaintext",
    default_parameter=Parameter(negative=()),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
for _verb, _help in VERBS.items():
    app.command(f"regard.cli.{_verb}:{_verb}", name=_verb, help=_help)


def main(arguments=None):
    """Runs the program and exits; 0 done, 1 failed, 2 usage, 3 bad data."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    try:
        app([word for word in arguments if word != "--debug"], exit_on_error=False)
    except CycloptsError:
        sys.exit(2)
    except RegardError as error:
        _stop(error, error.exit_code, debug)
    except KeyboardInterrupt as error:
        _stop(error, 1, debug, "Stopped.")
    except Exception as error:
        _stop(error, 1, debug, f"{type(error).__name__}: {error} (--debug shows where)")
    sys.exit(0)


def _stop(error, code, debug, text=None):
    if debug:
        raise error
    print(f"regard: {text or error}", file=sys.stderr)
    sys.exit(code)
