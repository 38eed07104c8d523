import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { decodeLz4BlockStream, lz4Block } from "./lz4-block-stream.js";

describe("the block stream of lz4-java", () => {
  const plain = Uint8Array.from({ length: 40 }, (_, i) => i);
  const stream = lz4Block(plain, new Uint8Array(41)); // stored as it is: the header has 21 bytes

  it("is read whole, also where another follows", () => {
    const target = new Uint8Array(40);
    decodeLz4BlockStream(stream, target);
    expect(target).toEqual(plain);
    const both = new Uint8Array(80);
    decodeLz4BlockStream(Uint8Array.from([...stream, ...stream]), both);
    expect([...both]).toEqual([...plain, ...plain]);
  });

  it("says where it is cut short", () => {
    const found = (length: number) => {
      try {
        decodeLz4BlockStream(stream.subarray(0, length), new Uint8Array(40));
        return "nothing";
      } catch (error) {
        if (!isEmporiumError(error)) throw error;
        expect(error.code).toBe("FORMAT_CORRUPT");
        return error.message;
      }
    };
    expect(found(0)).toContain("the stream ends after 0 of 40 bytes");
    expect(found(20)).toContain("a block's header is cut short");
    for (const length of [21, 60]) expect(found(length)).toContain("a block of 40 bytes is cut short");
    expect(found(61)).toBe("nothing"); // the last block, of nothing, is not needed
  });
});
