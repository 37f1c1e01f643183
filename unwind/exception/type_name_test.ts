import { assertEquals, assertStrictEquals } from "@std/assert";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { memoryOf } from "../walk/mod.ts";
import { typeNameAt, typeNameOf } from "./type_name.ts";

Deno.test("typeNameOf, names what exceptions are", () => {
  const names = {
    _ZTIi: "int",
    _ZTIPKc: "char const*",
    _ZTIPv: "void*",
    _ZTIPPKh: "unsigned char const**",
    _ZTI5Error: "Error",
    _ZTIN4deep5space5ErrorE: "deep::space::Error",
    _ZTISt9exception: "std::exception",
    _ZTINSt8ios_base7failureE: "std::ios_base::failure",
    _ZTISs: "std::string",
    _ZTI3BoxIiE: "Box<int>",
    _ZTIN12_GLOBAL__N_13OdeE: "(anonymous namespace)::Ode",
  };
  for (const [symbol, name] of Object.entries(names)) {
    assertEquals(typeNameOf(symbol), name);
  }
});

Deno.test("typeNameOf, keeps what it does not understand", () => {
  for (
    const symbol of [
      "_ZTI9Short",
      "_ZTIN4deep",
      "_ZTI",
      "_ZTIP",
      "main",
      `_ZTI${"P".repeat(100_000)}`,
    ]
  ) assertEquals(typeNameOf(symbol), symbol);
});

Deno.test("typeNameAt, follows type information to the name", () => {
  const at = (name: string) => {
    const start = 0x5000n;
    const bytes = new ImageBuilder().u64(0n).u64(start + 16n).text(name).build();
    return typeNameAt(memoryOf([{ start, bytes }]), start);
  };
  assertEquals(at("N4deep5ErrorE"), "deep::Error");
  // A name that is compared by address.
  assertEquals(at("*3Ode"), "Ode");
  assertEquals(at("not mangled"), "not mangled");
  assertEquals(at("x".repeat(1000)), "x".repeat(256));
});

Deno.test("typeNameAt, gives nothing where type information or name cannot be read", () => {
  assertStrictEquals(typeNameAt(memoryOf([]), 0x5000n), undefined);
  const bytes = new ImageBuilder().u64(0n).u64(0x9999n).build();
  assertStrictEquals(typeNameAt(memoryOf([{ start: 0x5000n, bytes }]), 0x5000n), undefined);
});
