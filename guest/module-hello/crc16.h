// CRC-16/CCITT-FALSE (polynomial 0x1021, first register 0xffff), sixteen bits a step by a table of
// 65,536 entries: 32 pages of constants that a program really reads.
#ifndef TRAPLINE_CRC16_H
#define TRAPLINE_CRC16_H

#include <stddef.h>
#include <stdint.h>

// Number of entries of the table.
#define CRC16_ENTRIES 65536

// Entry i is i * x^16 modulo the polynomial.
extern const uint16_t crc16_table[CRC16_ENTRIES];

// The CRC of words, each taken with its most significant bit first.
uint16_t crc16(const uint16_t *words, size_t count);

#endif
