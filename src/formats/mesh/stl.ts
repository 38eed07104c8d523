import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { counted } from "../../core/units.js";
import { columnsOf, decimal } from "../text-lines.js";
import { Growing } from "./growing.js";
import { meshLines } from "./lines.js";
import { mergeVertices } from "./merge.js";
import { type MeshPart, meshError, withTriangles } from "./mesh.js";
import { readWhole } from "./whole-file.js";

const HEADER_BYTES = 84;
const FACET_BYTES = 50;

/**
 * An STL, ASCII (each solid a part) or binary (one part without a name). Vertices at one and the same place become one: an STL
 * repeats each for every triangle about it. Normals and the two bytes a facet that some programs use for colours are skipped.
 *
 * A file is binary when its length is what its facet count says, also where it begins with "solid"; else ASCII when it begins so.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line or byte, FORMAT_TRUNCATED, FORMAT_UNKNOWN, FORMAT_LIMIT. Source: 3D Systems,
 *   "StereoLithography Interface Specification" (1989); what counts as binary and what is merged as in trimesh.
 */
export async function readStl(source: RandomAccess, options?: ReadOptions): Promise<MeshPart[]> {
  return parseStl(await readWhole(source, options), source.name);
}

export function parseStl(bytes: Uint8Array, name: string): MeshPart[] {
  const parts = isText(bytes) ? textSolids(bytes, name) : [binarySolid(bytes, name)];
  return withTriangles(parts, name).map(mergeVertices);
}

function isText(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length >= HEADER_BYTES && bytes.length === HEADER_BYTES + view.getUint32(80, true) * FACET_BYTES) return false;
  // a cut binary file may begin with "solid" too, and then has bytes that no text has
  const start = bytes.subarray(0, 512);
  return !start.includes(0) && /^\s*solid\b/i.test(new TextDecoder().decode(start));
}

function binarySolid(bytes: Uint8Array, name: string): MeshPart {
  if (bytes.length < HEADER_BYTES) {
    const text = new TextDecoder().decode(bytes.subarray(0, 6));
    const cut = bytes.includes(0) || "solid ".startsWith(text.toLowerCase());
    const hint = `${counted(bytes.length, "byte")} that do not begin with "solid", a binary STL has ${HEADER_BYTES} and more`;
    throw meshError(cut ? "FORMAT_TRUNCATED" : "FORMAT_UNKNOWN", name, { byte: bytes.length }, hint);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const facets = view.getUint32(80, true);
  const wanted = HEADER_BYTES + facets * FACET_BYTES;
  if (bytes.length < wanted) {
    const message = `${facets} facets are ${counted(wanted, "byte")}, this file has ${bytes.length}`;
    const hint = 'copy the file again if it was cut short; an ASCII STL begins with "solid"';
    throw meshError("FORMAT_TRUNCATED", name, { byte: 80 }, message, hint);
  }
  const positions = new Float32Array(facets * 9);
  for (let facet = 0; facet < facets; facet++) {
    for (let at = 0; at < 9; at++) {
      const byte = HEADER_BYTES + facet * FACET_BYTES + 12 + at * 4;
      const value = view.getFloat32(byte, true);
      if (!Number.isFinite(value))
        throw meshError("FORMAT_FIELD", name, { byte }, `a vertex at ${value}; expected a finite number`);
      positions[facet * 9 + at] = value;
    }
  }
  return { name: "", positions, triangles: Uint32Array.from({ length: facets * 3 }, (_, at) => at) };
}

function textSolids(bytes: Uint8Array, name: string): MeshPart[] {
  const parts: MeshPart[] = [];
  let solid: { name: string; positions: Growing<Float64Array>; line: number } | undefined;
  let corners = 0;
  let last = 0;
  for (const { line, text } of meshLines(bytes, name)) {
    last = line;
    const words = columnsOf(text);
    const keyword = words[0]?.toLowerCase();
    if (keyword === undefined) continue;
    if (!solid) {
      if (keyword !== "solid") throw unexpected(text, "solid", name, line);
      solid = { name: text.slice("solid".length).trim(), positions: new Growing(Float64Array), line };
      corners = 0;
    } else if (keyword === "vertex") {
      if (++corners > 3) throw meshError("FORMAT_FIELD", name, { line }, "a facet of more than three vertices; expected three");
      for (let axis = 1; axis <= 3; axis++) {
        const value = decimal(words[axis] ?? "");
        if (value === undefined) throw unexpected(text, "vertex x y z", name, line);
        solid.positions.push(value);
      }
    } else if (keyword === "endfacet") {
      if (corners !== 3)
        throw meshError("FORMAT_FIELD", name, { line }, `a facet of ${counted(corners, "vertex", "vertices")}; expected three`);
      corners = 0;
    } else if (keyword === "endsolid") {
      if (corners !== 0) throw unexpected(text, "endfacet", name, line);
      const positions = solid.positions.done();
      parts.push({ name: solid.name, positions, triangles: Uint32Array.from({ length: positions.length / 3 }, (_, at) => at) });
      solid = undefined;
    } else if (!["facet", "outer", "endloop"].includes(keyword)) {
      throw unexpected(text, "facet, outer loop, vertex, endloop, endfacet or endsolid", name, line);
    }
  }
  if (solid) {
    const message = `the solid of line ${solid.line} has no end`;
    throw meshError("FORMAT_TRUNCATED", name, { line: last }, message, "copy the file again: it was cut short");
  }
  return parts;
}

function unexpected(text: string, wanted: string, name: string, line: number) {
  return meshError("FORMAT_FIELD", name, { line }, `${JSON.stringify(text.slice(0, 60))}; expected ${wanted}`);
}
