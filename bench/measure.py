"""Runs one command as a child and prints what it cost as one JSON line: the kernel's own account of the finished process (wait4).

python3 measure.py [--sync] [--tree] COMMAND ARGUMENT...

`wall_s` runs from the start of the process to its end, interpreter and imports included; `--sync` adds a `sync` of all disks to it. `cpu_s` is user plus
system time of the process, its threads, the children it waited for and those that it left behind (Linux); `rss_kib` the largest resident set (VmHWM) of any one process of
them. With `--tree`, `tree_kib` is the largest sum of what all of its processes had at one moment (Pss: memory that several share counts once), asked
ten times a second. The command's standard output goes to standard error. The exit status is the command's.
"""
import ctypes
import json
import os
import subprocess
import sys
import threading
import time

arguments = sys.argv[1:]
flags = []
while arguments[0] in ("--sync", "--tree"):
    flags.append(arguments.pop(0))
sync = "--sync" in flags


def pss_kib(pid):
    """Of a process and all that it started."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            own = sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        children = ""
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                children += file.read() + " "
    except OSError:
        return 0  # it has ended
    return own + sum(pss_kib(int(one)) for one in children.split())


def watch(pid):
    while not ended.wait(0.1):
        peak[0] = max(peak[0], pss_kib(pid))


def adopt_orphans():
    """Processes that outlive their parent for a moment become children of this one."""
    try:
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    except (OSError, AttributeError):
        pass


def orphans():
    """What the kernel says of each of them, once it has ended."""
    while True:
        try:
            yield os.wait4(-1, 0)[2]
        except ChildProcessError:
            return


peak = [0]
adopt_orphans()
ended = threading.Event()
start = time.perf_counter()
child = subprocess.Popen(arguments, stdout=sys.stderr)
watcher = threading.Thread(target=watch, args=(child.pid,))
if "--tree" in flags:
    watcher.start()
_, status, usage = os.wait4(child.pid, 0)
if sync:
    os.sync()
wall = time.perf_counter() - start
ended.set()
others = list(orphans())
user = usage.ru_utime + sum(other.ru_utime for other in others)
system = usage.ru_stime + sum(other.ru_stime for other in others)
rss = max([usage.ru_maxrss, *(other.ru_maxrss for other in others)])
child.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps({"wall_s": wall, "user_s": user, "sys_s": system, "cpu_s": user + system, "rss_kib": rss, "tree_kib": max(peak[0], rss)}))
sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
