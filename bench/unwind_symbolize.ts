/**
 * `trapline symbolize FILE ADDRESS…` and nothing else, as a process to be measured.
 *
 * @module
 */
const [path, ...addresses] = Deno.args;
if (path !== undefined) {
  const { DebugFiles, DISK } = await import("../debug/files/mod.ts");
  const { Symbols } = await import("../debug/symbols/mod.ts");
  const { parseElf } = await import("../elf/mod.ts");
  const symbols = new Symbols(new DebugFiles().of(parseElf(DISK.open(path)!, { name: path })));
  let text = "";
  for (const address of addresses) {
    for (const { linkageName, name, source } of symbols.at(BigInt(address))) {
      text += `${linkageName ?? name ?? "??"}\n`;
      text += source ? `${source.path}:${source.line}:${source.column}\n` : "??:0:0\n";
    }
    text += "\n";
  }
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}
