"""Runs one command as a child and prints what it cost as one JSON line: the kernel's own account of the finished process (wait4).

python3 measure.py [--sync] COMMAND ARGUMENT...

`wall_s` runs from the start of the process to its end, interpreter and imports included; `--sync` adds a `sync` of all disks to it. `cpu_s` is user plus
system time of the process, its threads and the children it waited for; `rss_kib` the largest resident set (VmHWM) of any one process of
them. The command's standard output goes to standard error. The exit status is the command's.
"""
import json
import os
import subprocess
import sys
import time

arguments = sys.argv[1:]
sync = arguments[0] == "--sync"
start = time.perf_counter()
child = subprocess.Popen(arguments[sync:], stdout=sys.stderr)
_, status, usage = os.wait4(child.pid, 0)
if sync:
    os.sync()
wall = time.perf_counter() - start
child.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps({"wall_s": wall, "user_s": usage.ru_utime, "sys_s": usage.ru_stime, "cpu_s": usage.ru_utime + usage.ru_stime, "rss_kib": usage.ru_maxrss}))
sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
