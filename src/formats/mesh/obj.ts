import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { columnsOf, decimal } from "../text-lines.js";
import { Growing } from "./growing.js";
import { meshLines } from "./lines.js";
import { type MeshPart, meshError, noSuchVertex, withTriangles } from "./mesh.js";
import { readWhole } from "./whole-file.js";

/** Triangles of one `o` or `g`, by vertices of the whole file. */
interface Corners {
  name: string;
  vertices: Growing<Uint32Array>;
}

/**
 * A Wavefront OBJ: vertices and faces; normals, textures, materials, lines and points are skipped. A polygon of more than three
 * corners becomes a fan about its first.
 *
 * Parts are the objects (`o`); in a file without objects, the groups (`g`). One name is one part wherever its faces stand. A part
 * has the vertices that its faces use, in the order of the file.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line: a vertex without three numbers, a face of fewer than three corners or of a
 *   vertex that is not there; FORMAT_UNKNOWN, FORMAT_LIMIT.
 * Source: Wavefront's "Object Files (.obj)", appendix B1 of the Advanced Visualizer manual; trimesh's choice of triangles.
 */
export async function readObj(source: RandomAccess, options?: ReadOptions): Promise<MeshPart[]> {
  return parseObj(await readWhole(source, options), source.name);
}

export function parseObj(bytes: Uint8Array, name: string): MeshPart[] {
  const positions = new Growing(Float64Array);
  const byObject = new Map<string, Corners>();
  const byGroup = new Map<string, Corners>();
  const cornersOf = (map: Map<string, Corners>, key: string): Corners => {
    const known = map.get(key) ?? { name: key, vertices: new Growing(Uint32Array) };
    map.set(key, known);
    return known;
  };
  let object = cornersOf(byObject, "");
  let group = cornersOf(byGroup, "");
  let hasObjects = false;
  let faceGoesTo = [object, group];
  // faces may stand before their vertices, so the largest number is compared with the count at the end
  let largest = { vertex: -1, line: 0 };
  let known = false;

  for (const { line, text } of joined(meshLines(bytes, name))) {
    const words = columnsOf(text);
    const keyword = words[0];
    if (keyword === undefined) continue;
    if (keyword === "v") {
      known = true;
      for (let axis = 1; axis <= 3; axis++) positions.push(coordinate(words[axis], name, line));
    } else if (keyword === "f") {
      known = true;
      if (words.length < 4)
        throw meshError("FORMAT_FIELD", name, { line }, `a face of ${words.length - 1} corners; expected 3 or more`);
      const count = positions.length / 3;
      const first = vertexOf(words[1]!, count, name, line);
      let last = vertexOf(words[2]!, count, name, line);
      largest = larger(larger(largest, first, line), last, line);
      for (let at = 3; at < words.length; at++) {
        const next = vertexOf(words[at]!, count, name, line);
        largest = larger(largest, next, line);
        for (const { vertices } of faceGoesTo) {
          vertices.push(first);
          vertices.push(last);
          vertices.push(next);
        }
        last = next;
      }
    } else if (keyword === "o") {
      hasObjects = true;
      object = cornersOf(byObject, text.slice(1).trim());
      faceGoesTo = [object];
    } else if (keyword === "g" && !hasObjects) {
      group = cornersOf(byGroup, text.slice(1).trim());
      faceGoesTo = [object, group];
    }
  }
  if (!known) {
    const message = "no line `v x y z` and no face, an OBJ has them";
    throw meshError("FORMAT_UNKNOWN", name, {}, message, "check that this is an OBJ file");
  }
  const all = positions.done();
  if (largest.vertex >= all.length / 3) throw noSuchVertex(name, { line: largest.line }, largest.vertex + 1, all.length / 3 + 1);
  const compact = compacter(all);
  const parts = [...(hasObjects ? byObject : byGroup).values()];
  return withTriangles(
    parts.map(({ name: part, vertices }) => compact(part, vertices.done())),
    name,
  );
}

/** Lines without comments; a line that ends with a backslash goes on in the next. */
function* joined(lines: Iterable<{ line: number; text: string }>): Generator<{ line: number; text: string }> {
  let begun: { line: number; text: string } | undefined;
  for (const { line, text } of lines) {
    const comment = text.indexOf("#");
    // `o part #2` is a name
    const plain = comment < 0 || /^[og]\s/.test(text) ? text : text.slice(0, comment).trimEnd();
    const whole: { line: number; text: string } = begun
      ? { line: begun.line, text: `${begun.text} ${plain}` }
      : { line, text: plain };
    if (plain.endsWith("\\")) {
      begun = { line: whole.line, text: whole.text.slice(0, -1) };
      continue;
    }
    begun = undefined;
    yield whole;
  }
  if (begun) yield begun;
}

function coordinate(word: string | undefined, name: string, line: number): number {
  const value = word === undefined ? undefined : decimal(word);
  if (value === undefined) {
    const found = word === undefined ? "fewer than three numbers" : `${JSON.stringify(word.slice(0, 40))} for a number`;
    throw meshError("FORMAT_FIELD", name, { line }, `a vertex with ${found}; expected x, y and z`);
  }
  return value;
}

/** The vertex of `7`, `7/1`, `7//2`, `7/1/2`, from 0; a negative one counts back from the last vertex before the face. */
function vertexOf(word: string, count: number, name: string, line: number): number {
  const slash = word.indexOf("/");
  const digits = slash < 0 ? word : word.slice(0, slash);
  const value = /^[+-]?\d{1,15}$/.test(digits) ? Number(digits) : 0;
  const vertex = value > 0 ? value - 1 : count + value;
  if (value === 0 || vertex < 0 || vertex > 0xfffffffe) {
    const shown = JSON.stringify(word.slice(0, 40));
    const message = `a face with corner ${shown}, a vertex is a number from 1, or from -1 for the last of the ${count} so far`;
    throw meshError("FORMAT_FIELD", name, { line }, message);
  }
  return vertex;
}

function larger(largest: { vertex: number; line: number }, vertex: number, line: number) {
  return vertex > largest.vertex ? { vertex, line } : largest;
}

/** Makes parts with vertices of their own: those that are used, in the order of the file. */
function compacter(positions: Float64Array): (name: string, corners: Uint32Array) => MeshPart {
  const count = positions.length / 3;
  const place = new Uint32Array(count);
  const takenBy = new Uint32Array(count);
  let part = 0;
  return (name, corners) => {
    part++;
    const used = new Growing(Uint32Array);
    for (const vertex of corners) {
      if (takenBy[vertex] === part) continue;
      takenBy[vertex] = part;
      used.push(vertex);
    }
    const order = used.done().sort();
    if (order.length === count) return { name, positions, triangles: corners };
    const own = new Float64Array(order.length * 3);
    for (let at = 0; at < order.length; at++) {
      place[order[at]!] = at;
      own.set(positions.subarray(order[at]! * 3, order[at]! * 3 + 3), at * 3);
    }
    return { name, positions: own, triangles: corners.map((vertex) => place[vertex]!) };
  };
}
