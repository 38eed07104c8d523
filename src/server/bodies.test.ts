import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { Bodies } from "./bodies.js";

/** What comes of a request that does not say how much it sends: the status, and the bytes that were handed over. */
async function sent(...pieces: number[]): Promise<[number, number | undefined]> {
  const incoming = Object.assign(Readable.from(pieces.map((length) => Buffer.alloc(length))), { headers: {} });
  let handed: number | undefined;
  const { status } = await new Bodies().take(incoming as unknown as IncomingMessage, 10, async (body) => {
    handed = body.length;
    return new Response();
  });
  return [status, handed];
}

it("a body is taken up to its limit, in as many pieces as it comes, and not a byte more", async () => {
  expect(await sent()).toEqual([200, 0]);
  expect(await sent(6, 4)).toEqual([200, 10]);
  expect(await sent(6, 5)).toEqual([413, undefined]);
});
