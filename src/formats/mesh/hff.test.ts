import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { decodeBase64 } from "./base64.js";
import { findHffMesh, getHffMesh, hffSegmentNames, listHffSegments } from "./hff.js";

const sourceOf = (file: string) => inMemory(readFileSync(new URL(`../../../test/golden/mesh/${file}`, import.meta.url)), file);

describe("EMDB-SFF in HDF5", () => {
  it.each(["segments.hff", "segments-fixed-text.hff"])("%s lists its segments in text order", async (file) => {
    expect(await listHffSegments(sourceOf(file))).toEqual([
      { id: "10", name: "wanted", meshes: ["1", "2"] },
      { id: "12", name: "other 12 µ", meshes: ["1"] },
      { id: "2", name: "wanted", meshes: ["1", "2"] },
      { id: "7", name: undefined, meshes: ["1"] },
    ]);
    expect(await hffSegmentNames(sourceOf(file))).toEqual(["wanted", "other 12 µ", "wanted"]);
  });

  it("lists them so where the file keeps the order in which they were made", async () => {
    const ids = (await listHffSegments(sourceOf("segments-latest.hff"))).map(({ id }) => id);
    expect(ids).toEqual(["1", "10", "11", "12", "2", "3", "4", "5", "6", "7", "8", "9"]);
  });

  it("gives no mesh for a name that is not there, or an error that names those that are", async () => {
    expect(await findHffMesh(sourceOf("segments.hff"), "Wanted")).toBeUndefined();
    const error = await getHffMesh(sourceOf("segments.hff"), "Wanted").catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && [error.code, error.message]).toEqual([
      "FORMAT_FIELD",
      'segments.hff: no segment "Wanted", there are: "wanted", "other 12 µ", "wanted"',
    ]);
    expect(await getHffMesh(sourceOf("sfftk.hff"), "other")).toHaveLength(1);
  });

  it("reads several files at a time", async () => {
    const files = ["one.hff", "segments.hff", "one-latest.hff", "sfftk.hff", "one.hff"];
    const parts = await Promise.all(files.map((file) => getHffMesh(sourceOf(file), "wanted")));
    expect(parts.map(([part]) => part!.triangles.length / 3)).toEqual([12, 24, 12, 12, 12]);
  });

  it("decodes base64 as other programs do", () => {
    const encode = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
    const decode = (text: string) => decodeBase64(new TextEncoder().encode(text));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = encode(bytes);
        expect(decode(text)).toEqual({ bytes });
        expect(decode(text.replace(/=+$/, "").replace(/.{5}/g, "$&\r\n "))).toEqual({ bytes });
      }),
    );
    expect([decode("AA-A"), decode("AAAA="), decode("AA=A"), decode("AAAAA")]).toEqual([
      { wrongAt: 2 },
      { bytes: new Uint8Array(3) },
      { wrongAt: 3 },
      { wrongAt: 5 },
    ]);
  });
});
