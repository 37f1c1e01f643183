#include "file.h"

#include "guest/include/string.h"

void vm_write(struct vm_writer *writer, const void *bytes, uint32_t size) {
    char *to = writer->bytes + writer->size;
    writer->size += size; // past room: what it would have taken
    if (writer->size > writer->room) return;
    if ((((uintptr_t)to | (uintptr_t)bytes | size) & 3) != 0) {
        memcpy(to, bytes, size);
        return;
    }
    // Tables are of words.
    for (uint32_t i = 0; i < size / 4; i++) ((uint32_t *)to)[i] = ((const uint32_t *)bytes)[i];
}

void vm_align(struct vm_writer *writer, uint32_t multiple) {
    static const char zeros[16];
    uint32_t rest = -writer->size & (multiple - 1);
    vm_write(writer, zeros, rest);
}

uint32_t vm_write_text(struct vm_writer *writer, const char *text, const char *more) {
    uint32_t at = writer->size;
    vm_write(writer, text, (uint32_t)strlen(text));
    vm_write(writer, more, (uint32_t)strlen(more) + 1);
    return at;
}
