/**
 * The foreign functions of libunicorn, and nothing else: the one place that states their C
 * prototypes.
 *
 * @module
 */

const DEFINITIONS = {
  uc_version: { parameters: ["pointer", "pointer"], result: "u32" },
  uc_open: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  uc_close: { parameters: ["pointer"], result: "i32" },
  uc_mem_map_ptr: { parameters: ["pointer", "u64", "usize", "u32", "buffer"], result: "i32" },
  uc_mem_unmap: { parameters: ["pointer", "u64", "usize"], result: "i32" },
  uc_vmem_translate: { parameters: ["pointer", "u64", "u32", "buffer"], result: "i32" },
  // Hooks may call back into JavaScript; without `callback` Deno's fast path would enter V8
  // illegally.
  uc_emu_start: {
    parameters: ["pointer", "u64", "u64", "u64", "usize"],
    result: "i32",
    callback: true,
  },
  uc_emu_stop: { parameters: ["pointer"], result: "i32" },
  uc_reg_read: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  uc_reg_write: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  // The same for memory whose address is kept: making one of a buffer costs more than the rest of
  // the call.
  uc_reg_read_at: {
    name: "uc_reg_read",
    parameters: ["pointer", "i32", "pointer"],
    result: "i32",
  },
  uc_reg_write_at: {
    name: "uc_reg_write",
    parameters: ["pointer", "i32", "pointer"],
    result: "i32",
  },
  uc_reg_read_batch: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "i32" },
  uc_reg_write_batch: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "i32" },
  uc_hook_add: {
    parameters: ["pointer", "buffer", "i32", "pointer", "pointer", "u64", "u64", "i32"],
    result: "i32",
  },
  uc_hook_del: { parameters: ["pointer", "usize"], result: "i32" },
  // `uc_ctl` is variadic; these are the shapes in use.
  uc_ctl_none: { name: "uc_ctl", parameters: ["pointer", "u32"], result: "i32" },
  uc_ctl_int: { name: "uc_ctl", parameters: ["pointer", "u32", "i32"], result: "i32" },
  uc_ctl_range: { name: "uc_ctl", parameters: ["pointer", "u32", "u64", "u64"], result: "i32" },
  uc_context_size: { parameters: ["pointer"], result: "usize" },
  uc_context_alloc: { parameters: ["pointer", "buffer"], result: "i32" },
  uc_context_save: { parameters: ["pointer", "pointer"], result: "i32" },
  uc_context_free: { parameters: ["pointer"], result: "i32" },
  // The address of `uc_emu_stop`: given as a hook, it stops the engine without entering JavaScript.
  stop_address: { name: "uc_emu_stop", type: "pointer" },
  // Not libunicorn's but the C library's, which `dlsym` finds through libunicorn's own
  // dependencies.
  getpagesize: { parameters: [], result: "i32", optional: true },
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
  process_vm_readv: {
    parameters: ["i32", "buffer", "usize", "buffer", "usize", "usize"],
    result: "isize",
    optional: true,
  },
  mincore: { parameters: ["pointer", "usize", "buffer"], result: "i32", optional: true },
} as const;

/** libunicorn, opened. */
export type UnicornDynamicLibrary = Deno.DynamicLibrary<typeof DEFINITIONS>;
/** The foreign functions. */
export type UnicornSymbols = UnicornDynamicLibrary["symbols"];

/**
 * Opens a shared library.
 *
 * @param path Path, or name for the system's own search.
 * @throws {Error} When it cannot be opened, or lacks a function.
 */
export function openSymbols(path: string): UnicornDynamicLibrary {
  return Deno.dlopen(path, DEFINITIONS);
}
