"""The trap round trip and the in-guest switch through the Python binding of libunicorn.

The guest's RAM image and the numbers in the JSON file come from guest_code.ts and from the engine's calibration, as for
trap_loop.c, whose "callback" method this follows step by step.

usage: trap_loop.py ARCH PATH ROUNDS RAM_IMAGE CONSTANTS_JSON
prints nanoseconds per round
"""

import ctypes
import json
import struct
import sys
import time

from unicorn import (
    UC_ARCH_ARM64,
    UC_ARCH_X86,
    UC_HOOK_INTR,
    UC_MODE_64,
    UC_MODE_ARM,
    UC_PROT_ALL,
    Uc,
)
from unicorn import arm64_const as arm
from unicorn import x86_const as x86

BUDGET = 1_000_000_000_000

# selector, base, limit, flags
SEGMENT = struct.Struct("<I4xQII")
KERNEL_CODE = SEGMENT.pack(0x08, 0, 0xFFFFFFFF, 0x00AF9B00)
KERNEL_STACK = SEGMENT.pack(0, 0, 0xFFFFFFFF, 0x00CF9300)
USER_CODE = SEGMENT.pack(0x23, 0, 0xFFFFFFFF, 0x00AFFB00)
USER_DATA = SEGMENT.pack(0x1B, 0, 0xFFFFFFFF, 0x00CFF300)
FRAME = struct.Struct("<5Q")
U64 = struct.Struct("<Q")
U32 = struct.Struct("<I")


class Harness:
    """One engine, and what both architectures need."""

    def __init__(self, arch, image, constants):
        self.numbers = constants
        is_x86 = arch == "x86_64"
        self.uc = Uc(UC_ARCH_X86 if is_x86 else UC_ARCH_ARM64, UC_MODE_64 if is_x86 else UC_MODE_ARM)
        self.uc.ctl_set_cpu_model(x86.UC_CPU_X86_OPTERON_G5 if is_x86 else arm.UC_CPU_ARM64_A72)
        size = constants["RAM_SIZE"]
        self.ram = ctypes.create_string_buffer(size + 4096)
        # The binding maps memory of ctypes by address, which is to be a multiple of the page.
        address = (ctypes.addressof(self.ram) + 4095) & ~4095
        ctypes.memmove(address, image, size)
        self.memory = (ctypes.c_char * size).from_address(address)
        self.uc.mem_map_ptr(0, size, UC_PROT_ALL, ctypes.c_void_p(address))
        self.uc.hook_add(UC_HOOK_INTR, self.on_interrupt)
        self.vector = -1
        self.context = self.uc.context_save()
        # The bytes of the saved context, to be read and patched in place.
        self.raw = (ctypes.c_char * self.context.size).from_address(self.context.context.value)

    def on_interrupt(self, uc, vector, _data):
        self.vector = vector
        uc.emu_stop()

    def run_to(self, pc, vector):
        self.uc.emu_start(pc, 0, 0, BUDGET)
        if self.vector != vector:
            raise RuntimeError(f"Got vector {self.vector}")

    def save(self):
        """Saves the CPU's state into the one context of this harness."""
        self.uc.context_update(self.context)


class X86Harness(Harness):
    """x86-64, with paging on."""

    def __init__(self, image, constants):
        super().__init__("x86_64", image, constants)
        number = constants
        self.uc.reg_write(x86.UC_X86_REG_GDTR, (0, number["GDT"], number["GDT_SIZE"] - 1, 0))
        self.uc.reg_write(x86.UC_X86_REG_CR3, number["PAGE_TABLES"])
        self.uc.reg_write(x86.UC_X86_REG_CR4, 0x620)
        self.uc.reg_write(x86.UC_X86_REG_CR0, 0x80010033)

    def enter_ring(self, cpl, code, stack, rsp, rip):
        number = self.numbers
        raw = self.raw
        header = number["CONTEXT_HEADER"]
        segments = header + number["X86_SEGMENTS"]
        # ES, CS, SS
        raw[segments + SEGMENT.size : segments + 2 * SEGMENT.size] = code
        raw[segments + 2 * SEGMENT.size : segments + 3 * SEGMENT.size] = stack
        at = header + number["X86_MODE"]
        (mode,) = U32.unpack_from(raw, at)
        U32.pack_into(raw, at, mode & ~3 | cpl)
        U64.pack_into(raw, header + 4 * 8, rsp)
        U64.pack_into(raw, header + number["X86_RIP"], rip)
        U32.pack_into(raw, header + number["X86_LATCH"], 0xFFFFFFFF)

    def trap(self, rounds):
        number = self.numbers
        raw = self.raw
        header = number["CONTEXT_HEADER"]
        frame = number["INTERRUPT_FRAME"]
        self.save()
        self.enter_ring(3, USER_CODE, USER_DATA, number["USER_STACK"], number["USER_TRAP"])
        self.uc.context_restore(self.context)
        pc = number["USER_TRAP"]
        for _ in range(rounds):
            self.run_to(pc, 0x80)
            flags = self.uc.reg_read(x86.UC_X86_REG_RFLAGS)
            self.save()
            (rip,) = U64.unpack_from(raw, header + number["X86_RIP"])
            (rsp,) = U64.unpack_from(raw, header + 4 * 8)
            FRAME.pack_into(self.memory, frame, rip, 0x23, flags, rsp, 0x1B)
            pc = number["KERNEL_TRAP"]
            self.enter_ring(0, KERNEL_CODE, KERNEL_STACK, frame, pc)
            self.uc.context_restore(self.context)

    def switch(self, rounds):
        number = self.numbers
        self.save()
        self.enter_ring(0, KERNEL_CODE, KERNEL_STACK, number["KERNEL_STACK"], number["KERNEL_SWITCH"])
        self.uc.context_restore(self.context)
        self.uc.reg_write(x86.UC_X86_REG_RCX, rounds + 1)
        self.uc.reg_write(x86.UC_X86_REG_RDI, number["SLOT_B"])
        self.uc.reg_write(x86.UC_X86_REG_RSI, number["SLOT_A"])
        U64.pack_into(self.memory, number["SLOT_B"], number["STACK_B"])
        self.uc.emu_start(number["KERNEL_SWITCH"], 0, 0, BUDGET)


class AArch64Harness(Harness):
    """AArch64."""

    ESR = (5, 2, 3, 0, 0)
    SPSR = (4, 0, 3, 0, 0)
    ELR = (4, 0, 3, 0, 1)
    BANKS = (arm.UC_ARM64_REG_SP_EL0, arm.UC_ARM64_REG_SP_EL1)

    def __init__(self, image, constants):
        super().__init__("aarch64", image, constants)
        self.write_system((1, 1, 3, 6, 0), 0x401)

    def write_system(self, register, value):
        self.uc.reg_write(arm.UC_ARM64_REG_CP_REG, (*register, value))

    def set_pstate(self, pstate, elr):
        uc = self.uc
        old = uc.reg_read(arm.UC_ARM64_REG_PSTATE)
        uc.reg_write(self.BANKS[old & 1], uc.reg_read(arm.UC_ARM64_REG_SP))
        sp = uc.reg_read(self.BANKS[pstate & 1])
        uc.reg_write(arm.UC_ARM64_REG_PSTATE, pstate)
        uc.reg_write(arm.UC_ARM64_REG_SP, sp)
        self.write_system(self.ELR, elr)

    def trap(self, rounds):
        number = self.numbers
        uc = self.uc
        raw = self.raw
        syndrome = number["CONTEXT_HEADER"] + number["AARCH64_SYNDROME"]
        self.set_pstate(number["PSTATE_EL0"], 0)
        pc = number["USER_TRAP"]
        for _ in range(rounds):
            self.run_to(pc, 2)
            self.save()
            (value,) = U32.unpack_from(raw, syndrome)
            self.write_system(self.ESR, value)
            self.write_system(self.SPSR, uc.reg_read(arm.UC_ARM64_REG_PSTATE))
            self.set_pstate(number["PSTATE_EL1H"], uc.reg_read(arm.UC_ARM64_REG_PC))
            pc = number["KERNEL_TRAP"]

    def switch(self, rounds):
        number = self.numbers
        uc = self.uc
        self.set_pstate(number["PSTATE_EL1H"], 0)
        uc.reg_write(arm.UC_ARM64_REG_SP, number["KERNEL_STACK"])
        uc.reg_write(arm.UC_ARM64_REG_X9, rounds + 1)
        uc.reg_write(arm.UC_ARM64_REG_X0, number["SLOT_B"])
        uc.reg_write(arm.UC_ARM64_REG_X1, number["SLOT_A"])
        U64.pack_into(self.memory, number["SLOT_B"], number["STACK_B"])
        uc.emu_start(number["KERNEL_SWITCH"], 0, 0, BUDGET)


def main():
    arch, path, rounds, image, constants = sys.argv[1:]
    with open(image, "rb") as file:
        ram = file.read()
    with open(constants, encoding="utf-8") as file:
        numbers = json.load(file)
    harness = (X86Harness if arch == "x86_64" else AArch64Harness)(ram, numbers)
    run = harness.trap if path == "trap" else harness.switch
    count = int(rounds)
    run(count // 4 + 1)
    start = time.perf_counter_ns()
    run(count)
    print(f"{(time.perf_counter_ns() - start) / count:.3f}")


if __name__ == "__main__":
    main()
