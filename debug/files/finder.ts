/**
 * Where the parts of a program's debug information may be, in the order in which gdb looks, and
 * whether what is there belongs to the program.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import { buildIdOf, type ElfFile, parseElf } from "../../elf/mod.ts";
import { DebugFileError } from "./errors.ts";
import { checksumOf, debugLinkOf } from "./links.ts";
import { baseName, folderOf, joinPath, underRoot } from "./paths.ts";
import { DISK, type FileStore } from "./store.ts";

/** Where Debian and others keep debug information. */
const DIRECTORIES: readonly string[] = ["/usr/lib/debug"];

/** Options of {@linkcode DebugFiles}. */
export interface DebugFilesOptions {
  /** Where files come from; by default the local disk. */
  readonly store?: FileStore | undefined;
  /** Folder with the files of the system that the program ran on. */
  readonly sysroot?: string | undefined;
  /** Folders of debug information, by default `/usr/lib/debug`; looked for in `sysroot`, too. */
  readonly directories?: readonly string[] | undefined;
}

/** A program's file whose debug information is looked for. */
export interface Program {
  /** The file. */
  readonly file: ElfFile;
  /** Its path in the store. */
  readonly path: string;
}

/** A file that was found, or what has been looked at in vain. */
export interface Search {
  /** The file and its path. */
  readonly found: Program | undefined;
  /** Paths looked at, in order. */
  readonly searched: readonly string[];
  /** Files that were there and are not the right ones, or are damaged. */
  readonly problems: readonly InputError[];
}

/** Says why a file is not the one that is looked for. */
type Verify = (file: ElfFile, path: string) => InputError | undefined;

/** Finds files in a store. */
export class FileFinder {
  readonly #store: FileStore;
  readonly #sysroot: string | undefined;
  readonly #directories: readonly string[];

  /** A finder of files; options as {@linkcode DebugFilesOptions} has them. */
  constructor(options: DebugFilesOptions = {}) {
    this.#store = options.store ?? DISK;
    const root = options.sysroot?.replace(/\/+$/, "");
    this.#sysroot = root === "" ? undefined : root;
    const directories = options.directories ?? DIRECTORIES;
    this.#directories = root === undefined
      ? directories
      : [...directories, ...directories.map((each) => underRoot(root, each))];
  }

  /** The separate file with a program's debug information: by its build-id, else by its link. */
  debugFile(program: Program): Search {
    const id = tolerant(() => buildIdOf(program.file));
    const link = tolerant(() => debugLinkOf(program.file));
    const problems = [id.error, link.error].filter((each) => each !== undefined);
    const byId = id.value === undefined
      ? undefined
      : this.#first(this.#buildIdPaths(id.value), (file, path) => refuseId(file, path, id.value!));
    problems.push(...byId?.problems ?? []);
    if (byId?.found !== undefined || link.value === undefined) {
      return { found: byId?.found, searched: byId?.searched ?? [], problems };
    }
    const { name, checksum } = link.value;
    const byLink = this.#first(this.#linkPaths(program, name), (file, path) => {
      const own = buildIdOf(file);
      // The same build-id says more than a checksum, and says it without reading the file.
      if (own !== undefined && id.value !== undefined) return refuseId(file, path, id.value);
      return refuseChecksum(file, path, checksum);
    });
    return {
      found: byLink.found,
      searched: [...byId?.searched ?? [], ...byLink.searched],
      problems: [...problems, ...byLink.problems],
    };
  }

  /** The file that `dwz` has moved what several programs share to, by its build-id or checksum. */
  supplementary(program: Program, want: { readonly name: string; readonly id: string }): Search {
    const folders = [folderOf(program.path), folderOf(this.#real(program.path))];
    const paths = folders.map((each) => joinPath(each, want.name));
    if (want.name.startsWith("/") && this.#sysroot !== undefined) {
      paths.push(underRoot(this.#sysroot, want.name));
    }
    for (const directory of this.#directories) {
      paths.push(`${directory}/.dwz/${baseName(want.name)}`);
    }
    paths.push(...this.#buildIdPaths(want.id));
    return this.#first(paths, (file, path) => {
      return supplementaryIdOf(file) === want.id ? undefined : refuseId(file, path, want.id);
    });
  }

  /** The `.dwp` beside a program or beside the file with its debug information. */
  package(programs: readonly Program[]): Search {
    const paths = programs.flatMap(({ path }) => {
      const plain = path.endsWith(".debug") ? [`${path.slice(0, -6)}.dwp`] : [];
      const folders = this.#directories.map((each) => `${each}${absolute(path)}.dwp`);
      return [`${path}.dwp`, ...plain, ...folders];
    });
    const { machine } = programs[0]!.file;
    return this.#first(paths, (file, path) => refuseMachine(file, path, machine));
  }

  /** A `.dwo`, by its name and the folder the compiler ran in; `verify` says whether it is it. */
  splitFile(
    program: Program,
    want: { readonly name: string; readonly directory: string | undefined },
    verify: (file: ElfFile, path: string) => InputError | undefined,
  ): Search {
    const built = want.directory === undefined ? want.name : joinPath(want.directory, want.name);
    const paths = this.#sysroot === undefined ? [] : [underRoot(this.#sysroot, built)];
    paths.push(built);
    // A program that was moved together with its parts.
    const folder = folderOf(program.path);
    if (!want.name.startsWith("/")) paths.push(joinPath(folder, want.name));
    paths.push(joinPath(folder, baseName(want.name)));
    return this.#first(paths, verify);
  }

  /**
   * The first of some paths at which there is the right file. Files that are there and are not it
   * are told of, and so are damaged ones.
   */
  #first(paths: readonly string[], verify: Verify): Search {
    const searched: string[] = [];
    const problems: InputError[] = [];
    for (const path of new Set(paths)) {
      searched.push(path);
      const result = tolerant(() => {
        const source = this.#store.open(path);
        if (source === undefined) return undefined;
        const file = parseElf(source, { name: path });
        return { file, problem: verify(file, path) };
      });
      const problem = result.error ?? result.value?.problem;
      if (problem !== undefined) problems.push(problem);
      else if (result.value !== undefined) {
        return { found: { file: result.value.file, path }, searched, problems };
      }
    }
    return { found: undefined, searched, problems };
  }

  #buildIdPaths(id: string): string[] {
    return this.#directories.map((each) =>
      `${each}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`
    );
  }

  /** As gdb's manual has it: beside the program, in `.debug` there, in the folders. */
  #linkPaths({ path }: Program, name: string): string[] {
    const real = this.#real(path);
    const paths = [path, real].flatMap((each) => {
      const folder = folderOf(each);
      const inSystem = this.#withoutSysroot(folder);
      return [
        `${folder}/${name}`,
        `${folder}/.debug/${name}`,
        ...this.#directories.flatMap((directory) =>
          [folder, inSystem].map((within) => `${directory}${absolute(within)}/${name}`)
        ),
      ];
    });
    return paths.filter((each) => each !== path && each !== real);
  }

  #withoutSysroot(path: string): string {
    const root = this.#sysroot;
    return root !== undefined && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  }

  #real(path: string): string {
    return this.#store.realPath(path) ?? path;
  }
}

function absolute(path: string): string {
  return path.startsWith("/") || path === "" ? path : `/${path}`;
}

/** What an action gives, or the problem of the input that kept it from doing so. */
function tolerant<T>(action: () => T): { readonly value?: T; readonly error?: InputError } {
  try {
    return { value: action() };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { error };
  }
}

function refuseId(file: ElfFile, path: string, expected: string): DebugFileError | undefined {
  const own = buildIdOf(file);
  if (own === expected) return undefined;
  const message = `Debug file's build-id is ${own ?? "missing"}, expected ${expected}`;
  return new DebugFileError("build-id", message, { source: path });
}

function refuseChecksum(file: ElfFile, path: string, expected: number): DebugFileError | undefined {
  const own = checksumOf(file);
  if (own === expected) return undefined;
  const [got, wanted] = [own, expected].map((each) => `0x${each.toString(16).padStart(8, "0")}`);
  const message = `Debug file's checksum is ${got}, expected ${wanted}`;
  return new DebugFileError("checksum", message, { source: path });
}

function refuseMachine(file: ElfFile, path: string, expected: string): DebugFileError | undefined {
  if (file.machine === expected) return undefined;
  const message = `Debug file's machine is ${file.machine}, expected ${expected}`;
  return new DebugFileError("machine", message, { source: path });
}

/** What DWARF 5's `.debug_sup` of a supplementary file calls itself, as hexadecimal text. */
function supplementaryIdOf(file: ElfFile): string | undefined {
  const bytes = file.sectionDataByName(".debug_sup");
  if (bytes === undefined) return undefined;
  // A version of two bytes, whether it is the supplementary file, a name, a length and a checksum.
  const end = bytes.indexOf(0, 3);
  const size = bytes[end + 1];
  if (end < 0 || size === undefined || size >= 0x80) return undefined;
  return bytes.subarray(end + 2, end + 2 + size).toHex();
}
