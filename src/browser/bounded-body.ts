import type { Transform } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import { ForagerError } from "../errors.ts";

/** A body grew beyond what the options allow. */
export class TooLargeError extends ForagerError {
  constructor(message: string) {
    super("too-large", message);
  }
}

/** How much of a body is taken before it is given up. */
export interface BodyLimits {
  readonly maxWireBytes: number;
  readonly maxBodyBytes: number;
  readonly maxRatio: number;
  readonly ratioFloorBytes: number;
  /** Stop here and call it complete. */
  readonly prefixBytes?: number;
}

/** Content codings beyond this many are a bomb, not a page. */
const maxCodings = 3;
/** Output buffer of a decompressor: a usual page comes in one or two. */
const chunkSize = 65_536;

/**
 * Takes a body as it arrives, decompresses it as it goes, and fails the moment a limit is passed: a bomb costs what
 * the limits say, never what it would unpack to.
 */
export class BoundedBody {
  readonly #codings: readonly string[];
  readonly #limits: BodyLimits;
  readonly #outcome = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  readonly #onDrain: () => void;
  readonly #chunks: Uint8Array[] = [];
  #stages: Transform[] | undefined;
  #size = 0;
  #wireBytes = 0;
  #isSettled = false;

  /**
   * @param contentEncoding The header's value; unknown codings are taken for none, as browsers do.
   * @param onDrain Called when, after `write` gave false, there is room again.
   */
  constructor(contentEncoding: string, limits: BodyLimits, onDrain: () => void) {
    this.#codings = contentEncoding
      .toLowerCase()
      .split(",")
      .map((coding) => coding.trim())
      .filter((coding) => coding in decoders);
    this.#limits = limits;
    this.#onDrain = onDrain;
    // The owner may have failed and gone before it looks at the outcome.
    this.#outcome.promise.catch(() => {});
  }

  /** The decompressed bytes, in an ArrayBuffer of their own; rejects with {@link TooLargeError} or zlib's error. */
  get done(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#outcome.promise;
  }

  get wireBytes(): number {
    return this.#wireBytes;
  }

  /** True once nothing more is wanted. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** @returns False when the writer should pause until `onDrain`. */
  write(chunk: Uint8Array): boolean {
    if (this.#isSettled) return true;
    this.#wireBytes += chunk.length;
    if (this.#wireBytes > this.#limits.maxWireBytes) {
      this.fail(new TooLargeError(`more than ${this.#limits.maxWireBytes} bytes on the wire`));
      return true;
    }
    this.#stages ??= this.#openStages(chunk);
    const first = this.#stages[0];
    if (first !== undefined) return first.write(chunk);
    this.#keep(chunk);
    return true;
  }

  /** The last byte has arrived. */
  end(): void {
    const first = this.#stages?.[0];
    if (first === undefined) this.#finish();
    else first.end();
  }

  /** Gives up: frees the decompressors and rejects `done`. */
  fail(error: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#outcome.reject(error);
  }

  #openStages(firstBytes: Uint8Array): Transform[] {
    if (this.#codings.length > maxCodings) {
      this.fail(new TooLargeError(`compressed ${this.#codings.length} times over`));
      return [];
    }
    // Codings are listed in the order they were applied (RFC 9110, 8.4), so the last one is undone first.
    const outermost = this.#codings.at(-1);
    const inner = this.#codings.slice(0, -1).reverse();
    if (outermost === undefined) return [];
    const stages = [decoders[outermost]?.(firstBytes), ...inner.map((coding) => decoders[coding]?.())];
    const open = stages.filter((stage) => stage !== undefined);
    open.forEach((stage, index) => {
      stage.on("error", (error) => this.fail(error));
      const next = open[index + 1];
      if (next !== undefined) stage.pipe(next);
      else stage.on("data", (chunk: Buffer) => this.#keep(chunk)).on("end", () => this.#finish());
    });
    open[0]?.on("drain", () => this.#onDrain());
    return open;
  }

  #keep(chunk: Uint8Array): void {
    if (this.#isSettled) return;
    const { maxBodyBytes, maxRatio, ratioFloorBytes, prefixBytes } = this.#limits;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (prefixBytes !== undefined && this.#size >= prefixBytes) this.#finish();
    else if (this.#size > maxBodyBytes) {
      this.fail(new TooLargeError(`more than ${maxBodyBytes} bytes when decompressed`));
    } else if (this.#size > ratioFloorBytes && this.#size > this.#wireBytes * maxRatio) {
      this.fail(new TooLargeError(`it unpacks to more than ${maxRatio} times its size`));
    }
  }

  #finish(): void {
    if (this.#isSettled) return;
    const size = Math.min(this.#size, this.#limits.prefixBytes ?? this.#size);
    // Not Buffer.concat: its pool would share the ArrayBuffer, and this one is handed to a thread.
    const body = new Uint8Array(size);
    let at = 0;
    for (const chunk of this.#chunks) {
      const part = at + chunk.length > size ? chunk.subarray(0, size - at) : chunk;
      body.set(part, at);
      at += part.length;
    }
    this.#settle();
    this.#outcome.resolve(body);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#chunks.length = 0;
    for (const stage of this.#stages ?? []) stage.destroy();
  }
}

/** Openers by coding; told the first bytes where they are at hand. None where the header is plainly wrong. */
const decoders: Readonly<Record<string, (firstBytes?: Uint8Array) => Transform | undefined>> = {
  gzip: openGzip,
  "x-gzip": openGzip,
  // "deflate" means zlib (RFC 9110, 8.4.1.2), yet some servers send the raw stream.
  deflate: (firstBytes) =>
    isZlib(firstBytes) ? createInflate({ chunkSize }) : createInflateRaw({ chunkSize }),
  br: () => createBrotliDecompress({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize }),
};

function openGzip(firstBytes?: Uint8Array): Transform | undefined {
  // Some servers say gzip and send the page as it is; the magic byte tells (RFC 1952, 2.3.1).
  return firstBytes === undefined || firstBytes[0] === 0x1f ? createGunzip({ chunkSize }) : undefined;
}

function isZlib([first, second]: Uint8Array = Uint8Array.of(0x78, 0x9c)): boolean {
  if (first === undefined || (first & 0x0f) !== 8) return false;
  return second === undefined || ((first << 8) | second) % 31 === 0;
}
