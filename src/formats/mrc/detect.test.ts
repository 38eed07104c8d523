import { describe, expect, it } from "vitest";
import { compressionOf } from "../compression.js";
import { detectMrc } from "./detect.js";
import { mrcHeaderBytes } from "./write.js";

const head = mrcHeaderBytes({
  kind: "tomogram",
  shape: [3, 5, 7],
  dtype: "int16",
  voxelSizeAngstrom: 1,
  statistics: { min: 0, max: 1, mean: 0, rms: 0 },
  dateMs: 0,
});

describe("detectMrc", () => {
  it("is certain by the identifier, even where the mode is broken", () => {
    expect(detectMrc(head)).toBe("certain");
    const broken = head.slice();
    broken[12] = 99;
    expect(detectMrc(broken)).toBe("certain");
  });
  it("finds files of before the identifier plausible", () => {
    const old = head.slice();
    old.fill(0, 208, 216);
    expect(detectMrc(old, 5000)).toBe("plausible");
  });
  it("knows other bytes and short ones for what they are", () => {
    expect(detectMrc(new Uint8Array(1024))).toBeUndefined();
    expect(detectMrc(new Uint8Array(2048).fill(32))).toBeUndefined();
    expect(detectMrc(head.subarray(0, 1023))).toBeUndefined();
  });
});

describe("compressionOf", () => {
  it("goes by the first bytes", () => {
    expect(compressionOf(Uint8Array.of(0x1f, 0x8b, 8, 0))).toBe("gzip");
    expect(compressionOf(new TextEncoder().encode("BZh9"))).toBe("bzip2");
    expect(compressionOf(new TextEncoder().encode("BZhx"))).toBeUndefined();
    expect(compressionOf(head)).toBeUndefined();
    expect(compressionOf(new Uint8Array(0))).toBeUndefined();
  });
});
