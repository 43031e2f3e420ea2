"""Fails where an installed package is known to be unsafe; says so where nobody could be asked, which fails nothing."""

import json
import subprocess
import sys
import sysconfig
import tempfile
import urllib.request


ADVISORIES = "https://pypi.org/pypi/pip/json"
"""Where pip-audit asks, here of one package."""


def answers() -> bool:
    """Whether anybody tells what is known of packages; much is fetched only then."""
    try:
        with urllib.request.urlopen(ADVISORIES, timeout=10) as answer:  # noqa: S310 - written above
            return "vulnerabilities" in json.load(answer)
    except (OSError, ValueError):
        return False


def main() -> int:
    subprocess.run([sys.executable, "-m", "pip", "check", "--disable-pip-version-check"], check=True)
    if not answers():
        print("NOT AUDITED: no advisory service answers here; run this where one does.")
        return 0
    with tempfile.TemporaryDirectory() as folder:  # beside what is looked at, not in it
        quiet = ["--quiet", "--disable-pip-version-check", "--no-warn-conflicts", "--target", folder]
        fetch = subprocess.run([sys.executable, "-m", "pip", "install", *quiet, "pip-audit"], check=False)
        ask = [sys.executable, "-m", "pip_audit", "--path", sysconfig.get_path("purelib"), "--format", "json"]
        try:
            told = subprocess.run(
                [*ask, "--progress-spinner", "off", "--timeout", "10"],
                env={"PYTHONPATH": folder, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60,
                check=False,
            )  # fmt: skip
            packages = json.loads(told.stdout)["dependencies"]
        except (ValueError, KeyError, subprocess.TimeoutExpired):
            why = "pip-audit cannot be installed here" if fetch.returncode else "pip-audit came to no end"
            print(f"NOT AUDITED: {why}; run this where it does.")
            return 0
    unsafe = [(one["name"], one["version"], fault["id"]) for one in packages for fault in one.get("vulns", ())]
    for name, version, fault in unsafe:
        print(f"{name} {version}: {fault}")
    known = sum("skip_reason" not in one for one in packages)
    if not known:
        print("NOT AUDITED: the service that answers here knows none of the packages.")
        return 0
    print(f"audited: {known} of {len(packages)} packages, {len(unsafe)} faults")
    return int(bool(unsafe))


sys.exit(main())
