#include "guest/module-hello/crc16.h"

// The table is linear: entry a ^ b is entry a ^ entry b. So the 2^n entries from a start on follow
// from 2^(n-1) by adding entry 2^(n-1) to each.
#define T1(c) (c), (c) ^ 0x1021
#define T2(c) T1(c), T1((c) ^ 0x2042)
#define T3(c) T2(c), T2((c) ^ 0x4084)
#define T4(c) T3(c), T3((c) ^ 0x8108)
#define T5(c) T4(c), T4((c) ^ 0x1231)
#define T6(c) T5(c), T5((c) ^ 0x2462)
#define T7(c) T6(c), T6((c) ^ 0x48c4)
#define T8(c) T7(c), T7((c) ^ 0x9188)
#define T9(c) T8(c), T8((c) ^ 0x3331)
#define T10(c) T9(c), T9((c) ^ 0x6662)
#define T11(c) T10(c), T10((c) ^ 0xccc4)
#define T12(c) T11(c), T11((c) ^ 0x89a9)
#define T13(c) T12(c), T12((c) ^ 0x0373)
#define T14(c) T13(c), T13((c) ^ 0x06e6)
#define T15(c) T14(c), T14((c) ^ 0x0dcc)
#define T16(c) T15(c), T15((c) ^ 0x1b98)

const uint16_t crc16_table[CRC16_ENTRIES] = {T16(0)};

uint16_t crc16(const uint16_t *words, size_t count) {
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < count; i++) crc = crc16_table[crc ^ words[i]];
    return crc;
}
