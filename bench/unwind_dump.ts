/**
 * `trapline frames FILE` and nothing else, as a process to be measured.
 *
 * @module
 */
const [path] = Deno.args;
if (path !== undefined) {
  const { frameChunks, isFrameSection } = await import("../unwind/dump/mod.ts");
  const { readSparseElf } = await import("../elf/mod.ts");
  const { FileSource } = await import("../util/file_source.ts");
  using source = new FileSource(path);
  for (const chunk of frameChunks(readSparseElf(source, isFrameSection), path)) {
    for (let done = 0; done < chunk.length;) {
      done += Deno.stdout.writeSync(chunk.subarray(done));
    }
  }
}
