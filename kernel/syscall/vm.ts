/**
 * System calls on address spaces.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Outcome } from "../thread/outcome.ts";
import { fail, finish, finishWith, type SyscallContext, type SyscallTable } from "./syscall.ts";
import type { AddressSpace } from "../vm/address_space.ts";
import { pageCeil, pageFloor, READ_WRITE, type VmObject, type VmProtection } from "../vm/vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

/** Where `vm_allocate` starts looking when the caller has no wish. */
const ALLOCATION_BASE = 0x1000_0000n;

const PROTECTION_BITS = { read: 1n, write: 2n, execute: 4n } as const;

function decodeProtection(bits: bigint): VmProtection | undefined {
  if (bits > 7n) return undefined;
  return {
    read: (bits & PROTECTION_BITS.read) !== 0n,
    write: (bits & PROTECTION_BITS.write) !== 0n,
    execute: (bits & PROTECTION_BITS.execute) !== 0n,
  };
}

/** Whole pages around a range, or `undefined` if it is empty or leaves the user half. */
function pagesAround(
  space: AddressSpace,
  address: bigint,
  size: bigint,
): [bigint, bigint] | undefined {
  if (size === 0n || size > space.end || !space.inside(address, size)) return undefined;
  return [pageFloor(address), pageCeil(address + size)];
}

/** Enters an object at an address, or anywhere if the address is 0. */
function enterObject(
  context: SyscallContext,
  request: { address: bigint; size: bigint; object: VmObject; protection: VmProtection },
): Outcome {
  const { thread } = context;
  const { space } = thread.task;
  const { address, size, object, protection } = request;
  if (space === null || size === 0n || size > space.end) {
    return fail(context, KernReturn.INVALID_ARGUMENT);
  }
  const pages = pageCeil(size);
  const begin = address === 0n ? space.findSpace(ALLOCATION_BASE, pages) : pageFloor(address);
  if (begin === undefined) return fail(context, KernReturn.NO_SPACE);
  const kr = space.enter({ begin, end: begin + pages, protection, object });
  return kr === KernReturn.SUCCESS ? finish(context, begin) : fail(context, kr);
}

function vmAllocate(context: SyscallContext): Outcome {
  const { args: [address = 0n, size = 0n] } = context;
  return enterObject(context, {
    address,
    size,
    object: { kind: "zero" },
    protection: READ_WRITE,
  });
}

function vmMapFile(context: SyscallContext): Outcome {
  const { thread, args: [address = 0n, size = 0n, offset = 0n, bits = 0n] } = context;
  const { module } = thread.task;
  const protection = decodeProtection(bits);
  if (module === null || protection === undefined || offset % PAGE !== 0n) {
    return fail(context, KernReturn.INVALID_ARGUMENT);
  }
  if (offset >= BigInt(module.bytes.length)) return fail(context, KernReturn.INVALID_ARGUMENT);
  return enterObject(context, {
    address,
    size,
    object: {
      kind: "file",
      file: module.physical,
      size: module.bytes.length,
      offset: Number(offset),
    },
    protection,
  });
}

function vmDeallocate(context: SyscallContext): Outcome {
  const { thread, args: [address = 0n, size = 0n] } = context;
  const { space } = thread.task;
  const pages = space === null ? undefined : pagesAround(space, address, size);
  if (space === null || pages === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  return finishWith(context, space.remove(pages[0], pages[1]));
}

function vmProtect(context: SyscallContext): Outcome {
  const { thread, args: [address = 0n, size = 0n, bits = 0n] } = context;
  const { space } = thread.task;
  const protection = decodeProtection(bits);
  const pages = space === null ? undefined : pagesAround(space, address, size);
  if (space === null || protection === undefined || pages === undefined) {
    return fail(context, KernReturn.INVALID_ARGUMENT);
  }
  const [begin, end] = pages;
  return finishWith(context, space.protect(begin, { end, protection }));
}

function cacheFlush(context: SyscallContext): Outcome {
  const { thread, args: [address = 0n, size = 0n] } = context;
  const { space } = thread.task;
  const pages = space === null ? undefined : pagesAround(space, address, size);
  if (space === null || pages === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  space.dropCode(...pages);
  return finish(context, 0n);
}

/** Calls 10 to 12, 18 and 22. */
export const vmSyscalls: SyscallTable = [
  [10, { name: "vm_allocate", args: 2, run: vmAllocate }],
  [11, { name: "vm_deallocate", args: 2, run: vmDeallocate }],
  [12, { name: "vm_protect", args: 3, run: vmProtect }],
  [18, { name: "vm_map_file", args: 4, run: vmMapFile }],
  [22, { name: "cache_flush", args: 2, run: cacheFlush }],
];
