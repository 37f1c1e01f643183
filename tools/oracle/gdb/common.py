# Run inside gdb (-x) before the script of a check: what these scripts share.
import json

import gdb

MASK = (1 << 64) - 1
KINDS = {
    gdb.NORMAL_FRAME: "call",
    gdb.INLINE_FRAME: "inline",
    gdb.TAILCALL_FRAME: "tail-call",
    gdb.SIGTRAMP_FRAME: "signal",
}
# What it remembers of memory it does not forget when another core is opened.
CORE_SETTINGS = ["confirm off", "width 0", "stack-cache off", "code-cache off"]
CORE_SETTINGS += ["backtrace past-main on", "backtrace past-entry on"]


def apply(settings):
    for setting in settings:
        gdb.execute(f"set {setting}")


def number(value):
    return None if value.is_optimized_out else str(int(value) & MASK)


def register(frame, name):
    """A register; None if the frame has none of that name, or it was not saved."""
    try:
        return number(frame.read_register(name))
    except (gdb.error, ValueError):
        return None


def walk(describe, limit):
    """What is to be told of each frame of the thread, None to leave it out, and why it ends."""
    found = []
    try:
        frame = gdb.newest_frame()
        while frame is not None and len(found) < limit:
            described = describe(frame)
            if described is not None:
                found.append(described)
            older = frame.older()
            if older is None:
                return found, gdb.frame_stop_reason_string(frame.unwind_stop_reason())
            frame = older
    except gdb.error as error:
        return found, str(error)
    return found, "too many"


def asked(name):
    """What the file asks for whose name was set before."""
    with open(name) as file:
        return json.load(file)


def tell(result):
    print("RESULT " + json.dumps(result), flush=True)


def answer(read, cases):
    """Tells what is read of each case, or the error."""
    for case in cases:
        try:
            result = read(case)
        except gdb.error as error:
            result = {"error": str(error)}
        tell(result)
