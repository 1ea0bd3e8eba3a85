import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { z } from "zod";
import { priorities } from "../new-task.ts";
import { TaskTooLargeError, maxInputBytes } from "../tasks.ts";
import { type Message, MessageError, messageTypes } from "./bus.ts";

/** The layout that is written. Fields added to it later have defaults, so that messages of before are read. */
const envelopeVersion = 1;
/** Below it packing saves less than it costs: 8 KiB of JSON are two pages of SQLite. */
const packedFromBytes = 8 * 1024;
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const Fields = z.object({
  version: z.int().min(1).max(envelopeVersion, "was written by a later Forager; update this one"),
  id: z.string().min(1).max(200),
  type: z.enum(messageTypes),
  from: z.string().min(1).max(200),
  to: z.string().max(200).optional(),
  topic: z.string().max(300).optional(),
  priority: z.enum(priorities).default("normal"),
  trace: z.string().default(""),
  hops: z.int().min(0).default(0),
  at: z.number().default(0),
});

/** A message as it is written: for durable mail, and between processes. A large payload is packed. */
export const Envelope = Fields.extend({
  payload: z.unknown().optional(),
  zstd: z
    .base64()
    .max(maxInputBytes * 2)
    .optional(),
});
export type Envelope = z.input<typeof Envelope>;

/** @throws {MessageError} For a payload that is no JSON. @throws {TaskTooLargeError} */
export function toEnvelope(message: Message): Envelope {
  const { payload, wantsAnswer: _, to, topic, ...rest } = message;
  const fields = {
    version: envelopeVersion,
    ...rest,
    ...(to === undefined ? {} : { to }),
    ...(topic === undefined ? {} : { topic }),
  };
  const text = jsonOf(payload, message);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxInputBytes) throw new TaskTooLargeError(`${message.from}'s ${message.type}`, bytes);
  if (bytes > packedFromBytes) {
    const zstd = zstdCompressSync(text, fast).toString("base64");
    if (zstd.length < bytes) return { ...fields, zstd };
  }
  return { ...fields, payload: JSON.parse(text) as unknown };
}

/** @throws {MessageError} For what is no envelope, damaged, or from a later version. */
export function fromEnvelope(input: unknown): Message {
  const parsed = Envelope.safeParse(input);
  if (!parsed.success)
    throw new MessageError(
      `A message that was kept cannot be read: ${z.prettifyError(parsed.error)}`,
      parsed.error,
    );
  const { version: _, ...fields } = parsed.data;
  const payload = fields.zstd === undefined ? (fields.payload ?? null) : unpack(fields.zstd);
  const { id, type, from, to, topic, priority, trace, hops, at } = fields;
  return Object.freeze({ id, type, from, to, topic, priority, trace, hops, at, wantsAnswer: false, payload });
}

function jsonOf(payload: unknown, { from, type }: Message): string {
  try {
    return JSON.stringify(payload) ?? "null";
  } catch (cause) {
    throw new MessageError(`${from}'s ${type} cannot be kept: its payload is no JSON.`, cause);
  }
}

function unpack(zstd: string): unknown {
  try {
    const text = zstdDecompressSync(Buffer.from(zstd, "base64"), { maxOutputLength: maxInputBytes });
    return JSON.parse(text.toString()) as unknown;
  } catch (cause) {
    throw new MessageError("A message that was kept cannot be read: its payload is damaged.", cause);
  }
}
