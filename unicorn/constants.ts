/**
 * Facts of libunicorn's interface that do not depend on the guest's architecture.
 *
 * Values are those of `unicorn/unicorn.h` of the 2.1 series.
 *
 * @module
 */

/** `UC_ARCH_ARM64`, for `uc_open`. */
export const UC_ARCH_ARM64 = 2;
/** `UC_ARCH_X86`, for `uc_open`. */
export const UC_ARCH_X86 = 4;
/** `UC_MODE_LITTLE_ENDIAN`, also `UC_MODE_ARM`: the only AArch64 mode. */
export const UC_MODE_ARM = 0;
/** `UC_MODE_64`: x86 long mode. */
export const UC_MODE_64 = 8;
/** `UC_PROT_READ`: read. */
export const UC_PROT_READ = 1;
/** `UC_PROT_EXEC`: execute. */
export const UC_PROT_EXEC = 4;
/** `UC_PROT_ALL`: read, write and execute. */
export const UC_PROT_ALL = 7;

/** `UC_HOOK_INSN`: one particular instruction. */
export const UC_HOOK_INSN = 1 << 1;
/** `UC_HOOK_CODE`: every instruction of a range, before it executes. */
export const UC_HOOK_CODE = 1 << 2;
/** `UC_HOOK_BLOCK`: every block of code that begins in a range, before it executes. */
export const UC_HOOK_BLOCK = 1 << 3;
/** `UC_HOOK_MEM_READ`: loads. */
export const UC_HOOK_MEM_READ = 1 << 10;
/** `UC_HOOK_MEM_WRITE`: stores. */
export const UC_HOOK_MEM_WRITE = 1 << 11;
/** `UC_HOOK_MEM_UNMAPPED`: reads, writes and fetches of physical addresses without memory. */
export const UC_HOOK_MEM_UNMAPPED = 7 << 4;
/** `UC_HOOK_MEM_WRITE_UNMAPPED`: the writes among them. */
export const UC_HOOK_MEM_WRITE_UNMAPPED = 1 << 5;
/**
 * `UC_HOOK_EDGE_GENERATED`: a block of code has been translated after another one has run, and is
 * about to run.
 */
export const UC_HOOK_EDGE_GENERATED = 1 << 15;

/** `UC_MEM_WRITE`, the access type a memory hook is given. */
export const UC_MEM_WRITE = 17;
/** `UC_MEM_WRITE_UNMAPPED`, the access type a memory hook is given. */
export const UC_MEM_WRITE_UNMAPPED = 20;
/** `UC_MEM_FETCH_UNMAPPED`, the access type a memory hook is given. */
export const UC_MEM_FETCH_UNMAPPED = 21;

/** `uc_ctl` control that makes the list of exit addresses, here an empty one, replace `until`. */
export const UC_CTL_UC_USE_EXITS = control(4, 1);
/** `uc_ctl` control that chooses the CPU model. */
export const UC_CTL_CPU_MODEL = control(7, 1);
/** `uc_ctl` control that sets the size of the buffer for translated code, in bytes. */
export const UC_CTL_TCG_BUFFER_SIZE = control(13, 1);
/** `uc_ctl` control that drops the translations of a range of virtual addresses. */
export const UC_CTL_TB_REMOVE_CACHE = control(9, 2);
/** `uc_ctl` control that drops every translation. */
export const UC_CTL_TB_FLUSH = control(10, 0);
/** `uc_ctl` control that empties the TLB. */
export const UC_CTL_TLB_FLUSH = control(11, 0);

/** A control word of `uc_ctl` that writes: type, number of arguments. */
function control(type: number, args: number): number {
  return type | (args << 26) | (1 << 30);
}

/** `UC_ERR_OK`. */
export const UC_ERR_OK = 0;
/** `UC_ERR_INSN_INVALID`. */
export const UC_ERR_INSN_INVALID = 10;
/** `UC_ERR_EXCEPTION`. */
export const UC_ERR_EXCEPTION = 21;

/** Unicorn's names of its error codes, by number. */
export const UC_ERROR_NAMES: readonly string[] = [
  "UC_ERR_OK",
  "UC_ERR_NOMEM",
  "UC_ERR_ARCH",
  "UC_ERR_HANDLE",
  "UC_ERR_MODE",
  "UC_ERR_VERSION",
  "UC_ERR_READ_UNMAPPED",
  "UC_ERR_WRITE_UNMAPPED",
  "UC_ERR_FETCH_UNMAPPED",
  "UC_ERR_HOOK",
  "UC_ERR_INSN_INVALID",
  "UC_ERR_MAP",
  "UC_ERR_WRITE_PROT",
  "UC_ERR_READ_PROT",
  "UC_ERR_FETCH_PROT",
  "UC_ERR_ARG",
  "UC_ERR_READ_UNALIGNED",
  "UC_ERR_WRITE_UNALIGNED",
  "UC_ERR_FETCH_UNALIGNED",
  "UC_ERR_HOOK_EXIST",
  "UC_ERR_RESOURCE",
  "UC_ERR_EXCEPTION",
  "UC_ERR_OVERFLOW",
];
