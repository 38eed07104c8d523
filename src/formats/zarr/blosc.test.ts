import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeBlosc, parseBloscFrame } from "./blosc.js";

/** Frames of the C library, see the README there. */
const golden = new URL("../../../test/golden/blosc/", import.meta.url);
const frameOf = (name: string) => new Uint8Array(readFileSync(new URL(name, golden)));
const plainOf = (name: string) => gunzipSync(readFileSync(new URL(`${name.split(".")[0]}.raw.gz`, golden)));
const names = readdirSync(golden).filter((name) => name.endsWith(".blosc"));

describe("decodeBlosc", () => {
  it.each(names)("%s", async (name) => {
    const plain = plainOf(name);
    expect(Buffer.from(await decodeBlosc(frameOf(name), plain.length)).equals(plain)).toBe(true);
  });

  it("there are frames", () => expect(names.length).toBeGreaterThan(50));
});

/** c-blosc 1.21 splits a block into one stream a byte of an item where items have at most 16 bytes and blocks at least 128 items. */
describe("parseBloscFrame", () => {
  const splitOf = (name: string) => parseBloscFrame(frameOf(name), plainOf(name).length).split;

  it.each([
    ["short512.4-lz4-5-shuffle-0.blosc", true], // 128 items
    ["short128.4-lz4-5-shuffle-0.blosc", false], // 32 items
    ["items16.16-lz4-5-shuffle-0.blosc", false], // 71 items
    ["complexes.16-lz4-5-shuffle-0.blosc", true], // 600 items of 16 bytes
  ])("%s: split is %s", (name, split) => {
    expect(splitOf(name)).toBe(split);
  });
});
