import { assertEquals, assertStrictEquals } from "@std/assert";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { memoryOf } from "../walk/mod.ts";
import { EXCEPTION_OBJECT, exceptionClassOf } from "./exception_object.ts";

Deno.test("EXCEPTION_OBJECT, has the fields of the ABI's structure, without gaps", async () => {
  const header = await Deno.readTextFile(
    new URL("../../guest/runtime/system.h", import.meta.url),
  );
  const [, body = ""] = /struct _Unwind_Exception \{([^}]*)\}/.exec(header) ?? [];
  const fields = [...body.matchAll(/(\w+)(?:;|\)\()/g)].map((match) => match[1]!);
  const offsets = Object.values(EXCEPTION_OBJECT);
  assertEquals(fields, ["exception_class", "exception_cleanup", "private_1", "private_2"]);
  assertEquals(offsets, [0n, 8n, 16n, 24n, 32n]);
});

Deno.test("exceptionClassOf, reads the class, if it can be read", () => {
  const bytes = new ImageBuilder().u64(0x474e5543432b2b00n).build();
  const memory = memoryOf([{ start: 0x1000n, bytes }]);
  assertEquals(exceptionClassOf(memory, 0x1000n), 0x474e5543432b2b00n);
  assertStrictEquals(exceptionClassOf(memory, 0x1004n), undefined);
});
