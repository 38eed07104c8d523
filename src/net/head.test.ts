import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyFraming, type Framing, headReader, type ReplyHead } from "./head.js";

const text = (value: string) => new Uint8Array(Buffer.from(value, "latin1"));

/** Feeds a whole answer in pieces that end at the given places. */
function read(answer: Uint8Array, cuts: readonly number[]) {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (answer.length + 1)), answer.length])].sort((a, b) => a - b);
  const next = headReader();
  let found: { head: ReplyHead; framing: Framing } | undefined;
  const body: Uint8Array[] = [];
  const memory = new Uint8Array(answer.length);
  for (const [index, from] of places.slice(0, -1).entries()) {
    const piece = answer.subarray(from, places[index + 1]);
    // as a socket does, all pieces come in the same memory
    memory.fill(0).set(piece);
    const bytes = memory.subarray(0, piece.length);
    if (found) body.push(...found.framing.take(bytes).map((piece) => piece.slice()));
    else {
      const head = next(bytes);
      if (!head) continue;
      found = { head: head.head, framing: bodyFraming(head.head) };
      body.push(...found.framing.take(head.rest).map((piece) => piece.slice()));
    }
  }
  return { ...found!, body: Buffer.concat(body) };
}

describe("heads and bodies of HTTP/1.1", () => {
  it("cut anywhere, an answer is the same", () => {
    const bodies = ["", "x", "hello world", "\0\r\n\r\n0\r\n"];
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.boolean(), fc.array(fc.nat(400), { maxLength: 12 }), (body, chunked, cuts) => {
        const chunks = [body.slice(0, 3), body.slice(3)].filter((part) => part !== "");
        const coded = `${chunks.map((part) => `${part.length.toString(16)};ext=1\r\n${part}\r\n`).join("")}0\r\nTrailer: x\r\n\r\n`;
        const answer = chunked
          ? `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${coded}`
          : `HTTP/1.1 206 \r\nContent-Length:${body.length}\r\nETag: "a"\r\nX-Empty:\r\n\r\n${body}`;
        const found = read(text(answer), cuts);
        expect(found.body.toString("latin1")).toBe(body);
        expect(found.framing).toMatchObject({ ended: true, reusable: true });
        if (!chunked) expect(found.head.header("etag")).toBe('"a"');
      }),
      { numRuns: 500 },
    );
  });

  it("a body without a length ends with the connection; one with a length does not", () => {
    const open = read(text("HTTP/1.0 200 OK\r\n\r\nabc"), []);
    expect(open.framing).toMatchObject({ ended: false, reusable: false });
    expect(open.framing.atClose()).toBe(true);
    expect(open.framing.ended).toBe(true);
    const short = read(text("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"), []);
    expect(short.framing.atClose()).toBe(false);
    expect(read(text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc"), []).framing.atClose()).toBe(false);
  });

  it.each([
    "SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/2 200\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 101 Switching\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
    `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`,
  ])("%j is refused", (answer) => {
    expect(() => read(text(answer), [])).toThrow();
  });

  it("any bytes give an answer or an error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.boolean(), (noise, headed) => {
        const next = headReader();
        try {
          const found = next(text(`${headed ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" : ""}${noise}`));
          if (found) bodyFraming(found.head).take(found.rest);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
