// Numbers that C and assembly share: offsets of records, convention, flags. The structures are in
// records.h and thread.h, which check the offsets.
#ifndef VM_LAYOUT_H
#define VM_LAYOUT_H

// Kinds of code that programs and natives ask for.
#define VM_WANTED_AUTO 0
#define VM_WANTED_INTERPRETER 1
#define VM_WANTED_JIT 2
#define VM_WANTED_OPTIMIZED 3

// Entries of a code object, by what kind the caller is: at method->entry + VM_ENTRY_…
#if defined(__x86_64__)
#define VM_ENTRY_SPACING 2
#else
#define VM_ENTRY_SPACING 4
#endif
#define VM_ENTRY_OPTIMIZED 0
#define VM_ENTRY_JIT VM_ENTRY_SPACING
#define VM_ENTRY_INTERPRETER (2 * VM_ENTRY_SPACING)

#define VM_PARAMETERS_MAX 6
#define VM_NATIVE_PARAMETERS_MAX 5
#define VM_LOCALS_MAX 16
#define VM_STACK_MAX 16

// Registers that calls keep: RBX RBP R12 to R15, X19 to X29.
#if defined(__x86_64__)
#define VM_CALLEE_SAVED 6
#else
#define VM_CALLEE_SAVED 11
#endif

// struct vm_method
#define VM_METHOD_ID 4
#define VM_METHOD_PARAMS 12
#define VM_METHOD_LOCALS 14
#define VM_METHOD_MAX_STACK 16
#define VM_METHOD_RESULT 18
#define VM_METHOD_FLAGS 19
#define VM_METHOD_CODE 24 // i32, from the record
#define VM_METHOD_PARAM_REFS 52
#define VM_METHOD_ENTRY 56
#define VM_METHOD_CALLS 64
#define VM_METHOD_TIER_AT 72 // once calls is at least this, the prologue calls vm_stub_tier
#define VM_METHOD_SIZE 88

// What a method's result is.
#define VM_VOID 0
#define VM_INT 1
#define VM_REF 2

// struct vm_object
#define VM_OBJECT_CLASS 0
#define VM_OBJECT_ID 4
#define VM_OBJECT_FORWARD 8
#define VM_OBJECT_WORDS 16

// Classes that the VM itself makes objects of; none has fields.
#define VM_CLASS_NULL 0
#define VM_CLASS_OVERFLOW 1
#define VM_CLASS_CANCEL 2
// Classes of handlers: FINALLY takes everything, ANY all but an object of VM_CLASS_CANCEL.
#define VM_HANDLER_FINALLY 0xfffe
#define VM_HANDLER_ANY 0xffff

// struct vm_thread, the program's only thread-local variable: at a constant distance from the thread
// pointer, which is what FS's base is on x86-64 and TPIDR_EL0 on AArch64.
#define VM_THREAD_SIZE 1024
#if defined(__x86_64__)
#define VM_THREAD_OFFSET (-VM_THREAD_SIZE)
#else
#define VM_THREAD_OFFSET 16
#endif
#define VM_THREAD_SP 0          // anchor: where the last managed frame is …
#define VM_THREAD_PC 8          // … and in what code; 0 while the thread runs managed code
#define VM_THREAD_SCAN 16       // u32: a root scan runs, who returns from native code waits
#define VM_THREAD_POLL 20       // u32: the next poll is to call vm_stub_poll
#define VM_THREAD_STACK_LIMIT 24 // a managed frame may not begin below
#define VM_THREAD_PENDING 32    // reference: to be thrown when native code returns
#define VM_THREAD_THROWN 40     // reference: being thrown
#define VM_THREAD_RESULT 48     // reference: result of an upcall, or of vm_stub_new
#define VM_THREAD_VALUE 56      // result of an upcall that is an int
#define VM_THREAD_BCP 64        // where the interpreter lands
#define VM_THREAD_LANDING 128   // struct vm_landing
#define VM_THREAD_HANDLES 256   // u64 count, u64 references[]
#define VM_HANDLES_MAX 95

// struct vm_landing, from VM_THREAD_LANDING
#define VM_LANDING_SP 0
#define VM_LANDING_PC 8
#define VM_LANDING_STORE 16     // where the exception is to be stored
#define VM_LANDING_REGISTERS 24 // addresses of the values of the registers that calls keep

// Flags of a program.
#define VM_SWAP_ANCHOR_STORES 1 // native stubs store the PC before the SP: a defect
#define VM_NO_CLEAR_PC 2        // native stubs leave the PC when they return: a defect
#define VM_FLIP_MAP_BIT 4       // of the code map of method reserved[1], bit reserved[0]: a defect
#define VM_COLLECT_AT_POLL 8    // a collection at every poll

// Code maps.
#define VM_REGION_UPCALL 1
#define VM_REGION_STUB 2
#define VM_BASE_SP 0
#define VM_BASE_FP 1
#define VM_SAVED_RA 1   // return address at CFA - 8
#define VM_SAVED_FP 2   // caller's frame pointer at CFA - 16
#define VM_SAVED_LIST 4 // the region's list of saved registers holds
#define VM_POSITION_CONSUMED 1
#define VM_POSITION_RESULT 2
#define VM_POSITION_LEAVING 4
#define VM_POSITION_ANCHORED 8 // the anchor that the frame keeps is what counts
#define VM_NO_VECTOR 0xffffffff
#define VM_PHASE_ENTRY 0
#define VM_PHASE_RUNNING 1
#define VM_PHASE_DONE 2
#define VM_PHASE_CALLING 3
#define VM_PHASE_RETURNED 4
#define VM_PHASE_LEAVING 5

#endif
