/**
 * Addresses inside the library. The public interface speaks `bigint`; tables and the frame walk use
 * the number defined here, which is what makes them fast: a 64-bit address taken as a *signed*
 * integer. Both halves of a canonical address space are small that way (the upper half is
 * negative), so every address up to 54 bits is exact, and order is kept inside each half.
 *
 * @module
 */

/**
 * A 64-bit address as a signed integer of magnitude below 2^53; the upper half of the address space
 * is negative.
 */
export type Address = number;

/** The 64-bit address as the public interface writes it, 0 to 2^64 − 1. */
export function toBigAddress(address: Address): bigint {
  return BigInt.asUintN(64, BigInt(address));
}

/**
 * The internal form of a 64-bit address; NaN if it is not canonical enough to be exact (more than
 * 54 significant bits).
 */
export function fromBigAddress(address: bigint): Address {
  const value = Number(BigInt.asIntN(64, address));
  return Number.isSafeInteger(value) ? value : NaN;
}

/** The internal form of the 64-bit address made of two halves; NaN if it is not exact. */
export function addressFromHalves(low: number, high: number): Address {
  const value = (high | 0) * 0x100000000 + (low >>> 0);
  return value >= -Number.MAX_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? value : NaN;
}

/** The 64-bit word made of two halves, 0 to 2^64 − 1. */
export function wordFromHalves(low: number, high: number): bigint {
  return BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
}

/** Hexadecimal text of an address, with `0x`, without leading zeros. */
export function hexAddress(address: Address): string {
  return address >= 0 ? `0x${address.toString(16)}` : `0x${toBigAddress(address).toString(16)}`;
}
