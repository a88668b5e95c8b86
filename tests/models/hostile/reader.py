"""Reads hostile files in a process that an audit hook watches, and tells what came of each.

    python reader.py CASES.json RESULTS.json

The hook (`hook/sitecustomize.py`) writes what must not happen to the file `REGARD_WATCH`.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import regard
from regard.errors import RegardError

MORE = 4 << 30


def read_run(path):
    return regard.load(path)


def read_trusted(path):
    return regard.load(path, trust=True)


def read_state(path):
    from regard.training.checkpoint import read_arrays
    from regard.training.facts import checked_facts

    arrays, facts = read_arrays(Path(path))
    return checked_facts(facts, arrays, path)


def read_onnx(path):
    from regard.export import OnnxNetwork

    return OnnxNetwork(path)


def read_config(path):
    from regard.training.run import read_config

    return read_config(path)


def do(statement):
    exec(statement, {})


def status(name):
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if name in x)
    return int(line.split()[1]) * 1024


def measured(case):
    """Reads one file; returns its message, and the memory and CPU time that it took."""
    Path("/proc/self/clear_refs").write_text("5")
    before, children = status("VmRSS"), resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.process_time()
    hook = sys.modules["sitecustomize"]
    hook.armed = True
    try:
        globals()[case["how"]](case["path"])
        outcome = "loaded"
    except RegardError as error:
        outcome = f"{type(error).__name__}: {error}"
    except BaseException as error:
        outcome = f"not a RegardError: {type(error).__name__}: {error}"
    finally:
        hook.armed = False
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    log = Path(os.environ["REGARD_WATCH"])
    seen = log.read_text().splitlines()
    os.truncate(log, 0)
    return {
        "outcome": outcome,
        "seen": seen,
        "seconds": time.process_time() - started,
        "bytes": status("VmHWM") - before,
        "child_seconds": after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime,
        "children_bytes": after.ru_maxrss * 1024,
    }


def main(cases, results):
    import h5py  # noqa: F401
    import pydantic  # noqa: F401

    import regard.layers.registered

    regard.models.tutorial((6, 6, 1), 2)
    os.environ["REGARD_WATCH_READER"] = "1"
    limit = status("VmSize") + MORE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    found = {case["name"]: measured(case) for case in json.loads(Path(cases).read_text())}
    Path(results).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
