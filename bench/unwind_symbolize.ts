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
  const encoder = new TextEncoder();
  let text = "";
  const flush = () => {
    const bytes = encoder.encode(text);
    text = "";
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
  };
  for (const address of addresses) {
    for (const frame of symbols.at(BigInt(address))) {
      const { source } = frame;
      const place = source ? `${source.path}:${source.line}:${source.column}` : "??:0:0";
      text += `${frame.linkageName ?? frame.name ?? "??"}\n${place}\n`;
    }
    text += "\n";
    if (text.length >= 2 ** 16) flush();
  }
  flush();
}
