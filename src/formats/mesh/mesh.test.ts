import { describe, expect, it } from "vitest";
import { inMemory, type RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { boundingBox, type MeshPart, scaleMesh, triangleCount, vertexCount } from "./mesh.js";
import { readMesh } from "./read.js";

const part: MeshPart = {
  name: "a",
  positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 2, -3),
  triangles: Uint32Array.of(0, 1, 2),
};
const codeOf = async (run: () => unknown) => {
  try {
    await run();
  } catch (error) {
    return isEmporiumError(error) ? error.code : error;
  }
  return "no error";
};

describe("meshes", () => {
  it("have counts and bounds", () => {
    expect([vertexCount(part), triangleCount(part)]).toEqual([3, 1]);
    expect(boundingBox([part, { ...part, positions: Float64Array.of(5, 5, 5) }])).toEqual({ min: [0, 0, -3], max: [5, 5, 5] });
    expect(boundingBox([])).toBeUndefined();
  });

  it("are enlarged about the origin, in double precision", () => {
    expect(scaleMesh([part], 0.1)[0]!.positions).toEqual(Float64Array.of(0, 0, 0, 0.1, 0, 0, 0, 0.2, -3 * 0.1));
    expect(scaleMesh([part], 1)).toEqual([part]);
    expect(part.positions[3]).toBe(1);
  });

  it.each([0, -1, Number.NaN, Infinity])("are not enlarged by %s", async (factor) => {
    expect(await codeOf(() => scaleMesh([part], factor))).toBe("CONFIG_FIELD");
  });

  it("of an hff file need the name of a segment", async () => {
    expect(await codeOf(() => readMesh(inMemory(new Uint8Array(8)), { format: "hff" }))).toBe("CONFIG_FIELD");
  });

  it.each(["obj", "stl", "vtk", "glb", "ply", "hff"] as const)(
    "of %s past the ceiling are refused before a byte is read",
    async (format) => {
      const huge: RandomAccess = {
        name: "huge",
        size: async () => LIMITS.meshBytes + 1,
        read: async () => {
          throw new Error("read");
        },
      };
      expect(await codeOf(() => readMesh(huge, { format, segment: "a" }))).toBe("FORMAT_LIMIT");
    },
  );

  it.each(["obj", "stl"] as const)("of %s with a line past the ceiling are refused", async (format) => {
    const bytes = new Uint8Array(LIMITS.meshLineBytes + 300_000).fill(0x20);
    bytes.set(new TextEncoder().encode(format === "obj" ? "v" : "solid"));
    expect(await codeOf(() => readMesh(inMemory(bytes), { format }))).toBe("FORMAT_LIMIT");
  });
});
