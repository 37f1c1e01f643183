# Run inside gdb (-x) after gdb/common.py: drives a machine that is served at PORT, which is set
# before like END, the line where the program ends, and prints what gdb sees of it, one line of JSON
# for each thing that is looked at.
import gdb


def run(command):
    return gdb.execute(command, to_string=True)


def report(what, **values):
    tell({"what": what, **values})


def when():
    return run("monitor when")


def frames():
    found, frame = [], gdb.newest_frame()
    while frame is not None and len(found) < 50:
        sal = frame.find_sal()
        found.append({"pc": str(frame.pc()), "name": frame.name(), "line": sal.line})
        frame = frame.older()
    return found


def thread():
    process, tid, _ = gdb.selected_thread().ptid
    return [process, tid or gdb.selected_thread().ptid[2]]


def read(value):
    kind = value.type.strip_typedefs().code
    if kind == gdb.TYPE_CODE_UNION:
        names = [field.name for field in value.type.fields()]
        low, high = (int(part) & MASK for part in halves(value["d"]["u"] if "d" in names else value["v2_int64"]))
        return str(high << 64 | low)
    return None if kind == gdb.TYPE_CODE_FLT else number(value)


def halves(value):
    return value[0], value[1]


def registers():
    frame, found = gdb.newest_frame(), {}
    for group in ("general", "float", "vector", "system"):
        for descriptor in frame.architecture().registers(group):
            name = descriptor.name
            if name in found:
                continue
            try:
                found[name] = read(frame.read_register(name))
            except gdb.error:
                found[name] = None
    return found


def place():
    frame = gdb.newest_frame()
    return [frame.name(), frame.find_sal().line]


def variable(name):
    return int(gdb.parse_and_eval(name))


def stop(what, **values):
    report(what, when=when(), thread=thread(), frames=frames(), registers=registers(), **values)


def steps(count, command):
    places = []
    for _ in range(count):
        run(command)
        places.append([number(gdb.parse_and_eval(each)) for each in ("$pc", "$sp")])
    return places


def present():
    # In the past a run ends where the known does; the next one goes on from there.
    if "in the past" in when():
        run("continue")


def drive():
    apply(["pagination off", "confirm off", "schedule-multiple on", "detach-on-fork off"])
    apply(["breakpoint pending on", "backtrace past-main on", "backtrace past-entry on"])
    run(f"target extended-remote :{PORT}")
    stop("start")

    run("break switch_context")
    run("continue")
    stop("switch_context")
    forward = steps(40, "stepi")
    backward = steps(39, "reverse-stepi")
    report("switch", forward=forward, backward=backward)
    run("delete")
    present()

    run("break main")
    run("continue")
    run("delete")
    run("break leaf if n == 3")
    run("continue")
    stop("conditional", n=variable("n"), total=variable("total"))
    inferiors = {i.pid: i.progspace.filename for i in gdb.inferiors()}
    report("inferiors", inferiors=inferiors, text=run("info threads"))
    run("delete")
    run("finish")
    report("finish", value=int(gdb.history(0)), place=place())
    places = []
    for command in ("next", "step", "next", "next", "next", "step"):
        run(command)
        places.append([command, *place()])
    stop("lines", places=places, scaled=float(gdb.parse_and_eval("scaled")))

    run("break work if index == 2")
    run("continue")
    stop("thread", index=variable("index"), threads=len(gdb.selected_inferior().threads()))
    run("delete")

    run("watch total")
    totals = []
    for _ in range(3):
        run("continue")
        totals.append([variable("total"), place()[0], thread()])
    run("reverse-continue")
    run("reverse-continue")
    report("watch", totals=totals, back=[variable("total"), place()[0]])
    run("delete")
    present()

    run("hbreak leaf")
    run("continue")
    stop("hardware")
    run("delete")
    # Elsewhere than the stop: what is written belongs to its instant.
    run("stepi")
    report("call", value=int(gdb.parse_and_eval("middle(100)")), place=place())

    run("break yield")
    run("continue")
    run("delete")
    forward = [[str(int(gdb.parse_and_eval("$pc"))), str(int(gdb.parse_and_eval("$sp")))]]
    first = when()
    forward += steps(60, "stepi")
    last = when()
    backward = steps(60, "reverse-stepi")
    report("system call", forward=forward, backward=backward, first=first, last=last)

    present()
    report("monitor", tasks=run("monitor tasks"), nonsense=run("monitor nonsense"))

    # To the loop without end, and away; the machine runs on until it is attached to again.
    line = END - 1
    run(f"break {line}")
    run("continue")
    spins = variable("spins")
    run("delete")
    run("inferior 1")
    run("detach")
    run("inferior 2")
    run("detach")
    deaf = [i.pid for i in gdb.inferiors()]
    run("attach 1")
    stop("attached", spins=[spins, variable("spins")], deaf=deaf)
    run("set var released = 1")
    run(f"break {END}")
    run("continue")
    stop("end", sum=variable("sum"))
    run("delete")
    report("exit", text=run("continue"), code=int(gdb.parse_and_eval("$_exitcode")))


try:
    drive()
    report("done")
except gdb.error as error:
    report("error", error=str(error))
