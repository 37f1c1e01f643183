# Run inside gdb (-x) after gdb/common.py: prints the registers of every thread of core files that
# are no general ones, by name and as bytes in hexadecimal, and the signal that ended the process,
# one line of JSON for each core. The variable REQUEST is set before: the name of a file with a list
# of {program, core, sysroot}.
import gdb

BYTES = ("v16_int8", "v32_int8", "v64_int8", "b")


def bytes_of(value):
    """Bytes of a vector, or of a register of the x87; None for others."""
    kind = value.type
    if kind.code == gdb.TYPE_CODE_FLT:
        return int(value.format_string(format="x"), 16).to_bytes(kind.sizeof, "little").hex()
    if kind.code != gdb.TYPE_CODE_UNION:
        return None
    for name in (field.name for field in kind.fields() if field.name in BYTES):
        part = value[name]
        if part.type.code == gdb.TYPE_CODE_UNION:
            part = part["u"]
        if part.type.code == gdb.TYPE_CODE_ARRAY:
            low, high = part.type.range()
            return bytes(int(part[i]) & 0xff for i in range(low, high + 1)).hex()
    return None


def registers():
    frame = gdb.newest_frame()
    found = {}
    for register in frame.architecture().registers():
        try:
            value = frame.read_register(register.name)
            content = None if value.is_optimized_out else bytes_of(value)
        except (gdb.error, ValueError):
            continue
        if content is not None:
            found[register.name] = content
    return found


def signal():
    """Number and address; None where the core does not tell."""
    try:
        info = gdb.parse_and_eval("$_siginfo")
        return [int(info["si_signo"]), str(int(info["_sifields"]["_sigfault"]["si_addr"]))]
    except gdb.error:
        return None


def core(case):
    gdb.execute("core-file", to_string=True)
    gdb.execute(f"file {case['program']}", to_string=True)
    gdb.execute(f"core-file {case['core']}", to_string=True)
    ended = signal()
    threads = []
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        threads.append({"id": thread.ptid[1], "registers": registers()})
    return {"threads": threads, "signal": ended}


apply(CORE_SETTINGS)
answer(core, asked(REQUEST))
