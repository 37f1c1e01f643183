import { assertEquals } from "@std/assert";
import { countCases } from "./junit.ts";

const SAMPLE = `
Deno.test("group", async (t) => {
  await t.step("good </testcase> & <failure>", () => {});
  await t.step("bad", () => { throw new Error("a <testcase> in a message"); });
});
Deno.test("good", () => {});
Deno.test({ name: "left out", ignore: true, fn() {} });
`;

Deno.test("countCases, Deno's own report of tests and steps", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "trapline-junit-" });
  try {
    Deno.writeTextFileSync(`${folder}/sample_test.ts`, SAMPLE);
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--no-config",
        `--junit-path=${folder}/report.xml`,
        `${folder}/sample_test.ts`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    assertEquals(code, 1);
    const counts = countCases(Deno.readTextFileSync(`${folder}/report.xml`));
    assertEquals(counts, { passed: 2, failed: 2, skipped: 1 }, "the group fails with its step");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("countCases, an empty case and no case", () => {
  assertEquals(countCases(`<testcase name="a"/>`), { passed: 1, failed: 0, skipped: 0 });
  assertEquals(countCases(""), { passed: 0, failed: 0, skipped: 0 });
});
