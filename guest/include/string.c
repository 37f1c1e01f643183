#include "string.h"

#include <stdint.h>

// Loops that a compiler must not turn into calls of the functions they are.
#define LOOP __attribute__((no_builtin))

LOOP void *memcpy(void *to, const void *from, size_t size) {
    unsigned char *target = to;
    const unsigned char *source = from;
    for (size_t i = 0; i < size; i++) target[i] = source[i];
    return to;
}

LOOP void *memmove(void *to, const void *from, size_t size) {
    unsigned char *target = to;
    const unsigned char *source = from;
    if ((uintptr_t)target - (uintptr_t)source >= size) return memcpy(to, from, size);
    for (size_t i = size; i > 0; i--) target[i - 1] = source[i - 1];
    return to;
}

LOOP void *memset(void *to, int value, size_t size) {
    unsigned char *target = to;
    for (size_t i = 0; i < size; i++) target[i] = (unsigned char)value;
    return to;
}

LOOP int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; i < size; i++) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

LOOP size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}
