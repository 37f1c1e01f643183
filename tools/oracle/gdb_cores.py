# Run inside gdb (-x): prints what gdb makes of core files, one line of JSON each. The variable
# REQUEST is set before: the name of a file with a list of {program, core, memory: [[address, size]]}.
import json

import gdb

MASK = (1 << 64) - 1
X86 = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
X86 += "eflags cs ss ds es fs gs fs_base gs_base mxcsr fctrl fstat".split()
ARM = [f"x{i}" for i in range(31)] + "sp pc cpsr fpsr fpcr tpidr".split()
KEPT = {
    "i386:x86-64": "rbx rbp r12 r13 r14 r15".split(),
    "aarch64": [f"x{i}" for i in range(19, 30)],
}


def number(value):
    return None if value.is_optimized_out else str(int(value) & MASK)


def read(frame, name):
    try:
        return number(frame.read_register(name))
    except (gdb.error, ValueError):
        return None


def vectors(frame, machine):
    count, prefix = (32, "v") if machine == "aarch64" else (16, "xmm")
    found = []
    try:
        for i in range(count):
            value = frame.read_register(f"{prefix}{i}")
            halves = value["d"]["u"] if machine == "aarch64" else value["v2_int64"]
            found.append([str(int(halves[half]) & MASK) for half in range(2)])
    except gdb.error:
        # The kernel's side of a thread has none.
        pass
    return found


def frames(machine):
    found = []
    try:
        frame = gdb.newest_frame()
        while frame is not None and len(found) < 1000:
            if frame.type() != gdb.INLINE_FRAME:
                kept = {name: read(frame, name) for name in KEPT[machine]}
                sp = read(frame, "sp")
                found.append({"pc": str(frame.pc()), "name": frame.name(), "sp": sp, "kept": kept})
            older = frame.older()
            if older is None:
                return found, gdb.frame_stop_reason_string(frame.unwind_stop_reason())
            frame = older
    except gdb.error as error:
        return found, str(error)
    return found, "too many"


def siginfo():
    try:
        info = gdb.parse_and_eval("$_siginfo")
        address = int(info["_sifields"]["_sigfault"]["si_addr"]) & MASK
        return [int(info["si_signo"]), int(info["si_code"]), str(address)]
    except gdb.error:
        return None


def core(case):
    gdb.execute("core-file", to_string=True)
    gdb.execute(f"file {case['program']}", to_string=True)
    try:
        said = gdb.execute(f"core-file {case['core']}", to_string=True)
    except gdb.error as error:
        # It has opened the core, and cannot tell who has called where it is.
        if "DWARF register number 33" not in str(error):
            raise
        said = ""
    inferior = gdb.selected_inferior()
    threads = []
    for thread in inferior.threads():
        thread.switch()
        frame = gdb.newest_frame()
        machine = frame.architecture().name()
        walked, end = frames(machine)
        threads.append({
            "id": thread.ptid[1],
            "registers": {
                name: read(frame, name) for name in (ARM if machine == "aarch64" else X86)
            },
            "vectors": vectors(frame, machine),
            "frames": walked,
            "end": end,
        })
    memory = []
    for address, size in case["memory"]:
        try:
            memory.append(bytes(inferior.read_memory(int(address), size)).hex())
        except gdb.error as error:
            memory.append(str(error))
    return {
        "said": said,
        "threads": sorted(threads, key=lambda thread: thread["id"]),
        "memory": memory,
        "info": siginfo(),
    }


# What it remembers of memory it does not forget when another core is opened.
SETTINGS = ["confirm off", "width 0", "stack-cache off", "code-cache off", "print demangle off"]
SETTINGS += ["backtrace past-main on", "backtrace past-entry on"]
for setting in SETTINGS:
    gdb.execute(f"set {setting}")
with open(REQUEST) as request:
    cases = json.load(request)
for case in cases:
    try:
        result = core(case)
    except gdb.error as error:
        result = {"error": str(error)}
    print("RESULT " + json.dumps(result), flush=True)
