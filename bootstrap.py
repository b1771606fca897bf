#!/usr/bin/env python3
"""Everything this repository does, from a machine that has Python and nothing else.

    python3 bootstrap.py demo [OUT]    install, write a dataset and its contact sheet
    python3 bootstrap.py test [...]    install what tests need and run them
    python3 bootstrap.py lint          style, types, and which room may import which
    python3 bootstrap.py docs          build the documentation
    python3 bootstrap.py wheel         build the package and check what is in it
    python3 bootstrap.py ci            all of these, from nothing

All of it goes into one environment inside the repository, .venv-sirst5k (SIRST5K_VENV names
another place); delete that folder to start again. Standard library only, and written so
that an old Python can still read it and say what it lacks.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
ENV = Path(os.environ.get("SIRST5K_VENV") or ROOT / ".venv-sirst5k").absolute()
LOG = ENV / "bootstrap.log"
STAMP = ENV / "bootstrap.json"
SCRIPTS = ENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
JOBS = str(min(4, os.cpu_count() or 1))
TAIL = 30  # lines of a failed command's output that are shown


def demo(arguments):
    """Write a dataset of procedural scenes and a picture of it."""
    install()
    out = Path(arguments[0]).absolute() if arguments else ROOT / "demo-out"
    picture = out.with_name(out.name + ".png")
    sirst5k = SCRIPTS / "sirst5k"
    show(sirst5k, "synth", "demo:n=24", out, "--jobs", JOBS)
    show(sirst5k, "preview", out, "-o", picture)
    say(f"\nDataset:       {near(out)}\nContact sheet: {near(picture)}")
    say(f"Your own data: {near(sirst5k)} synth --help")


def test(arguments):
    """Run the tests; arguments go to pytest."""
    install("test")
    show(PYTHON, "-m", "pytest", *(arguments or ["-n", JOBS, "--dist", "loadfile"]))


def lint(_):
    """Check style, types and imports."""
    install("test", "lint")
    share_cli_with_mypy()
    codes = [
        run(PYTHON, "-m", "ruff", "check"),
        run(PYTHON, "-m", "ruff", "format", "--check"),
        run(PYTHON, "-m", "mypy"),
        run(SCRIPTS / "lint-imports", "--no-logo", "--no-cache"),
    ]
    sys.exit(max(codes))


def docs(_):
    """Build the documentation; a warning is an error."""
    install("docs")
    built = ROOT / "docs" / "_build" / "html"
    show(PYTHON, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", ROOT / "docs", built)
    say(f"Documentation: {near(built / 'index.html')}")


def wheel(_):
    """Build the package and check what is in it."""
    install()
    show(PYTHON, ROOT / ".ci" / "check_wheel.py")


def ci(_):
    """Run every check, in an environment of its own."""
    show("bash", ROOT / ".ci" / "run")


def install(*extras):
    """Put the package and these extras into the environment, unless they are there."""
    made = read_stamp()
    # The folder counts because an editable install points at it.
    stands = made.get("root") == str(ROOT) and runs(PYTHON)
    if not stands:
        made = {"root": str(ROOT), "extras": []}
        make_environment()
    names = sorted({*made["extras"], *extras})
    pyproject = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if made == {"root": str(ROOT), "extras": names, "pyproject": pyproject}:
        return
    suffix = f"[{','.join(names)}]" if names else ""
    say(f"Installing sirst5k{suffix} into {near(ENV)} ...")
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--editable"]
    code, output = quiet(*command, f"{ROOT}{suffix}")
    if code:
        fail(f"Installing failed. The end of {near(LOG)}:", output)
    made = {"root": str(ROOT), "extras": names, "pyproject": pyproject}
    STAMP.write_text(json.dumps(made), encoding="utf-8")


def make_environment():
    """Make an empty virtual environment with pip, however little this Python came with."""
    if ENV.exists():
        if any(ENV.iterdir()) and not LOG.is_file():
            fail(
                f"{ENV} exists and was not made here, so it is left alone. "
                "Move it away, or name another folder in SIRST5K_VENV."
            )
        shutil.rmtree(str(ENV))
    ENV.mkdir(parents=True)
    LOG.touch()
    code, output = quiet(sys.executable, "-m", "venv", ENV)
    if code == 0:
        return
    if has_pip():  # enough: it can install itself into an environment made without it
        code, output = quiet(sys.executable, "-m", "venv", "--without-pip", ENV)
        code = code or quiet(sys.executable, "-m", "pip", "--python", PYTHON, "install", "pip")[0]
        if code == 0:
            return
    install_ensurepip(output)
    code, output = quiet(sys.executable, "-m", "venv", ENV)
    if code:
        fail("Making a virtual environment failed:", output)


def install_ensurepip(output):
    """Get what Debian and Ubuntu leave out of Python, or say how to."""
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    commands = ["apt-get update", f"apt-get install -y {package}"]
    if shutil.which("apt-get") is None:
        fail("This Python cannot make a virtual environment: install its venv module.", output)
    if os.geteuid() != 0:
        line = " && ".join("sudo " + command for command in commands)
        fail(f"This Python comes without ensurepip. Run this once, then try again:\n  {line}")
    say(f"This Python comes without ensurepip; installing Debian's {package} ...")
    for command in commands:
        code, output = quiet(*command.split(), DEBIAN_FRONTEND="noninteractive")
        if code:
            fail(f"'{command}' failed:", output)


def has_pip():
    """Return whether this Python has a pip that can install into another environment."""
    code, output = quiet(sys.executable, "-m", "pip", "--version")
    words = output.split()
    if code or "pip" not in words[:-1]:
        return False
    version = words[words.index("pip") + 1].split(".")
    return [int(part) for part in version[:2] if part.isdigit()] >= [22, 3]


def share_cli_with_mypy():
    """Let mypy find the folder cli/ under the name that it is imported by."""
    link = ROOT / ".cache" / "typing" / "sirst5k_cli"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        if link.is_symlink():  # the repository was moved
            link.unlink()
        link.symlink_to(ROOT / "cli", target_is_directory=True)


def show(*command):
    """Run a command in the repository, its output for all to see; leave if it fails."""
    code = run(*command)
    if code:
        sys.exit(code)


def run(*command):
    """Run a command in the repository, its output for all to see; return its exit code."""
    return subprocess.call([str(part) for part in command], cwd=str(ROOT))


def quiet(*command, **variables):
    """Run a command, its output into the log; return its exit code and that output."""
    words = [str(part) for part in command]
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **variables},
        cwd=str(ROOT),
    )
    output = done.stdout.decode("utf-8", "replace")
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(words)}\n{output}")
    return done.returncode, output


def runs(python):
    """Return whether an interpreter starts and is new enough."""
    check = f"import sys; sys.exit(sys.version_info[:2] < {OLDEST})"
    try:
        done = subprocess.run([str(python), "-c", check], stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode == 0


def read_stamp():
    """Return what a finished installation wrote down, empty if there is none."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def find_newer_python():
    """Return another interpreter on this machine that is new enough, or None."""
    for name in ["python3.13", "python3.12", "python3.11", "python3.14", "python3", "python"]:
        found = shutil.which(name)
        if found and runs(found):
            return found
    return None


def near(path):
    """Return a path as one would type it from here."""
    try:
        short = os.path.relpath(str(path))
    except ValueError:  # another drive
        return str(path)
    return str(path) if short.startswith("..") else short


def say(text):
    """Print at once, before what the next command prints."""
    print(text, flush=True)


def fail(text, output=""):
    """Say why, with the end of a command's output, and leave."""
    lines = [line for line in output.splitlines() if line.strip()][-TAIL:]
    sys.exit("\n".join([f"bootstrap: {text}"] + [f"  | {line}" for line in lines]))


COMMANDS = {"demo": demo, "test": test, "lint": lint, "docs": docs, "wheel": wheel, "ci": ci}


def main():
    """Run one command."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        print(__doc__)
        sys.exit(0 if name in ("-h", "--help") else 2)
    if sys.version_info[:2] < OLDEST:
        newer = find_newer_python()
        if newer is None:
            fail(
                "sirst5k needs Python {}.{} or newer; this is {}.{}.{} ({}). Install a newer one "
                "and run this file with it.".format(*OLDEST, *sys.version_info[:3], sys.executable)
            )
        sys.exit(subprocess.call([newer, str(ROOT / "bootstrap.py"), *sys.argv[1:]]))
    COMMANDS[name](sys.argv[2:])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
