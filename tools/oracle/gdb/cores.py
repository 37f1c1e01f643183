# Run inside gdb (-x) after common.py: prints what gdb makes of core files, one line of JSON each.
# The variable REQUEST is set before: the name of a file with a list of {program, core, memory:
# [[address, size]]}.
import gdb

X86 = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()
X86 += "eflags cs ss ds es fs gs fs_base gs_base mxcsr fctrl fstat".split()
ARM = [f"x{i}" for i in range(31)] + "sp pc cpsr fpsr fpcr tpidr".split()
KEPT = {
    "i386:x86-64": "rbx rbp r12 r13 r14 r15".split(),
    "aarch64": [f"x{i}" for i in range(19, 30)],
}


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


def described(frame, machine):
    if frame.type() == gdb.INLINE_FRAME:
        return None
    kept = {name: register(frame, name) for name in KEPT[machine]}
    return {"pc": str(frame.pc()), "name": frame.name(), "sp": register(frame, "sp"), "kept": kept}


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
        walked, end = walk(lambda each: described(each, machine), 1000)
        threads.append({
            "id": thread.ptid[1],
            "registers": {
                name: register(frame, name) for name in (ARM if machine == "aarch64" else X86)
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


apply(CORE_SETTINGS + ["print demangle off"])
answer(core, asked(REQUEST))
