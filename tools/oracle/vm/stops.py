# Run inside gdb (-x) after gdb/common.py: drives a machine with the VM that is served at PORT, which
# is set before like STOPS and STEPS, and prints the frames of the thread that has stopped, one line of
# JSON for each stop.
import gdb


def run(command):
    return gdb.execute(command, to_string=True)


def described(frame):
    return {"pc": str(frame.pc()), "name": frame.name()}


def stop(what):
    frames, end = walk(described, 200)
    process, tid, _ = gdb.selected_thread().ptid
    thread = tid or gdb.selected_thread().ptid[2]
    tell({"what": what, "when": run("monitor when"), "thread": thread, "frames": frames, "end": end})


def drive():
    apply(["pagination off", "confirm off", "schedule-multiple on", "detach-on-fork off"])
    apply(["breakpoint pending on", "backtrace past-main on", "backtrace past-entry on"])
    run(f"target extended-remote :{PORT}")
    run("break vm_native_here")
    for _ in range(STOPS):
        run("continue")
        stop("break")
        for _ in range(STEPS):
            run("stepi")
            stop("step")


try:
    drive()
    tell({"what": "done"})
except gdb.error as error:
    tell({"what": "error", "error": str(error)})
