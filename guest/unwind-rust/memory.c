// What compiled Rust code calls for moving and counting bytes. The volatile accesses keep the compiler from
// calling these functions in themselves.
#include <stddef.h>

void *memset(void *to, int value, size_t size) {
    volatile unsigned char *bytes = to;
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)value;
    return to;
}

void *memcpy(void *to, const void *from, size_t size) {
    volatile unsigned char *target = to;
    const unsigned char *source = from;
    for (size_t i = 0; i < size; i++) target[i] = source[i];
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    volatile unsigned char *target = to;
    const unsigned char *source = from;
    if ((size_t)target - (size_t)source >= size) return memcpy(to, from, size);
    for (size_t i = size; i > 0; i--) target[i - 1] = source[i - 1];
    return to;
}

int memcmp(const void *a, const void *b, size_t size) {
    const volatile unsigned char *left = a, *right = b;
    for (size_t i = 0; i < size; i++) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

int bcmp(const void *a, const void *b, size_t size) { return memcmp(a, b, size); }

size_t strlen(const char *text) {
    const volatile char *at = text;
    while (*at != 0) at++;
    return (size_t)(at - text);
}
