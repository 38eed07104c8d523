import { EmporiumError } from "../../core/errors.js";
import { printJson } from "../../core/json.js";
import { counted } from "../../core/units.js";
import { parseMetadata } from "../zarr/json.js";
import { key, list } from "./fields.js";

/** A surface of triangles. */
export interface TriangleMesh {
  /** x, y, z of each vertex, in nanometres of the volume's `info`. */
  vertices: Float32Array;
  /** Three places of vertices for each triangle. */
  triangles: Uint32Array;
}

/**
 * The file of one fragment: a count, the vertices, the triangles.
 *
 * @throws {EmporiumError} METADATA_VALUE for a vertex that is not finite or a triangle of a vertex that is not there.
 */
export function encodeMeshFragment({ vertices, triangles }: TriangleMesh): Uint8Array {
  const count = vertices.length / 3;
  const fault = (found: string) =>
    new EmporiumError("METADATA_VALUE", `a mesh of ${counted(count, "vertex", "vertices")}: ${found}`);
  if (vertices.length % 3 !== 0 || triangles.length % 3 !== 0)
    throw fault(`${counted(vertices.length, "coordinate")} and ${triangles.length} corners; expected multiples of 3`);
  const bytes = new Uint8Array(4 + 4 * vertices.length + 4 * triangles.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, count, true);
  let at = 4;
  for (const value of vertices) {
    if (!Number.isFinite(value)) throw fault(`a coordinate is ${value}`);
    view.setFloat32(at, value, true);
    at += 4;
  }
  for (const vertex of triangles) {
    if (vertex >= count) throw fault(`a triangle of vertex ${vertex}`);
    view.setUint32(at, vertex, true);
    at += 4;
  }
  return bytes;
}

/** @throws {EmporiumError} FORMAT_TRUNCATED, FORMAT_FIELD (a triangle with an unknown vertex, a non-finite coordinate). */
export function decodeMeshFragment(bytes: Uint8Array, name = "fragment"): TriangleMesh {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length < 4 ? 0 : view.getUint32(0, true);
  const corners = 4 + 12 * count;
  if (bytes.length < corners || (bytes.length - corners) % 12 !== 0) {
    throw new EmporiumError(
      "FORMAT_TRUNCATED",
      `${name}: ${counted(bytes.length, "byte")} do not hold ${counted(count, "vertex", "vertices")} and whole triangles`,
      {
        place: { file: name, byte: bytes.length },
        hint: "copy the file again: it was cut short",
      },
    );
  }
  const bad = (byte: number, found: string) =>
    new EmporiumError("FORMAT_FIELD", `${name}: ${found}`, { place: { file: name, byte } });
  const vertices = new Float32Array(3 * count);
  for (let i = 0; i < vertices.length; i++) {
    vertices[i] = view.getFloat32(4 + 4 * i, true);
    if (!Number.isFinite(vertices[i])) throw bad(4 + 4 * i, `a coordinate is ${vertices[i]}; expected a finite one`);
  }
  const triangles = new Uint32Array((bytes.length - corners) / 4);
  for (let i = 0; i < triangles.length; i++) {
    triangles[i] = view.getUint32(corners + 4 * i, true);
    if (triangles[i]! >= count) throw bad(corners + 4 * i, `a triangle of vertex ${triangles[i]}, the mesh has ${count}`);
  }
  return { vertices, triangles };
}

/** The `info` of a folder of such meshes. */
export function printLegacyMeshInfo(): string {
  return printJson({ "@type": "neuroglancer_legacy_mesh" });
}

/** Key of the list of a segment's fragments, below the folder. Windows has no files with a colon. */
export function meshManifestKey(label: number | bigint): string {
  return `${label}:0`;
}

/** Key of the only fragment of a segment. */
export function meshFragmentKey(label: number | bigint): string {
  return `mesh.${label}.${label}`;
}

export function printMeshManifest(label: number | bigint): string {
  return printJson({ fragments: [meshFragmentKey(label)] }, { indent: 0 }).replaceAll("\n", "");
}

/** Keys of the fragments of a segment. @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_FIELD, FORMAT_LIMIT. */
export function parseMeshManifest(bytes: Uint8Array, name = "manifest"): string[] {
  const document = parseMetadata(bytes, name);
  return list(document, "fragments", name).map((value, i) => {
    // A name with a colon is no URL here: fragments have such names.
    if (typeof value === "string" && /^[^/\\\u0000-\u001f]+$/.test(value)) return value;
    return key(value, name, `fragments.${i}`);
  });
}
