import { describe, expect, it } from "vitest";
import {
  decodeMeshFragment,
  encodeMeshFragment,
  meshFragmentKey,
  meshManifestKey,
  parseMeshManifest,
  printLegacyMeshInfo,
  printMeshManifest,
} from "./legacy-mesh.js";

const MESH = { vertices: Float32Array.of(0, 0, 0, 1.5, 0, 0, 0, 2.5, 0, 0, 0, -3), triangles: Uint32Array.of(0, 1, 2, 0, 2, 3) };
const text = (value: string) => new TextEncoder().encode(value);

describe("legacy meshes", () => {
  it("a fragment is a count, vertices and triangles, little-endian", () => {
    const bytes = encodeMeshFragment(MESH);
    const view = new DataView(bytes.buffer);
    expect(bytes.length).toBe(4 + 48 + 24);
    expect([
      view.getUint32(0, true),
      view.getFloat32(16, true),
      view.getFloat32(48, true),
      view.getUint32(52 + 20, true),
    ]).toEqual([4, 1.5, -3, 3]);
    expect(decodeMeshFragment(bytes)).toEqual(MESH);
  });

  it("an empty one", () => {
    const empty = { vertices: new Float32Array(0), triangles: new Uint32Array(0) };
    expect(decodeMeshFragment(encodeMeshFragment(empty))).toEqual(empty);
  });

  it("names and documents", () => {
    expect([meshManifestKey(7), meshFragmentKey(7n)]).toEqual(["7:0", "mesh.7.7"]);
    expect(JSON.parse(printLegacyMeshInfo())).toEqual({ "@type": "neuroglancer_legacy_mesh" });
    expect(printMeshManifest(7)).toBe('{"fragments": ["mesh.7.7"]}');
    expect(parseMeshManifest(text(printMeshManifest(7)))).toEqual(["mesh.7.7"]);
    expect(parseMeshManifest(text('{"fragments": ["9186:0", "a/b"]}'))).toEqual(["9186:0", "a/b"]);
  });

  it.each([
    ["vertices past float32", { ...MESH, vertices: Float32Array.of(1, 2, 1e39) }, /a coordinate is Infinity/],
    ["a triangle of nothing", { ...MESH, triangles: Uint32Array.of(0, 1, 4) }, /a triangle of vertex 4/],
    ["two corners", { ...MESH, triangles: Uint32Array.of(0, 1) }, /2 corners; expected multiples of 3/],
  ])("not written: %s", (_, mesh, message) => expect(() => encodeMeshFragment(mesh)).toThrow(message));

  it("not read: cut files, triangles of nothing, coordinates that are no numbers, names elsewhere", () => {
    const bytes = encodeMeshFragment(MESH);
    expect(() => decodeMeshFragment(bytes.subarray(0, -1))).toThrow(/75 bytes do not hold 4 vertices and whole triangles/);
    expect(() => decodeMeshFragment(bytes.subarray(0, 3))).toThrow(/FORMAT|expected|do not hold/);
    new DataView(bytes.buffer).setUint32(72, 9, true);
    expect(() => decodeMeshFragment(bytes)).toThrow(/a triangle of vertex 9, the mesh has 4/);
    new DataView(bytes.buffer).setFloat32(8, Number.NaN, true);
    expect(() => decodeMeshFragment(bytes)).toThrow(/a coordinate is NaN/);
    for (const name of ["", "/x", "http://h/x", "a\\b"]) {
      expect(() => parseMeshManifest(text(JSON.stringify({ fragments: [name] })))).toThrow();
    }
    expect(() => parseMeshManifest(text('{"fragments": [1]}'))).toThrow(/a relative path/);
  });
});
