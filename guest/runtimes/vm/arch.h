// What an architecture's folder has for the rest of the VM, and what of the rest its code calls.
//
// STATIC CODE (assembly): one file that includes the others, with its code map at vm_static_map, in
// section .code_map ("aw"); anchor is VM_THREAD_OFFSET, handles VM_THREAD_OFFSET + VM_THREAD_HANDLES.
// Each stub is a region of kind native-stub, with CFI besides.
//
// A stub that managed code calls (OPTO convention, whoever calls: arguments in the first integer
// registers, all registers that calls keep are kept) does:
//     saves all registers that calls keep in its frame (VM_SAVED_LIST), where a collection changes them
//     anchor.sp = sp; anchor.pc = an address inside the stub whose row holds
//     calls the C function of the same name with `runtime` for `stub`: thread first, then its arguments
//     anchor.pc = 0; while (thread->scan) { anchor.pc again; vm_scan_wait(thread); anchor.pc = 0 }
//     if (thread->pending) { anchor.pc again; vm_rethrow(thread), which does not return }
//     reloads all registers that calls keep from its frame, returns
// and so does the native stub of a method, generated into the object's body: its frame has the
// arguments (position with bci 0, local i in memory), it passes thread, then the arguments, for
// references the addresses of their slots, of null ones too. A result that is a reference comes back as
// the address of a slot, or 0 for null: fetched when anchor.pc is 0 for good.
// handles.count is put back to what it was before the call.
#ifndef VM_ARCH_H
#define VM_ARCH_H

#include "compiler/code.h"
#include "thread.h"

// Entries from generated code and from the interpreter; none is C.
extern const char vm_interpreter[];      // method in the architecture's method register, A in r10/x10
extern const char vm_interpreter_land[]; // sp and fp are the frame's, bcp in the bcp register
extern const char vm_stub_new[];         // (class): reference; takes it from thread->result, which it clears
extern const char vm_stub_poll[];        // ()
extern const char vm_stub_throw[];       // (reference): stored to thread->thrown before the anchor
extern const char vm_stub_null[];        // (): throws an object of VM_CLASS_NULL
extern const char vm_stub_overflow[];    // (): throws an object of VM_CLASS_OVERFLOW
extern const char vm_stub_tier[];        // (method): it has been called method->tier_at times

// The map of all static code.
extern struct ckm_header vm_static_map;

// Native to managed. Saves the anchor in its frame (VM_REGION_UPCALL, previous_anchor), clears
// anchor.pc; while thread->scan is set and the saved pc is not 0: puts pc back, vm_scan_wait, clears it.
// Then loads arguments (args[i], or if bit i of method->param_refs is set what args[i] points to),
// calls the OPTO entry, stores the result to thread->value, or to thread->result if it is a reference,
// puts back sp, then pc, and returns.
void vm_enter(struct vm_thread *thread, struct vm_method *method, const uint64_t *args);
// In vm_enter, after the call: where a throw that nobody takes lands, with vm_enter's sp; the exception
// is in thread->pending.
extern const char vm_enter_unwound[];

// The same as vm_enter out of code that no table and no frame pointer leads through.
void vm_blind(struct vm_thread *thread, struct vm_method *method, const uint64_t *args);

// Goes to thread->landing: managed from here (anchor.pc = 0, vm_scan_wait as above, its anchor put back
// meanwhile), loads registers[i] from their addresses (all but sp and fp) and the interpreter's bcp
// register from thread->bcp, takes the exception from thread->thrown (which it clears) to the result
// register, where it stays, and stores it to *store: up to that instruction a walk leads to
// who called vm_land, from the next one on the thread is in the frame it lands in, at pc (its own unwind
// table says so, as a signal frame's: CFA is the new sp, PC and fp are where they are kept). Then sets
// fp, sp and jumps.
_Noreturn void vm_land(struct vm_thread *thread);

// Which of landing.registers a register is: x86-64 rbx, rbp, r12 to r15; AArch64 x19 to x29.
static inline int vm_callee_saved(unsigned dwarf) {
#if defined(__x86_64__)
    return dwarf == 3 ? 0 : dwarf == 6 ? 1 : dwarf >= 12 && dwarf <= 15 ? (int)dwarf - 10 : -1;
#else
    return dwarf >= 19 && dwarf <= 29 ? (int)dwarf - 19 : -1;
#endif
}
#if defined(__x86_64__)
#define VM_DWARF_SP 7
#define VM_DWARF_FP 6
#define VM_DWARF_RA 16
#else
#define VM_DWARF_SP 31
#define VM_DWARF_FP 29
#define VM_DWARF_RA 30
#endif

// THE COMPILERS: vm_compile in compiler/code.h. The prologues of interpreter and JIT code count:
// ++method->calls, and if that is at least method->tier_at, call vm_stub_tier at a position where the
// frame is whole (bci 0).

// THE RUNTIME, which static and generated code calls with an anchor.
void vm_runtime_new(struct vm_thread *thread, uint64_t class); // to thread->result
void vm_runtime_poll(struct vm_thread *thread);
_Noreturn void vm_runtime_throw(struct vm_thread *thread); // thread->thrown
_Noreturn void vm_runtime_null(struct vm_thread *thread);
_Noreturn void vm_runtime_overflow(struct vm_thread *thread);
void vm_runtime_tier(struct vm_thread *thread, struct vm_method *method);
void vm_scan_wait(struct vm_thread *thread);         // until thread->scan is 0
_Noreturn void vm_rethrow(struct vm_thread *thread); // thread->pending

// The native functions by number: the platform's convention.
typedef uint64_t vm_native(struct vm_thread *thread, ...);
#define VM_NATIVE_COUNT 20
extern vm_native *const vm_natives[VM_NATIVE_COUNT];
// What they take, bit i of refs for parameter i, and return.
struct vm_native_shape {
    uint8_t params, refs, result;
};
extern const struct vm_native_shape vm_native_shapes[VM_NATIVE_COUNT];

#endif
