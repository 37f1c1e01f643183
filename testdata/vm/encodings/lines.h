// How the bytes of one call of the VM's macro assembler become a line: the bytes in hexadecimal,
// and the instructions that they should be, as an assembler reads them.
#include "guest/include/format.h"
#include "guest/runtimes/vm/compiler/masm.c"

const char vm_interpreter[1];

static struct masm masm;
static struct masm *const m = &masm;

static void begin(void) {
    m->failed = false;
    m->size = m->label_count = m->reference_count = m->row_count = 0;
    m->region_count = 1;
    m->regions[0].row_count = 0;
}

static void end(void) {
    if (!m_finish(m)) put_text("failed");
    for (uint32_t i = 0; i < m->size; i++) {
        put_format("%c%c", "0123456789abcdef"[m->code[i] >> 4],
            "0123456789abcdef"[m->code[i] & 15]);
    }
    put_text("\t");
}

#define CASE(call, ...) (begin(), (call), end(), put_format(__VA_ARGS__), put_text("\n"))

// With a label that is behind, or before, one more instruction.
#define AHEAD(call, ...) CASE((call, m_nop(m), m_bind(m, 0)), __VA_ARGS__)
#define BACK(call, ...) CASE((m_bind(m, m_label(m)), m_nop(m), call), __VA_ARGS__)

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define EACH(each, array) for (unsigned each = 0; each < COUNT(array); each++)
