import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { decodeJpeg } from "./decode.js";
import { encodeJpeg } from "./encode.js";
import { readFrame } from "./frame.js";

interface Golden {
  width: number;
  height: number;
  channels: number;
  sha256: string;
  file: string;
}
const { jpeg } = JSON.parse(readFileSync(new URL("../../../test/golden/jpeg/pictures.json", import.meta.url), "utf8")) as {
  jpeg: Record<string, Golden>;
};
const fileOf = (name: string) => new Uint8Array(Buffer.from(jpeg[name]!.file, "base64"));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("JPEG", () => {
  it.each(Object.entries(jpeg))("%s: the pixels that libjpeg-turbo decodes, bit for bit", (name, golden) => {
    const { width, height, channels } = golden;
    expect(readFrame(fileOf(name), name)).toMatchObject({ width, height, progressive: name.includes("progressive") });
    const { data, ...picture } = decodeJpeg(fileOf(name), { name });
    expect([picture, sha256(data)]).toEqual([{ width, height, channels }, golden.sha256]);
  });

  it("colours of half the rows: an even number of rows ends with its own, as libjpeg-turbo decodes it", () => {
    // 6 by 16 pixels, 4:2:0, written and read by Pillow 13.0.0 with libjpeg-turbo 3.2.0
    const file =
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQ" +
      "YEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAQAAYD" +
      "ASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAQF/8QAIBAAAgIBAwUAAAAAAAAAAAAAAQIAAwQFESESEzFCgf/EABUBAQEAAAAAAAAAAAAA" +
      "AAAAAAIE/8QAHREAAgEEAwAAAAAAAAAAAAAAAQIRAAMhgQQFYf/aAAwDAQACEQMRAD8AorzK616MZFcjyzHj5EwKtQsY7Y47SgeycmIBxrQEELuK" +
      "oXr2IwGjwCNZr//Z";
    const { data, ...picture } = decodeJpeg(new Uint8Array(Buffer.from(file, "base64")));
    expect(picture).toEqual({ width: 6, height: 16, channels: 3 });
    expect(sha256(data)).toBe("5c603db950edd93163af01c54bb7e33364427d902fa0c4ca274fe45f03d8d32b");
  });

  it("what is cut short is refused, never filled up", () => {
    const whole = fileOf("grey");
    for (const length of [0, 1, 2, 20, 200, whole.length / 2, whole.length - 10, whole.length - 3]) {
      const error = thrown(() => decodeJpeg(whole.subarray(0, Math.floor(length))));
      expect(["FORMAT_UNKNOWN", "FORMAT_TRUNCATED"], `${length}`).toContain(error);
    }
    // the end marker alone says nothing of pixels
    expect(decodeJpeg(whole.subarray(0, -2)).data).toEqual(decodeJpeg(whole).data);
  });

  it.each<[string, (bytes: Uint8Array) => void, string]>([
    ["arithmetic coding", (bytes) => set(bytes, 0xc0, -1, 0xc9), "FORMAT_UNSUPPORTED"],
    ["a lossless process", (bytes) => set(bytes, 0xc0, -1, 0xc3), "FORMAT_UNSUPPORTED"],
    ["12 bits a sample", (bytes) => set(bytes, 0xc0, 2, 12), "FORMAT_UNSUPPORTED"],
    ["no rows", (bytes) => [3, 4].forEach((at) => void set(bytes, 0xc0, at, 0)), "FORMAT_CORRUPT"],
    ["five samples a pixel", (bytes) => set(bytes, 0xc0, 7, 5), "FORMAT_CORRUPT"],
    ["another name in the scan", (bytes) => set(bytes, 0xda, 3, 9), "FORMAT_CORRUPT"],
    ["too many codes", (bytes) => set(bytes, 0xc4, 3, 9), "FORMAT_CORRUPT"],
    ["a table of codes that is not there", (bytes) => set(bytes, 0xda, 4, 0x33), "FORMAT_UNSUPPORTED"],
  ])("refused: %s", (_, change, code) => {
    const bytes = fileOf("grey").slice();
    change(bytes);
    expect(thrown(() => decodeJpeg(bytes))).toBe(code);
  });

  it("whoever knows the size is asked before memory is taken", () => {
    const bytes = fileOf("grey").slice();
    for (const at of [3, 4, 5, 6]) set(bytes, 0xc0, at, 255);
    expect(thrown(() => decodeJpeg(bytes))).toBe("FORMAT_LIMIT");
    const check = () => {
      throw new Error("asked");
    };
    expect(() => decodeJpeg(fileOf("grey"), { check })).toThrow("asked");
  });

  it("what is written is read with little loss, less with a higher quality", () => {
    const [width, height] = [37, 21];
    for (const channels of [1, 3]) {
      const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
        const pixel = Math.floor(i / channels);
        return (
          128 +
          Math.round(60 * Math.sin((pixel % width) / 6) + 40 * Math.cos(Math.floor(pixel / width) / 5) + 10 * (i % channels))
        );
      });
      const losses = [50, 75, 95].map((quality) => {
        const bytes = encodeJpeg({ width, height, channels, data }, quality);
        const back = decodeJpeg(bytes);
        expect([back.width, back.height, back.channels]).toEqual([width, height, channels]);
        return Math.max(...back.data.map((value, i) => Math.abs(value - data[i]!)));
      });
      expect(losses[0]!).toBeLessThan(channels === 1 ? 25 : 40);
      expect(losses[2]!).toBeLessThan(channels === 1 ? 4 : 8);
      expect(losses[2]!).toBeLessThan(losses[0]!);
    }
  });

  it("any picture at any quality can be written and read", () => {
    const picture = fc
      .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), fc.constantFrom(1, 3))
      .chain(([width, height, channels]) =>
        fc.record({
          width: fc.constant(width),
          height: fc.constant(height),
          channels: fc.constant(channels),
          data: fc.uint8Array({ minLength: width * height * channels, maxLength: width * height * channels }),
        }),
      );
    fc.assert(
      fc.property(picture, fc.integer({ min: 1, max: 100 }), (one, quality) => {
        const { width, height, channels, data } = decodeJpeg(encodeJpeg(one, quality));
        expect([width, height, channels, data.length]).toEqual([one.width, one.height, one.channels, one.data.length]);
      }),
    );
  });

  it("refused to be written: two channels, sides that JPEG does not count", () => {
    expect(thrown(() => encodeJpeg({ width: 1, height: 1, channels: 2, data: new Uint8Array(2) }))).toBe("FORMAT_FIELD");
    expect(thrown(() => encodeJpeg({ width: 65_501, height: 1, channels: 1, data: new Uint8Array(65_501) }))).toBe(
      "FORMAT_LIMIT",
    );
  });
});

/** Changes a byte counted from the first one behind a marker. */
function set(bytes: Uint8Array, marker: number, at: number, value: number): void {
  const place = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker);
  bytes[place + 2 + at] = value;
}

function thrown(work: () => unknown): string {
  try {
    work();
    return "nothing";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return error.code;
  }
}
