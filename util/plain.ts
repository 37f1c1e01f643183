/**
 * Plain data: what can be listed, copied, compared and written to a file, and holds no behavior.
 *
 * @module
 */

/** Bytes, numbers, texts, and lists and records of them. No functions, no class instances but byte arrays. */
export type Plain =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Plain[]
  | { readonly [name: string]: Plain };
