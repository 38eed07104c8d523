import type { IncomingMessage } from "node:http";
import { counted } from "../core/units.js";
import { refusal } from "./handler.js";

/** Limit in bytes of all large bodies together. Small bodies always fit, whatever slow clients send. */
const BODIES_BYTES_MAX = 64 * 1024 * 1024;
const SMALL_BYTES = 64 * 1024;

/** Number of bytes that the body of a request may have; undefined where only reading is possible. The path begins with `/`. */
export type BodyLimit = (method: string, path: string) => number | undefined;

/** Allows bodies for POST at these paths, each up to its number of bytes. */
export function postsTo(limits: Readonly<Record<string, number>>): BodyLimit {
  return (method, path) => (method === "POST" && Object.hasOwn(limits, path) ? limits[path] : undefined);
}

/** Request bodies in memory: limited individually and in total. */
export class Bodies {
  #bytes = 0;

  /** Hands over a whole body of at most `limit` bytes; it counts until that has been answered. */
  async take(
    incoming: IncomingMessage,
    limit: number,
    use: (body: Uint8Array<ArrayBuffer>) => Promise<Response>,
  ): Promise<Response> {
    const tooLarge = () => refusal(413, `at most ${counted(limit, "byte")} can be sent here`);
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
