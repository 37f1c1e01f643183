import { assertEquals } from "@std/assert";
import { PROGRAM_FILES } from "../build/program_files.gen.ts";
import { PROGRAM_FILES_MODULE, programFileSources, renderProgramFiles } from "./program_files.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test("program_files.gen.ts, is made of the files in the tree (else: deno task build:guest)", () => {
  assertEquals(
    Deno.readTextFileSync(new URL(PROGRAM_FILES_MODULE, ROOT)),
    renderProgramFiles(ROOT),
  );
  for (const [name, source] of Object.entries(programFileSources(ROOT))) {
    assertEquals(PROGRAM_FILES[name], Deno.readTextFileSync(new URL(source, ROOT)));
  }
});
