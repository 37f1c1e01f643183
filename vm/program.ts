/**
 * Programs in bytecode as boot modules: the guest's VM with a program.
 *
 * @module
 */
import { ElfError, type ElfFile, loadSegments, parseElf } from "../elf/mod.ts";
import { type BootModule, vmImage } from "../guest/boot_modules.ts";
import type { GuestArch } from "../guest/embedded.ts";
import { encodeProgram, type VmProgram, type VmSettings } from "./bytecode/mod.ts";

/** Where program headers have offset, size in the file and size in memory, 64 bits each. */
const HEADER = { offset: 8, fileSize: 32, memorySize: 40 } as const;
/** Where section headers have offset and size. */
const SECTION = { offset: 24, size: 32 } as const;
/** Where the ELF header says where these headers are, and how large each is. */
const ELF = {
  programHeaders: 32,
  programHeaderSize: 54,
  sectionHeaders: 40,
  sectionHeaderSize: 58,
} as const;

/**
 * The guest's VM with a program, to boot a machine with.
 *
 * @param settings how the VM is to run it
 * @throws {BytecodeError} of kind `limit`, if a setting does not fit
 */
export async function vmProgram(
  arch: GuestArch,
  program: VmProgram,
  settings: VmSettings = {},
): Promise<BootModule> {
  const bytes = withProgram(await vmImage(arch), encodeProgram(program, settings));
  return { commandLine: "vm", bytes };
}

/**
 * The VM's file with a program in its last segment, whose beginning the symbol `vm_program` is.
 *
 * @throws {ElfError} If there is no such segment.
 */
export function withProgram(image: Uint8Array, program: Uint8Array): Uint8Array<ArrayBuffer> {
  const elf = parseElf(image, { name: "vm" });
  const segment = programSegment(elf);
  // The file offset and the address of a segment are the same but for whole pages.
  const align = Math.max(1, Number(segment.align));
  const at = Math.ceil(image.length / align) * align + Number(segment.vaddr % BigInt(align));
  const bytes = new Uint8Array(at + program.length);
  bytes.set(image);
  bytes.set(program, at);
  const view = new DataView(bytes.buffer);
  const header = Number(view.getBigUint64(ELF.programHeaders, true)) +
    segment.index * view.getUint16(ELF.programHeaderSize, true);
  view.setBigUint64(header + HEADER.offset, BigInt(at), true);
  view.setBigUint64(header + HEADER.fileSize, BigInt(program.length), true);
  view.setBigUint64(header + HEADER.memorySize, BigInt(program.length), true);
  // Debuggers miss a section that is in no segment.
  const section = elf.sections.find(({ address }) => address === segment.vaddr);
  if (section !== undefined) {
    const its = Number(view.getBigUint64(ELF.sectionHeaders, true)) +
      section.index * view.getUint16(ELF.sectionHeaderSize, true);
    view.setBigUint64(its + SECTION.offset, BigInt(at), true);
    view.setBigUint64(its + SECTION.size, BigInt(program.length), true);
  }
  return bytes;
}

function programSegment(elf: ElfFile): ElfFile["segments"][number] {
  const symbol = elf.symbolNamed("vm_program");
  const loaded = loadSegments(elf);
  const last = loaded.reduce(
    (found, each) => found !== undefined && found.vaddr > each.vaddr ? found : each,
    loaded[0],
  );
  if (symbol !== undefined && last?.vaddr === symbol.value) return last;
  throw new ElfError("symbol", "Cannot give the VM a program", {
    file: "vm",
    expected: "the symbol vm_program at the beginning of the last segment",
  });
}
