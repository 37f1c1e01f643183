/**
 * Registers of the selected thread.
 *
 * @module
 */

import { fromHex, parseHexInteger, toHex } from "../../protocol/mod.ts";
import { ERRNO, GdbServerError } from "../errors.ts";
import type { RegisterContext, RegisterField } from "../registers/mod.ts";
import type { PacketTable } from "../session/packet.ts";
import type { Client } from "../session/client.ts";

function digits({ access, size }: RegisterField, context: RegisterContext): string {
  const bytes = access.read(context, size);
  return bytes === undefined ? "xx".repeat(size) : toHex(bytes);
}

function fieldOf({ debuggee }: Client, number: string): RegisterField {
  const { fields } = debuggee.layout;
  const field = fields[parseHexInteger(number)];
  if (field !== undefined) return field;
  throw new GdbServerError(`There is no register ${number}: there are ${fields.length}`);
}

/** What stays as it is need not be one that can be written. */
function write({ access, size }: RegisterField, context: RegisterContext, value: Uint8Array): void {
  const now = access.read(context, size);
  if (now?.every((byte, i) => byte === value[i]) !== true) access.write(context, value);
}

/** Packets about registers. */
export const registerPackets: PacketTable = {
  g({ debuggee, general }) {
    const context = debuggee.registers(general);
    const { fields, general: count } = debuggee.layout;
    return fields.slice(0, count).map((field) => digits(field, context)).join("");
  },
  G(client, { rest }) {
    const { debuggee, general } = client;
    const bytes = fromHex(rest);
    const { fields, general: count } = debuggee.layout;
    const written = fields.slice(0, count);
    const size = written.reduce((sum, field) => sum + field.size, 0);
    if (bytes.length !== size) {
      throw new GdbServerError(`Cannot write ${bytes.length} bytes of registers: expected ${size}`);
    }
    const context = debuggee.registers(general);
    client.change(() => {
      let at = 0;
      for (const field of written) {
        const value = bytes.subarray(at, at + field.size);
        at += field.size;
        write(field, context, value);
      }
    });
    return "OK";
  },
  p(client, { rest }) {
    const context = client.debuggee.registers(client.general);
    const field = fieldOf(client, rest);
    const value = digits(field, context);
    if (field.isSystem) client.told.add(`${field.name}=${value}`);
    return value;
  },
  P(client, { rest }) {
    const [, number, value] = /^([0-9a-f]+)=([0-9a-f]*)$/i.exec(rest) ?? [];
    if (number === undefined) throw new GdbServerError("Expected P<number>=<bytes>", ERRNO.INVAL);
    const field = fieldOf(client, number);
    const bytes = fromHex(value as string);
    if (bytes.length !== field.size) {
      throw new GdbServerError(
        `Cannot write ${bytes.length} bytes to ${field.name}: expected ${field.size}`,
      );
    }
    // After a call of a function gdb puts back all registers of x86, as they were told before it;
    // the system's, which the kernel may have changed meanwhile, stay as they are.
    if (field.isSystem && client.told.has(`${field.name}=${toHex(bytes)}`)) return "OK";
    const context = client.debuggee.registers(client.general);
    client.change(() => write(field, context, bytes));
    return "OK";
  },
};
