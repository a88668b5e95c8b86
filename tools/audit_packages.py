"""Looks for known vulnerabilities of installed packages, and says if they could not be looked up.

    pip install pip-audit && python tools/audit_packages.py FOLDER

`FOLDER` is the `site-packages` to look at. Exits with 1 if a vulnerability is known. Where the
service of pip-audit gives no answer, or does not know the packages, one line says so, and the exit
code is 0: nothing was found, since nothing was looked up.
"""

import json
import subprocess
import sys


def audited(folder):
    """Returns what pip-audit found, a list of packages; None if it could not ask its service."""
    command = [sys.executable, "-m", "pip_audit", "--path", folder, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)["dependencies"]
    except ValueError:
        return None


def lines(packages):
    """Returns what to say, and the exit code."""
    if packages is None:
        return ["pip-audit: its service gives no answer here; no package was audited"], 0
    known = [package for package in packages if "vulns" in package]
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, repaired in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version'}"
        for package in known
        for vulnerability in package["vulns"]
    ]
    if not known:
        return [f"pip-audit: its service knows none of the {len(packages)} packages here"], 0
    left = len(packages) - len(known)
    summary = f"pip-audit: {len(known)} packages audited, {left} unknown, {len(found)} holes"
    return [*found, summary], int(bool(found))


def main():
    """Audits and exits."""
    said, code = lines(audited(sys.argv[1]))
    print("\n".join(said))
    sys.exit(code)


if __name__ == "__main__":
    main()
