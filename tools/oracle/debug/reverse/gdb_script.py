# Run inside gdb (-x) after gdb/common.py: carries out commands, and after each prints where it is,
# one line of JSON each. The variable REQUEST is set before: the name of a file with {commands,
# registers, expression}.
import gdb


def value(expression):
    try:
        return None if expression is None else str(int(gdb.parse_and_eval(expression)))
    except gdb.error:
        return None


def state(names, expression):
    thread = gdb.selected_thread()
    if thread is None or not thread.is_valid():
        return None
    frame = gdb.newest_frame()
    return {
        "process": thread.ptid[0],
        "thread": thread.ptid[1],
        "registers": {name: register(frame, name) for name in names},
        "value": value(expression),
    }


apply(["pagination off", "confirm off", "width 0", "height 0"])
request = asked(REQUEST)
for command in request["commands"]:
    try:
        result = {"said": gdb.execute(command, to_string=True)}
    except gdb.error as error:
        result = {"said": f"error: {error}"}
    result["state"] = None
    # At trap frames of AArch64 gdb fails to unwind when it looks for the first time (CAVEATS.md).
    for _ in range(2):
        try:
            result["state"] = state(request["registers"], request.get("expression"))
            break
        except gdb.error as error:
            result["said"] += f"error: {error}"
    tell(result)
