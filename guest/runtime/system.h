// What C++ guest programs run on, in user mode and as kernel-mode tasks: system calls, panics and
// the exception ABI.
#ifndef TRAPLINE_RUNTIME_SYSTEM_H
#define TRAPLINE_RUNTIME_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

// System call numbers; those up to 19 are described in guest/include/trapline.h.
#define SYS_VM_ALLOCATE 10
#define SYS_VM_DEALLOCATE 11
#define SYS_UNWIND_RAISE 32   // (exception object, kind, information) -> comes back only if nothing
                              // takes it
#define SYS_UNWIND_RESUME 33  // (exception object) -> does not come back
#define SYS_UNWIND_RELEASE 34 // (exception object): the handler is done with it

// What is raised.
#define RAISE_THROW 0 // information: struct throw_information
#define RAISE_PANIC 1 // information: struct panic_information
#define RAISE_TERMINATE 2 // no information: the task ends without any more cleanups
#define RAISE_FORCED 3 // no information: cleanups run, and handlers for those they stand for, until
                       // the program releases the object

extern "C" {

// Any system call with up to three arguments; the instruction that enters the kernel is the only
// difference between the two modes.
int64_t system_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c);

// The exception object every language has in common (Itanium C++ ABI, level I).
struct _Unwind_Exception {
    uint64_t exception_class;
    void (*exception_cleanup)(int, _Unwind_Exception *);
    uint64_t private_1;
    uint64_t private_2;
};

// What the kernel is told of a throw.
struct throw_information {
    const void *type;    // type_info of the thrown object
    const void *thrown;  // the object
};

// What the kernel is told of a panic.
struct panic_information {
    const char *message;
    uint64_t message_length;
    const char *file;
    uint64_t file_length;
    uint64_t line;
    uint64_t frames_to_skip; // frames of the panic machinery itself, which have nothing to clean up
};

// Goes on with an unwinding after a cleanup.
[[noreturn]] void _Unwind_Resume(_Unwind_Exception *exception);

// Ends the program's normal course: unwinds the stack, running every destructor on the way.
[[noreturn]] void panic_at(const char *message, const char *file, uint64_t line);
}

#define PANIC(message) panic_at(message, __FILE__, __LINE__)

// Exceptions that go from one stack to another. What a handler of everything has caught it may carry,
// and must then never end but leave its stack.
extern "C" {
// Takes the exception out of the innermost handler.
void *exception_carry() noexcept;
// Throws an exception that was carried.
[[noreturn]] void exception_throw_carried(void *carried);
// Unwinds to whoever carries this away: no handler can end it.
[[noreturn]] void exception_force();
// Whether the innermost handler holds a request to end the task, which is not for carrying.
bool exception_is_kill() noexcept;
// Lets that go on from the handler, with other exceptions held further out.
[[noreturn]] void exception_go_on(void *caught) noexcept;
}

// Objects the exception ABI has allocated and not freed yet.
extern "C" int64_t exceptions_alive;

// Writes a text, a decimal number.
void put(const char *text);
void put_number(int64_t value);

#endif
