import { describe, expect, it } from "vitest";
import { encodeFrame, type Frame, readFrames } from "./frames.js";

const LIMIT = 100;

async function framesOf(pieces: readonly Uint8Array[], limit = () => LIMIT): Promise<Frame[]> {
  async function* incoming() {
    yield* pieces;
  }
  const frames: Frame[] = [];
  for await (const frame of readFrames(incoming(), limit)) frames.push(frame);
  return frames;
}

/** By hand, from the layout in README.md: length of the head, kind, head. */
const REQUEST = Uint8Array.from([13, 0, 0, 0, 2, ...Buffer.from('{"credits":4}')]);
const END = Uint8Array.from([2, 0, 0, 0, 5, ...Buffer.from("{}")]);

describe("frames", () => {
  it("have the bytes of the layout", () => {
    expect([...encodeFrame("end", {})]).toEqual([...END]);
    const [frame] = [encodeFrame("hello", { protocol: 1, emporium: "ä" })];
    const text = '{"protocol": 1, "emporium": "\\u00e4"}';
    expect([...frame!]).toEqual([text.length, 0, 0, 0, 1, ...Buffer.from(text)]);
  });

  it("are read however the bytes arrive", async () => {
    const all = Buffer.concat([REQUEST, END, REQUEST]);
    const wanted = [
      { kind: "request", head: { credits: 4 } },
      { kind: "end", head: {} },
      { kind: "request", head: { credits: 4 } },
    ];
    expect(await framesOf([all])).toEqual(wanted);
    expect(await framesOf([...all].map((byte) => Uint8Array.of(byte)))).toEqual(wanted);
    for (let cut = 0; cut <= all.length; cut++) expect(await framesOf([all.subarray(0, cut), all.subarray(cut)])).toEqual(wanted);
  });

  it("are whole: a connection that ends in the middle of one is an error, at every byte", async () => {
    for (let cut = 1; cut < REQUEST.length; cut++) {
      await expect(framesOf([END, REQUEST.subarray(0, cut)])).rejects.toMatchObject({ code: "STREAM_PROTOCOL" });
    }
  });

  it("with a longer head than is allowed are refused before it arrives", async () => {
    const announced = (bytes: number) => {
      const prefix = new Uint8Array(5);
      new DataView(prefix.buffer).setUint32(0, bytes, true);
      return prefix;
    };
    for (const bytes of [LIMIT + 1, 2 ** 31, 2 ** 32 - 1]) {
      await expect(framesOf([announced(bytes)])).rejects.toMatchObject({
        code: "STREAM_PROTOCOL",
        message: `expected at most ${LIMIT}, found a head of ${bytes} bytes`,
      });
    }
    const exact = Buffer.from(`"${"x".repeat(LIMIT - 2)}"`);
    await expect(framesOf([Buffer.concat([announced(LIMIT), exact])])).rejects.toThrow("a frame of kind 0");
  });

  it("may be longer once the limit is raised", async () => {
    let limit = 13;
    const long = encodeFrame("release", { slot: 1, credits: 100 });
    async function* incoming() {
      yield Buffer.concat([REQUEST, long]);
    }
    const frames = readFrames(incoming(), () => limit);
    await frames.next();
    limit = long.length;
    expect((await frames.next()).value).toEqual({ kind: "release", head: { slot: 1, credits: 100 } });
  });

  it.each([
    ["an unknown kind", Uint8Array.from([2, 0, 0, 0, 8, 123, 125]), "expected 1 to 7, found a frame of kind 8"],
    ["no JSON", Uint8Array.from([2, 0, 0, 0, 5, 123, 123]), 'the head of a frame "end" is not JSON'],
    ["no UTF-8", Uint8Array.from([4, 0, 0, 0, 5, 34, 255, 255, 34]), 'the head of a frame "end" is not JSON'],
    ["a list", Uint8Array.from([2, 0, 0, 0, 5, 91, 93]), 'the head of a frame "end" is not an object'],
    ["an empty head", Uint8Array.from([0, 0, 0, 0, 5]), 'the head of a frame "end" is not JSON'],
  ])("with %s are refused", async (_, bytes, message) => {
    await expect(framesOf([bytes])).rejects.toMatchObject({ code: "STREAM_PROTOCOL", message });
  });

  it("have payloads where they may, however the bytes arrive", async () => {
    const payload = Uint8Array.from([9, 0, 255, 2, 0]);
    const result = encodeFrame("result", { bytes: payload.length });
    const all = Buffer.concat([END, result, payload, encodeFrame("result", { bytes: 0 }), END]);
    const wanted = [["end"], ["result", [...payload]], ["result", []], ["end"]];
    for (let cut = 0; cut <= all.length; cut++) {
      const found: unknown[] = [];
      async function* incoming() {
        yield* [all.subarray(0, cut), all.subarray(cut)];
      }
      for await (const { kind, payload: bytes } of readFrames(incoming(), () => LIMIT, 5))
        found.push(bytes ? [kind, [...bytes]] : [kind]);
      expect(found).toEqual(wanted);
    }
  });

  it("with a longer payload than is allowed, or one that ends early, are refused", async () => {
    async function read(bytes: Uint8Array) {
      async function* incoming() {
        yield bytes;
      }
      for await (const _ of readFrames(incoming(), () => LIMIT, 5));
    }
    await expect(read(encodeFrame("result", { bytes: 6 }))).rejects.toThrow(
      'expected at most 5, found a payload of 6 bytes behind "result"',
    );
    await expect(read(encodeFrame("result", { bytes: -1 }))).rejects.toMatchObject({ code: "STREAM_PROTOCOL" });
    await expect(read(Buffer.concat([encodeFrame("result", { bytes: 5 }), payloadOf(4)]))).rejects.toThrow("ends after 4 bytes");
  });
});

const payloadOf = (bytes: number) => new Uint8Array(bytes);
