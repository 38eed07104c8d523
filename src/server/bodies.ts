import type { IncomingMessage } from "node:http";
import { refusal } from "./handler.js";

/** Of all large bodies together. Small bodies always fit, whatever slow clients send. */
const BODIES_BYTES_MAX = 64 * 1024 * 1024;
const SMALL_BYTES = 64 * 1024;

/** Request bodies in memory: limited individually and in total. */
export class Bodies {
  readonly #limits: Readonly<Record<string, number>>;
  #bytes = 0;

  constructor(limits: Readonly<Record<string, number>>) {
    this.#limits = limits;
  }

  isTaken(path: string): boolean {
    return Object.hasOwn(this.#limits, path);
  }

  /** Hands over a whole body; it counts until that has been answered. */
  async take(
    incoming: IncomingMessage,
    path: string,
    use: (body: Uint8Array<ArrayBuffer>) => Promise<Response>,
  ): Promise<Response> {
    const limit = this.#limits[path]!;
    const tooLarge = () => refusal(413, `at most ${limit} bytes can be sent here`);
    if (Number(incoming.headers["content-length"] ?? 0) > limit) return tooLarge();
    // the connection stays, to say on it what is wrong
    const arriving: AsyncIterable<Buffer> = incoming.iterator({ destroyOnReturn: false });
    const pieces: Buffer[] = [];
    let taken = 0;
    try {
      for await (const piece of arriving) {
        taken += piece.length;
        this.#bytes += piece.length;
        if (taken > limit) return tooLarge();
        if (taken > SMALL_BYTES && this.#bytes > BODIES_BYTES_MAX)
          return refusal(503, "too much is being sent at once", { "retry-after": "1" });
        pieces.push(piece);
      }
      return await use(new Uint8Array(Buffer.concat(pieces)));
    } finally {
      this.#bytes -= taken;
    }
  }
}
