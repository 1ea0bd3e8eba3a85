import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { setImmediate as breathe } from "node:timers/promises";
import { BoundedBody, type BodyLimits, TooLargeError } from "../../src/browser/bounded-body.ts";

const limits: BodyLimits = {
  maxWireBytes: 10_000_000,
  maxBodyBytes: 1_000_000,
  maxRatio: 200,
  ratioFloorBytes: 500_000,
};
const text = Buffer.from("some words, ".repeat(10_000));

/** Writes `packed` in pieces, as a network does, and says how many bytes went in before the body was settled. */
async function feed(body: BoundedBody, packed: Uint8Array, pieceBytes: number, drained: () => Promise<void>) {
  let written = 0;
  for (; written < packed.length && !body.isSettled; written += pieceBytes) {
    if (!body.write(packed.subarray(written, written + pieceBytes))) await drained();
    await breathe();
  }
  if (written >= packed.length) body.end();
  return Math.min(written, packed.length);
}

const nothing = () => {};

function open(coding: string, own: Partial<BodyLimits> = {}) {
  let wake = nothing;
  const body = new BoundedBody(coding, { ...limits, ...own }, () => wake());
  const drained = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      // A body that failed drains nothing any more.
      body.done.catch(() => resolve());
    });
  return { body, drained };
}

const codings: readonly (readonly [string, Uint8Array])[] = [
  ["gzip", gzipSync(text)],
  ["X-GZIP", gzipSync(text)],
  ["deflate", deflateSync(text)],
  ["deflate", deflateRawSync(text)],
  ["br", brotliCompressSync(text)],
  ["zstd", zstdCompressSync(text)],
  ["deflate, gzip", gzipSync(deflateSync(text))],
  ["identity", text],
  ["made-up", text],
  ["", text],
  ["gzip", text],
];

describe("bounded body", () => {
  for (const [coding, packed] of codings) {
    for (const pieceBytes of [1, 7_919, 1_000_000]) {
      if (packed.length / pieceBytes > 2_000) continue;
      it(`undoes "${coding}" of ${packed.length} bytes in pieces of ${pieceBytes}`, async () => {
        const { body, drained } = open(coding);
        await feed(body, packed, pieceBytes, drained);
        assert.deepEqual(Buffer.from(await body.done), text);
        assert.equal(body.wireBytes, packed.length);
      });
    }
  }

  it("gives an empty body for none", async () => {
    const { body } = open("gzip");
    body.end();
    assert.equal((await body.done).length, 0);
  });

  it("takes in little more of a bomb than the limit is worth", async () => {
    // A thousand members of a megabyte each (RFC 1952, 2.2): a gigabyte in one megabyte.
    const member = gzipSync(Buffer.alloc(1_000_000));
    const bomb = Buffer.concat(Array.from({ length: 1_000 }, () => member));
    const { body, drained } = open("gzip");
    const written = await feed(body, bomb, 1_000, drained);
    await assert.rejects(body.done, TooLargeError);
    // One member is more than the limit; the rest is what a stream buffers before it asks for a pause.
    assert.ok(written < 100_000, `${written} of ${bomb.length} bytes were taken`);
  });

  it("lets small pages compress as well as they like, and large ones up to the ratio", async () => {
    const small = open("gzip");
    await feed(small.body, gzipSync(Buffer.alloc(400_000)), 1_000, small.drained);
    assert.equal((await small.body.done).length, 400_000);
    const large = open("gzip", { maxRatio: 2_000 });
    await feed(large.body, gzipSync(Buffer.alloc(900_000)), 1_000, large.drained);
    assert.equal((await large.body.done).length, 900_000);
  });

  it("refuses codings stacked higher than pages need", async () => {
    const { body, drained } = open("gzip, gzip, gzip, gzip");
    await feed(body, gzipSync(text), 1_000, drained);
    await assert.rejects(body.done, TooLargeError);
  });
});
