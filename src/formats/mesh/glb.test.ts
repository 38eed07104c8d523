import { Document, type Mesh, type Primitive, WebIO } from "@gltf-transform/core";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { parseGlb, writeGlb } from "./glb.js";
import type { MeshPart } from "./mesh.js";

const triangle = (name: string): MeshPart => ({
  name,
  positions: Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0),
  triangles: Uint32Array.of(0, 1, 2),
});

/** A file by the library itself, of what our writer never writes. */
async function fileOf(
  build: (document: Document, mesh: () => Mesh) => void,
  change: (primitive: Primitive) => void = () => undefined,
): Promise<Uint8Array> {
  const document = new Document();
  const buffer = document.createBuffer();
  build(document, () => {
    const positions = Float32Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0);
    const accessor = document.createAccessor().setBuffer(buffer).setType("VEC3").setArray(positions);
    const primitive = document.createPrimitive().setAttribute("POSITION", accessor);
    const indices = document
      .createAccessor()
      .setBuffer(buffer)
      .setType("SCALAR")
      .setArray(Uint8Array.of(0, 1, 3, 2));
    primitive.setIndices(indices);
    change(primitive);
    return document.createMesh("m").addPrimitive(primitive);
  });
  return new WebIO().writeBinary(document);
}

describe("glb", () => {
  it("is the same for the same parts, and holds no version of a program", async () => {
    const parts = [triangle("a"), triangle("b")];
    const bytes = await writeGlb(parts);
    expect(await writeGlb(parts)).toEqual(bytes);
    const json = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + new DataView(bytes.buffer).getUint32(12, true))));
    expect(json.asset).toEqual({ generator: "emporium", version: "2.0" });
    const kinds = json.accessors.map(
      ({ type, componentType, count }: Record<string, unknown>) => `${type} ${componentType} ${count}`,
    );
    expect(kinds.sort()).toEqual(["SCALAR 5125 3", "SCALAR 5125 3", "VEC3 5126 3", "VEC3 5126 3"]);
  });

  it("names every part, each once", async () => {
    const names = ["a", "", "a", "a_1", "", 'µ "\u0001😀'];
    const back = await parseGlb(await writeGlb(names.map(triangle)), "x");
    expect(back.map(({ name }) => name)).toEqual(["a", "geometry_1", "a_1", "a_1_1", "geometry_4", 'µ "\u0001😀']);
  });

  it("refuses what no float32 holds", async () => {
    const wide = { ...triangle("wide"), positions: Float64Array.of(0, 0, 0, 1e39, 0, 0, 0, 1, 0) };
    const error = await writeGlb([wide]).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && [error.code, error.message]).toEqual([
      "FORMAT_FIELD",
      "wide: vertex 1 is at 1e+39, glTF holds numbers to 3.4e38",
    ]);
  });

  it.each([
    [5, [0, 1, 3, 1, 2, 3]],
    [6, [0, 1, 3, 0, 3, 2]],
  ] as const)("reads strips and fans (mode %i)", async (mode, wanted) => {
    const bytes = await fileOf(
      (document, mesh) => document.createScene().addChild(document.createNode().setMesh(mesh())),
      (primitive) => primitive.setMode(mode),
    );
    const [part] = await parseGlb(bytes, "x");
    expect([part!.name, [...part!.triangles]]).toEqual(["m", wanted]);
  });

  it.each([5, 6] as const)("finds no triangle in a strip or fan of fewer than three corners (mode %i)", async (mode) => {
    for (const corners of [1, 2]) {
      const bytes = await fileOf(
        (document, mesh) => document.createScene().addChild(document.createNode().setMesh(mesh())),
        (primitive) => {
          primitive.setMode(mode);
          primitive.getIndices()!.setArray(new Uint8Array(corners));
        },
      );
      await expect(parseGlb(bytes, "x")).rejects.toThrow("no triangles");
    }
  });

  it("places a mesh once for each node, and turns it round where it is mirrored", async () => {
    const bytes = await fileOf(
      (document, mesh) => {
        const one = mesh();
        const above = document.createNode().setTranslation([10, 0, 0]).setMesh(one);
        above.addChild(document.createNode().setScale([1, -2, 1]).setMesh(one));
        document.createScene().addChild(above);
      },
      (primitive) => primitive.setMode(5),
    );
    const parts = await parseGlb(bytes, "x");
    expect(parts.map(({ positions }) => [...positions])).toEqual([
      [10, 0, 0, 11, 0, 0, 11, 1, 0, 10, 1, 0],
      [10, 0, 0, 11, 0, 0, 11, -2, 0, 10, -2, 0],
    ]);
    expect(parts.map(({ triangles }) => [...triangles])).toEqual([
      [0, 1, 3, 1, 2, 3],
      [0, 3, 1, 1, 3, 2],
    ]);
  });

  it("reads meshes without scene or node, and nodes without scene", async () => {
    const strip = (primitive: Primitive) => primitive.setMode(5);
    expect(await parseGlb(await fileOf((_, mesh) => mesh(), strip), "x")).toHaveLength(1);
    const nodes = await fileOf((document, mesh) => document.createNode("n").setMesh(mesh().setName("")), strip);
    expect((await parseGlb(nodes, "x")).map(({ name }) => name)).toEqual(["n"]);
  });

  it("reads quantised positions and vertices without indices", async () => {
    const bytes = await fileOf(
      (document, mesh) => {
        document.createScene().addChild(document.createNode().setMesh(mesh()));
      },
      (primitive) => {
        primitive.setIndices(null);
        primitive
          .getAttribute("POSITION")!
          .setArray(Int16Array.of(0, 0, 0, 32767, 0, 0, 0, -32767, 0))
          .setNormalized(true);
      },
    );
    expect(await parseGlb(bytes, "x")).toEqual([
      { name: "m", positions: Float64Array.of(0, 0, 0, 1, 0, 0, 0, -1, 0), triangles: Uint32Array.of(0, 1, 2) },
    ]);
  });

  it("reads bytes that lie anywhere in a buffer", async () => {
    const bytes = await writeGlb([triangle("a")]);
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    expect(await parseGlb(shifted, "x")).toHaveLength(1);
  });
});
