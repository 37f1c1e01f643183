// Functions of a program that a host drives: `CoroutineHost` of @trapline/trapline/coro calls them,
// on stacks of their own, and answers the calls they make. A program without main is linked with one
// that does nothing else; a main of a program's own may call coro_agent when it is ready.
//
//     CORO_EXPORT uintptr_t count(struct coro_yielder *yielder, uintptr_t input, void *object) {
//         for (uintptr_t i = 0; i < input; i++) coro_yield(yielder, i);
//         return input;
//     }
#ifndef CORO_AGENT_H
#define CORO_AGENT_H

#include "coro.h"
#include "trapline.h"

// Marks a function that the host calls by its name, which the linker then keeps.
#ifdef __cplusplus
#define CORO_EXPORT extern "C" __attribute__((used, retain))
#else
#define CORO_EXPORT __attribute__((used, retain))
#endif

// Defines a function that is the host's: a call of it stops the machine, and the host function of
// that name answers. Its prototype is the program's own; a yielder first, or a null pointer if the
// host is not to yield, then up to five machine words. The result is a machine word.
//
//     CORO_IMPORT(ask)
//     uintptr_t ask(struct coro_yielder *yielder, uintptr_t question);
#if defined(__x86_64__)
#define CORO_IMPORT(name) \
    __asm__(".pushsection .text." #name ",\"ax\",@progbits\n" \
            ".globl " #name "\n.type " #name ",@function\n" #name ":\n.cfi_startproc\n" \
            "lea 1f(%rip), %rax\njmp coro_agent_import\n.cfi_endproc\n.size " #name ", . - " #name "\n" \
            ".popsection\n.pushsection .rodata." #name ",\"a\",@progbits\n1: .asciz \"" #name "\"\n" \
            ".popsection");
#else
#define CORO_IMPORT(name) \
    __asm__(".pushsection .text." #name ",\"ax\",@progbits\n.p2align 2\n" \
            ".globl " #name "\n.type " #name ",@function\n" #name ":\n.cfi_startproc\n" \
            "adrp x9, 1f\nadd x9, x9, :lo12:1f\nb coro_agent_import\n.cfi_endproc\n" \
            ".size " #name ", . - " #name "\n" \
            ".popsection\n.pushsection .rodata." #name ",\"a\",@progbits\n1: .asciz \"" #name "\"\n" \
            ".popsection");
#endif

#ifdef __cplusplus
namespace coroutine {

// What exceptions may derive from so that the host is told what they say.
class exception {
public:
    virtual const char *what() const noexcept = 0;
    virtual ~exception();
};

// What a host function has thrown, or the host has thrown into a coroutine. If nothing catches it,
// the host gets its own error back.
class host_error : public exception {
public:
    host_error(uint64_t token, const char *message) noexcept;
    const char *what() const noexcept override;
    const uint64_t token;

private:
    char text[128]; // as much of the message as fits
};

} // namespace coroutine

extern "C" {
#endif

// Serves a host. Comes back, with an exit status, only if there is none.
int coro_agent(void);

#ifdef __cplusplus
}
#endif
#endif
