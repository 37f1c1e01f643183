// The entry points that compiled C++ exceptions call (Itanium C++ ABI, level II), over the kernel's
// unwinder. Nothing of a standard library is used; the objects are laid out as this file says, and
// only the kernel's type matching needs to know.
#include "system.h"

// The standard's type information, as far as the compiler refers to it: a virtual table pointer and
// a name; derived classes add bases.
namespace std {
class type_info {
public:
    virtual ~type_info();
    const char *name_;
};
type_info::~type_info() {}

[[noreturn]] void terminate() noexcept;
} // namespace std

// The classes of type information the compiler instantiates: a class without bases, with one, with
// several.
namespace __cxxabiv1 {
class __class_type_info : public std::type_info {
public:
    ~__class_type_info() override;
};
class __si_class_type_info : public __class_type_info {
public:
    ~__si_class_type_info() override;
    const __class_type_info *base;
};
class __vmi_class_type_info : public __class_type_info {
public:
    ~__vmi_class_type_info() override;
};
__class_type_info::~__class_type_info() {}
__si_class_type_info::~__si_class_type_info() {}
__vmi_class_type_info::~__vmi_class_type_info() {}
} // namespace __cxxabiv1

// Virtual destructors name these. There is no heap, so there is nothing to give back.
void operator delete(void *) noexcept {}
void operator delete(void *, size_t) noexcept {}

namespace {

// "TRAPC++\0": class of the exceptions thrown here. A panic's ends otherwise, so that only catch
// (...) takes it.
const uint64_t CXX_CLASS = 0x54524150432b2b00;
const uint64_t PANIC_CLASS = 0x5452415050414e00;
// "TRAPFRC\0": an unwinding that the program has forced.
const uint64_t FORCED_CLASS = 0x5452415046524300;

// An exception; one that the kernel made has room for our part too. First our part, then what all
// languages share, then the thrown object.
struct Exception {
    const std::type_info *type;
    void (*destroy)(void *);
    void *adjusted;            // what a handler gets: the thrown object as the handler's type
    Exception *next_caught;
    int64_t handlers;          // handlers that hold it
    _Unwind_Exception unwind;
};

// Places for exceptions: those of one chunk, and in user mode of as many more as are needed, since each
// coroutine may be suspended in a handler.
const size_t SLOT_SIZE = 512;
const int SLOTS = 16;
struct Chunk {
    alignas(16) unsigned char slots[SLOTS][SLOT_SIZE];
    bool taken[SLOTS];
    Chunk *next;
};
Chunk first_chunk;
// For a panic that finds no other place.
alignas(16) unsigned char last_slot[SLOT_SIZE];
bool last_taken;

// What a thread's handlers hold, innermost first (Itanium C++ ABI, 2.2.2). A coroutine has its own,
// which whoever resumes it puts here.
struct Globals {
    Exception *caught;
};
#if defined(KERNEL_MODE)
Globals globals;
#else
thread_local Globals globals;
#endif

Exception *of(_Unwind_Exception *unwind) {
    return reinterpret_cast<Exception *>(reinterpret_cast<unsigned char *>(unwind) - offsetof(Exception, unwind));
}

// The chunk after another one, made if there is none; null if none can be made.
Chunk *chunk_after(Chunk *chunk) {
    Chunk *next = __atomic_load_n(&chunk->next, __ATOMIC_ACQUIRE);
#if !defined(KERNEL_MODE)
    if (next) return next;
    const int64_t address = system_call(SYS_VM_ALLOCATE, 0, sizeof(Chunk), 0);
    if (address < 0) return nullptr;
    auto *made = reinterpret_cast<Chunk *>(address);
    if (__atomic_compare_exchange_n(&chunk->next, &next, made, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) return made;
    system_call(SYS_VM_DEALLOCATE, static_cast<uint64_t>(address), sizeof(Chunk), 0);
#endif
    return next;
}

// A place filled with zeros; null if there is none.
void *find_slot() {
    for (Chunk *chunk = &first_chunk; chunk; chunk = chunk_after(chunk)) {
        for (int i = 0; i < SLOTS; i++) {
            if (__atomic_test_and_set(&chunk->taken[i], __ATOMIC_ACQUIRE)) continue;
            __atomic_add_fetch(&exceptions_alive, 1, __ATOMIC_RELAXED);
            for (size_t byte = 0; byte < SLOT_SIZE; byte++) chunk->slots[i][byte] = 0;
            return chunk->slots[i];
        }
    }
    return nullptr;
}

void *allocate(size_t size) {
    if (size > SLOT_SIZE) PANIC("exception object too large");
    void *slot = find_slot();
    if (!slot) PANIC("too many exceptions");
    return slot;
}

void release(void *slot) {
    __atomic_add_fetch(&exceptions_alive, -1, __ATOMIC_RELAXED);
    for (Chunk *chunk = &first_chunk; chunk; chunk = __atomic_load_n(&chunk->next, __ATOMIC_ACQUIRE)) {
        const uint64_t offset = reinterpret_cast<uint64_t>(slot) - reinterpret_cast<uint64_t>(chunk->slots);
        if (offset >= sizeof chunk->slots) continue;
        __atomic_clear(&chunk->taken[offset / SLOT_SIZE], __ATOMIC_RELEASE);
        return;
    }
    __atomic_clear(&last_taken, __ATOMIC_RELEASE);
}

// Lets go of an exception; one that the kernel made is the kernel's to free.
void drop(Exception *exception) {
    const uint64_t exception_class = exception->unwind.exception_class;
    if (exception->destroy) exception->destroy(exception + 1);
    system_call(SYS_UNWIND_RELEASE, reinterpret_cast<uint64_t>(&exception->unwind), 0, 0);
    const bool is_ours = exception_class == CXX_CLASS || exception_class == PANIC_CLASS ||
                         exception_class == FORCED_CLASS;
    if (is_ours) release(exception);
}

size_t length_of(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

// The panic wrapper: describes the panic and enters the unwinder. It is a frame of its own so that
// the number to skip is known.
[[noreturn, gnu::noinline]] void panic_wrapper(const char *message, const char *file, uint64_t line) {
    void *slot = find_slot();
    if (!slot) {
        if (__atomic_test_and_set(&last_taken, __ATOMIC_ACQUIRE)) std::terminate();
        __atomic_add_fetch(&exceptions_alive, 1, __ATOMIC_RELAXED);
        slot = last_slot;
    }
    auto *exception = static_cast<Exception *>(slot);
    exception->unwind = {};
    exception->destroy = nullptr;
    exception->handlers = 0;
    exception->unwind.exception_class = PANIC_CLASS;
    // system_call, panic_wrapper, panic_at
    const panic_information information = {message, length_of(message), file, length_of(file), line, 3};
    system_call(SYS_UNWIND_RAISE, reinterpret_cast<uint64_t>(&exception->unwind), RAISE_PANIC,
                reinterpret_cast<uint64_t>(&information));
    __builtin_trap();
}

// What is carried for an unwinding that was forced: it is forced anew.
char forced;

// Throws an exception that was thrown before.
[[noreturn, gnu::noinline]] void raise_again(Exception *exception) {
    const throw_information information = {exception->type, exception + 1};
    const bool is_foreign = exception->unwind.exception_class != CXX_CLASS;
    system_call(SYS_UNWIND_RAISE, reinterpret_cast<uint64_t>(&exception->unwind), RAISE_THROW,
                is_foreign ? 0 : reinterpret_cast<uint64_t>(&information));
    std::terminate();
}

} // namespace

// The same entries under names that promise to come back or not at all: a function that lets no
// exception pass must not call others, or the compiler has it call terminate for them.
extern "C" [[noreturn]] void resume_now(_Unwind_Exception *) noexcept __asm__("_Unwind_Resume");
extern "C" int64_t call_now(uint64_t, uint64_t, uint64_t, uint64_t) noexcept __asm__("system_call");

// An exception has come to a function that lets none pass. A kill request passes all the same.
[[noreturn]] void std::terminate() noexcept {
    if (Exception *kill = globals.caught; kill && kill->unwind.private_2) {
        kill->handlers = 0; // nobody holds it: it goes on
        globals.caught = kill->next_caught;
        resume_now(&kill->unwind);
    }
    call_now(SYS_UNWIND_RAISE, 0, RAISE_TERMINATE, 0);
    __builtin_trap();
}

extern "C" {

int64_t exceptions_alive;

[[noreturn, gnu::noinline]] void panic_at(const char *message, const char *file, uint64_t line) {
    panic_wrapper(message, file, line);
}

void *__cxa_allocate_exception(size_t size) noexcept {
    return static_cast<Exception *>(allocate(sizeof(Exception) + size)) + 1;
}

void __cxa_free_exception(void *thrown) noexcept { release(static_cast<Exception *>(thrown) - 1); }

[[noreturn]] void __cxa_throw(void *thrown, std::type_info *type, void (*destroy)(void *)) {
    Exception *exception = static_cast<Exception *>(thrown) - 1;
    exception->type = type;
    exception->destroy = destroy;
    exception->adjusted = thrown;
    exception->unwind.exception_class = CXX_CLASS;
    const throw_information information = {type, thrown};
    system_call(SYS_UNWIND_RAISE, reinterpret_cast<uint64_t>(&exception->unwind), RAISE_THROW,
                reinterpret_cast<uint64_t>(&information));
    std::terminate();
}

// A handler begins. The kernel has left the adjusted pointer in private_1. An exception that is not
// ours has no object.
void *__cxa_begin_catch(void *object) noexcept {
    auto *unwind = static_cast<_Unwind_Exception *>(object);
    Exception *exception = of(unwind);
    if (exception->handlers == 0) {
        exception->next_caught = globals.caught;
        globals.caught = exception;
    }
    // One that its handler has thrown on is held there, too, until that handler is left.
    if (exception->handlers < 0) exception->handlers = -exception->handlers;
    exception->handlers++;
    if (unwind->exception_class != CXX_CLASS) return nullptr;
    exception->adjusted = reinterpret_cast<void *>(unwind->private_1);
    return exception->adjusted;
}

void __cxa_end_catch() {
    Exception *exception = globals.caught;
    if (!exception) return;
    if (exception->handlers < 0) { // thrown on by its handler: it is still on its way
        if (++exception->handlers == 0) globals.caught = exception->next_caught;
        return;
    }
    if (--exception->handlers > 0) {
        // A kill request goes on whatever its handlers do, out of the one that holds it still.
        if (!exception->unwind.private_2) return;
        exception->handlers = -exception->handlers;
        _Unwind_Resume(&exception->unwind);
    }
    globals.caught = exception->next_caught;
    if (exception->unwind.private_2) _Unwind_Resume(&exception->unwind);
    drop(exception);
}

[[noreturn]] void __cxa_rethrow() {
    Exception *exception = globals.caught;
    if (!exception) std::terminate();
    exception->handlers = -exception->handlers;
    if (exception->unwind.private_2) _Unwind_Resume(&exception->unwind);
    raise_again(exception);
}

void *__cxa_get_globals() noexcept { return &globals; }

void *exception_carry() noexcept {
    Exception *exception = globals.caught;
    globals.caught = exception->next_caught;
    exception->handlers = 0;
    if (exception->unwind.exception_class != FORCED_CLASS) return exception;
    drop(exception);
    return &forced;
}

[[noreturn]] void exception_throw_carried(void *carried) {
    if (carried == &forced) exception_force();
    raise_again(static_cast<Exception *>(carried));
}

[[noreturn]] void exception_force() {
    auto *exception = static_cast<Exception *>(allocate(sizeof(Exception)));
    exception->unwind.exception_class = FORCED_CLASS;
    exception->unwind.private_2 = 1;
    system_call(SYS_UNWIND_RAISE, reinterpret_cast<uint64_t>(&exception->unwind), RAISE_FORCED, 0);
    __builtin_trap();
}

bool exception_is_kill() noexcept {
    const _Unwind_Exception &unwind = globals.caught->unwind;
    return unwind.private_2 && unwind.exception_class != FORCED_CLASS;
}

[[noreturn]] void exception_go_on(void *held) noexcept {
    Exception *exception = globals.caught;
    exception->handlers = 0;
    globals.caught = static_cast<Exception *>(held);
    resume_now(&exception->unwind);
}

[[noreturn]] void __cxa_pure_virtual() { PANIC("pure virtual function called"); }

// Named by the unwind tables; the kernel reads them itself, so nobody calls it.
void __gxx_personality_v0() { __builtin_trap(); }

#ifndef TRAPLINE_PROGRAM
// Compilers may emit calls to these.
void *memset(void *to, int value, size_t size) {
    auto *bytes = static_cast<volatile unsigned char *>(to);
    for (size_t i = 0; i < size; i++) bytes[i] = static_cast<unsigned char>(value);
    return to;
}

void *memcpy(void *to, const void *from, size_t size) {
    auto *target = static_cast<volatile unsigned char *>(to);
    auto *source = static_cast<const unsigned char *>(from);
    for (size_t i = 0; i < size; i++) target[i] = source[i];
    return to;
}
#endif
}

void put(const char *text) { system_call(2, reinterpret_cast<uint64_t>(text), length_of(text), 0); }

void put_number(int64_t value) {
    char digits[24];
    int at = 24;
    digits[--at] = 0;
    uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    do {
        digits[--at] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) digits[--at] = '-';
    put(digits + at);
}
