import { ProtocolFuzzer } from "./protocol_fuzzer.ts";
import { RemoteFuzzer } from "./remote_fuzzer.ts";
import { ServerFuzzer } from "./server_fuzzer.ts";

Deno.test("ProtocolFuzzer, finds nothing in a thousand cases", () => {
  const fuzzer = new ProtocolFuzzer(1);
  for (let i = 0; i < 1000; i++) fuzzer.run();
});

Deno.test("RemoteFuzzer, finds nothing in some cases", async () => {
  const fuzzer = new RemoteFuzzer(12);
  for (let i = 0; i < 92; i++) await fuzzer.run();
});

Deno.test("ServerFuzzer, finds nothing in some hundred cases", () => {
  using fuzzer = new ServerFuzzer(3);
  for (let i = 0; i < 300; i++) fuzzer.run();
});
