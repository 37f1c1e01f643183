# Run inside gdb (-x) after gdb/common.py: prints the stack frames of every thread of a core file,
# or of a program behind a stub, as a line of JSON. The variable REQUEST is set before: the name of
# a file with a list of {program, core or remote, sysroot, moved, handles, runs}. `moved` is of
# cores in which gdb does not find where a program was loaded to: those of QEMU do not store program
# headers. With `runs`, a program behind a stub is to run until it has a signal that it does not
# handle.
import re

import gdb

LIMIT = 20000


def described(frame):
    sal = frame.find_sal()
    function = frame.function()
    return {
        "pc": str(frame.pc()),
        "kind": KINDS.get(frame.type(), str(frame.type())),
        "name": frame.name(),
        "linkage": function.linkage_name if function is not None else None,
        "file": sal.symtab.fullname() if sal.symtab is not None else None,
        "line": sal.line if sal.symtab is not None else 0,
    }


def move(program):
    entry = re.search(r"AT_ENTRY .* (0x[0-9a-f]+)", gdb.execute("info auxv", to_string=True))
    own = re.search(r"Entry point: (0x[0-9a-f]+)", gdb.execute("info files", to_string=True))
    offset = int(entry.group(1), 16) - int(own.group(1), 16)
    gdb.execute("symbol-file", to_string=True)
    gdb.execute(f"add-symbol-file {program} -o {offset}", to_string=True)


def connect(case):
    kind = "remote" if "program" in case else "extended-remote"
    said = gdb.execute(f"target {kind} {case['remote']}", to_string=True)
    for signal in case.get("handles", []):
        gdb.execute(f"handle {signal} nostop noprint pass", to_string=True)
    if case.get("runs"):
        said += gdb.execute("continue", to_string=True)
    return said


def read(case):
    if "program" in case:
        gdb.execute(f"set sysroot {case.get('sysroot') or ''}", to_string=True)
        gdb.execute(f"file {case['program']}", to_string=True)
    if "remote" in case:
        said = connect(case)
    else:
        said = gdb.execute(f"core-file {case['core']}", to_string=True)
    if case.get("moved"):
        move(case["program"])
    threads = []
    for thread in [each for inferior in gdb.inferiors() for each in inferior.threads()]:
        thread.switch()
        found, end = walk(described, LIMIT)
        threads.append({"id": thread.ptid[1] or thread.ptid[0], "frames": found, "end": end})
    return {"said": said, "threads": sorted(threads, key=lambda thread: thread["id"])}


apply(CORE_SETTINGS + ["debuginfod enabled off", "auto-load libthread-db off"])
apply(["schedule-multiple on", "detach-on-fork off"])
answer(read, asked(REQUEST))
