import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { parseGlb } from "../../src/formats/mesh/glb.js";
import { findHffMesh } from "../../src/formats/mesh/hff.js";
import { type MeshPart, vertexCount } from "../../src/formats/mesh/mesh.js";
import { parseObj } from "../../src/formats/mesh/obj.js";
import { parsePly } from "../../src/formats/mesh/ply.js";
import { parseStl } from "../../src/formats/mesh/stl.js";
import { parseVtk } from "../../src/formats/mesh/vtk.js";
import { FUZZ_CASES } from "../thorough.js";

type Parse = (bytes: Uint8Array) => MeshPart[] | undefined | Promise<MeshPart[] | undefined>;
interface Target {
  format: string;
  corpus: string[];
  parse: Parse;
  /** A case takes some 20 ms: after each broken file the library is made anew. */
  slow?: boolean;
  text?: boolean;
}

const NAME = "fuzz.mesh";
const SLOW_CASES_MAX = 50_000;
const CODES = ["FORMAT_FIELD", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "FORMAT_UNSUPPORTED", "FORMAT_CORRUPT", "FORMAT_LIMIT"];
const TARGETS: Target[] = [
  {
    format: "obj",
    corpus: ["quads.obj", "negative.obj", "full.obj", "objects.obj", "continued.obj", "crlf.obj"],
    parse: (bytes) => parseObj(bytes, NAME),
    text: true,
  },
  { format: "stl ascii", corpus: ["box-ascii.stl", "vtk-ascii.stl"], parse: (bytes) => parseStl(bytes, NAME), text: true },
  { format: "stl binary", corpus: ["box-binary.stl", "box-binary-solid.stl"], parse: (bytes) => parseStl(bytes, NAME) },
  {
    format: "vtk ascii",
    corpus: ["cube-30-crlf.vtk", "cube-42-ascii.vtk", "cube-51-ascii.vtk", "field-51-ascii.vtk", "strips-51-ascii.vtk"],
    parse: (bytes) => parseVtk(bytes, NAME),
    text: true,
  },
  {
    format: "vtk binary",
    corpus: ["cube-42-binary.vtk", "cube-51-binary.vtk", "field-51-binary.vtk", "strips-42-binary.vtk"],
    parse: (bytes) => parseVtk(bytes, NAME),
  },
  { format: "ply", corpus: ["box-ascii.ply", "box-binary.ply"], parse: (bytes) => parsePly(bytes, NAME), text: true },
  { format: "glb", corpus: ["box.glb", "scene.glb"], parse: (bytes) => parseGlb(bytes, NAME) },
  {
    format: "hff",
    corpus: ["one.hff", "one-latest.hff"],
    parse: (bytes) => findHffMesh(inMemory(bytes, NAME), "wanted"),
    slow: true,
  },
];

const folder = new URL("../golden/mesh/", import.meta.url);
const bytesOf = (file: string) => new Uint8Array(readFileSync(new URL(file, folder)));

/** "read" for a mesh whose every triangle is of its vertices, or the code of our error; throws whatever else comes out. */
async function outcome(parse: Parse, bytes: Uint8Array): Promise<string> {
  let parts: MeshPart[] | undefined;
  try {
    parts = await parse(bytes);
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    if (error.facts.place?.file !== NAME || !CODES.includes(error.code)) throw error;
    return error.code;
  }
  for (const part of parts ?? []) {
    const count = vertexCount(part);
    if (!part.triangles.every((vertex) => vertex < count)) throw new Error("a triangle of a vertex that is not there");
    if (!part.positions.every(Number.isFinite)) throw new Error("a vertex that is nowhere");
  }
  return parts ? "read" : "absent";
}

function mutated(bytes: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = randomInt(random, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = randomInt(random, 7);
  if (kind === 0) bytes[at] = randomInt(random, 256);
  else if (kind === 1) bytes[at] = ' \n\r/-+.0129ef#\\"{}[],:'.charCodeAt(randomInt(random, 23));
  else if (kind === 2) bytes[at] = bytes[at]! ^ (1 << randomInt(random, 8));
  else if (kind === 3 && at + 4 <= bytes.length)
    view.setUint32(at, [0, 1, 0xffffffff, 0x7fffffff, 0x80000000][randomInt(random, 5)]!, random() < 0.5);
  else if (kind === 4 && at + 8 <= bytes.length)
    view.setBigUint64(at, [0n, 1n, 2n ** 64n - 1n, 2n ** 63n, 2n ** 53n][randomInt(random, 5)]!, true);
  else if (kind === 5) return bytes.slice(0, at);
  else {
    const other = corpus[randomInt(random, corpus.length)]!;
    const from = randomInt(random, other.length);
    bytes.set(other.subarray(from, from + Math.min(bytes.length - at, randomInt(random, 64))), at);
  }
  return bytes;
}

describe.each(TARGETS)("meshes ($format): a value or our error", ({ corpus: files, parse, text, slow }) => {
  const corpus = files.map(bytesOf);

  it("truncated at every byte", async () => {
    const seen = new Set<string>();
    for (const bytes of corpus) {
      const whole = await parse(bytes);
      for (let length = 0; length <= bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        const found = await outcome(parse, cut);
        seen.add(found);
        // a text may end anywhere; of the others only what stands behind the triangles may be missing
        if (found === "read" && !text) expect(await parse(cut)).toEqual(whole);
      }
    }
    expect(seen).toContain("read");
  });

  it("random changes and splices", { timeout: 600_000 }, async () => {
    const seed = Number(process.env.FUZZ_SEED ?? 1889);
    const random = seededRandom(seed);
    const wanted = FUZZ_CASES;
    const count = slow ? Math.min(Math.ceil(wanted / 4), SLOW_CASES_MAX) : wanted;
    for (let round = 0; round < count; round++) {
      let bytes: Uint8Array = corpus[randomInt(random, corpus.length)]!.slice();
      for (let i = 1 + randomInt(random, 4); i > 0; i--) bytes = mutated(bytes, corpus, random);
      try {
        await outcome(parse, bytes);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
    }
  });
});

const text = (content: string) => new TextEncoder().encode(content);

function binaryStl(facets: number, bytes: number, start = ""): Uint8Array {
  const file = new Uint8Array(bytes);
  file.set(text(start));
  new DataView(file.buffer).setUint32(80, facets, true);
  return file;
}

type GltfLists = Record<"accessors" | "bufferViews" | "buffers" | "nodes", object[]> & { meshes: { primitives: object[] }[] };

/** The box as a glb with another JSON. */
function glbWith(change: (json: GltfLists) => void): Uint8Array {
  const bytes = bytesOf("box.glb");
  const view = new DataView(bytes.buffer);
  const length = view.getUint32(12, true);
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + length)));
  change(json);
  const packed = text(JSON.stringify(json));
  const padded = Math.ceil(packed.length / 4) * 4;
  const rest = bytes.subarray(20 + length);
  const file = new Uint8Array(20 + padded + rest.length).fill(0x20);
  file.set(bytes.subarray(0, 20));
  file.set(packed, 20);
  file.set(rest, 20 + padded);
  const changed = new DataView(file.buffer);
  changed.setUint32(8, file.length, true);
  changed.setUint32(12, padded, true);
  return file;
}

/** A file of HDF5 with each appearance of some bytes replaced by others of the same length. */
function hffWith(file: string, from: readonly number[], to: readonly number[]): Uint8Array {
  const bytes = bytesOf(file);
  let changes = 0;
  for (let at = 0; at + from.length <= bytes.length; at++) {
    if (!from.every((byte, i) => bytes[at + i] === byte)) continue;
    bytes.set(to, at);
    changes++;
  }
  expect(changes).toBeGreaterThan(0);
  return bytes;
}

/** The first global heap with a first object of another size. */
function hffWithHeapObject(size: bigint, index: number): Uint8Array {
  const bytes = bytesOf("one.hff");
  const heap = new TextDecoder("windows-1252").decode(bytes).indexOf("GCOL");
  const view = new DataView(bytes.buffer);
  view.setUint16(heap + 16, index, true);
  view.setBigUint64(heap + 24, size, true);
  return bytes;
}

/** Strings of six letters with another length in the place that points to the heap. */
function hffWithLength(length: number): Uint8Array {
  const bytes = bytesOf("one.hff");
  const heap = new TextDecoder("windows-1252").decode(bytes).indexOf("GCOL");
  const view = new DataView(bytes.buffer);
  let changes = 0;
  for (let at = 0; at + 16 <= bytes.length; at++) {
    if (view.getUint32(at, true) !== "wanted".length || view.getBigUint64(at + 4, true) !== BigInt(heap)) continue;
    view.setUint32(at, length, true);
    changes++;
  }
  expect(changes).toBe(2); // "wanted" and "uint32"
  return bytes;
}

const obj: Parse = (bytes) => parseObj(bytes, NAME);
const stl: Parse = (bytes) => parseStl(bytes, NAME);
const vtk: Parse = (bytes) => parseVtk(bytes, NAME);
const ply: Parse = (bytes) => parsePly(bytes, NAME);
const glb: Parse = (bytes) => parseGlb(bytes, NAME);
const hff: Parse = (bytes) => findHffMesh(inMemory(bytes, NAME), "wanted");
const VTK = "# vtk DataFile Version 3.0\nt\nASCII\nDATASET POLYDATA\nPOINTS 3 float\n0 0 0 1 0 0 0 1 0\n";
const PLY = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n";
const FACES = "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n";

describe("traps", () => {
  const CASES: [string, Parse, () => Uint8Array, string, RegExp, object?][] = [
    ["OBJ: vertex 0", obj, () => text("v 0 0 0\nf 0 1 1\n"), "FORMAT_FIELD", /corner "0"/, { line: 2 }],
    ["OBJ: past the end", obj, () => text("v 0 0 0\nf 1 1 2\n"), "FORMAT_FIELD", /vertex 2\b/, { line: 2 }],
    ["OBJ: before the first", obj, () => text("v 0 0 0\nf 1 1 -2\n"), "FORMAT_FIELD", /corner "-2"/, { line: 2 }],
    ["OBJ: 2^31", obj, () => text("v 0 0 0\nf 1 1 2147483648\n"), "FORMAT_FIELD", /2147483648/, { line: 2 }],
    ["OBJ: no number", obj, () => text("\n\nv 0 nan 0\n"), "FORMAT_FIELD", /"nan"/, { line: 3 }],
    ["OBJ: two corners", obj, () => text("v 0 0 0\nf 1 1\n"), "FORMAT_FIELD", /2 corners/, { line: 2 }],
    ["OBJ: points alone", obj, () => text("v 0 0 0\nv 1 0 0\n"), "FORMAT_FIELD", /no triangles/],
    ["OBJ: another file", obj, () => text("hello\n"), "FORMAT_UNKNOWN", /v x y z/],
    ["STL: 2^31 facets", stl, () => binaryStl(2 ** 31, 184), "FORMAT_TRUNCATED", /2147483648 facets/, { byte: 80 }],
    ["STL: cut, begins with solid", stl, () => binaryStl(3, 184, "solid x"), "FORMAT_TRUNCATED", /3 facets/, { byte: 80 }],
    ["STL: no facets", stl, () => binaryStl(0, 84), "FORMAT_FIELD", /no triangles/],
    ["STL: an open solid", stl, () => text("solid a\nfacet normal 0 0 1\n"), "FORMAT_TRUNCATED", /line 1 has no end/],
    [
      "STL: four corners",
      stl,
      () => text(`solid\nfacet\n${"vertex 0 0 0\n".repeat(4)}`),
      "FORMAT_FIELD",
      /more than three/,
      { line: 6 },
    ],
    [
      "STL: two corners",
      stl,
      () => text(`solid\nfacet\n${"vertex 0 0 0\n".repeat(2)}endfacet\n`),
      "FORMAT_FIELD",
      /2 vertices/,
      { line: 5 },
    ],
    ["VTK: 2^31 points", vtk, () => text(VTK.replace("POINTS 3", "POINTS 2147483648")), "FORMAT_TRUNCATED", /6442450944/],
    [
      "VTK: 2^31 polygons",
      vtk,
      () => text(`${VTK}POLYGONS 2147483648 4\n3 0 1 2\n`),
      "FORMAT_FIELD",
      /2147483648 POLYGONS/,
      { line: 7 },
    ],
    ["VTK: past the end", vtk, () => text(`${VTK}POLYGONS 1 4\n3 0 1\n3\n`), "FORMAT_FIELD", /vertex 3, .* 0 to 2/, { line: 9 }],
    ["VTK: below 0", vtk, () => text(`${VTK}POLYGONS 1 4\n3 0 1 -1\n`), "FORMAT_FIELD", /vertex -1/, { line: 8 }],
    ["VTK: a length too large", vtk, () => text(`${VTK}POLYGONS 1 4\n4 0 1 2\n`), "FORMAT_FIELD", /length 4/, { line: 8 }],
    ["VTK: lines", vtk, () => text(`${VTK}LINES 1 3\n2 0 1\n`), "FORMAT_UNSUPPORTED", /1 cell of LINES/, { line: 7 }],
    [
      "VTK: a grid",
      vtk,
      () => text(VTK.replace("POLYDATA", "UNSTRUCTURED_GRID")),
      "FORMAT_UNSUPPORTED",
      /UNSTRUCTURED_GRID/,
      { line: 4 },
    ],
    ["VTK: XML", vtk, () => text("<?xml version='1.0'?><VTKFile>"), "FORMAT_UNKNOWN", /xml/, { line: 1 }],
    [
      "VTK: offsets that go back",
      vtk,
      () => text(`${VTK}POLYGONS 3 3\nOFFSETS vtktypeint64\n0 4 3\nCONNECTIVITY vtktypeint64\n0 1 2\n`),
      "FORMAT_FIELD",
      /offset 3 after 4/,
    ],
    [
      "VTK: points that are nowhere",
      vtk,
      () => text(VTK.replace("0 1 0\n", "0 nan 0\nPOLYGONS 1 4 3 0 1 2\n")),
      "FORMAT_FIELD",
      /point 2 is at NaN/,
    ],
    ["PLY: 2^31 vertices", ply, () => text(PLY.replace("vertex 3", "vertex 2147483648") + FACES), "FORMAT_TRUNCATED", /items of/],
    [
      "PLY: 2^53 of nothing",
      ply,
      () => text(`ply\nformat ascii 1.0\nelement none 900719925474099\nend_header\n`),
      "FORMAT_TRUNCATED",
      /items of/,
    ],
    ["PLY: past the end", ply, () => text(`${PLY}${FACES}3 0 1 3\n`), "FORMAT_FIELD", /vertex 3/, { line: 13 }],
    [
      "PLY: a comment moves nothing",
      ply,
      () => text(`${PLY}comment element face 9\n${FACES}3 0 1 9\n`),
      "FORMAT_FIELD",
      /vertex 9/,
      { line: 14 },
    ],
    ["glb: cut", glb, () => bytesOf("box.glb").subarray(0, 700), "FORMAT_TRUNCATED", /932 bytes by its header/, { byte: 8 }],
    ["glb: version 1", glb, () => bytesOf("box.glb").fill(1, 4, 5), "FORMAT_UNSUPPORTED", /version 1/, { byte: 4 }],
    [
      "glb: 2^31 vertices",
      glb,
      () => glbWith((json) => Object.assign(json.accessors[1]!, { count: 2 ** 31 })),
      "FORMAT_FIELD",
      /accessors.1.count is 2147483648/,
    ],
    [
      "glb: an empty accessor",
      glb,
      () => glbWith((json) => Object.assign(json.accessors[1]!, { bufferView: undefined, count: 1e9 })),
      "FORMAT_UNSUPPORTED",
      /sparse/,
    ],
    [
      "glb: a view past the end",
      glb,
      () => glbWith((json) => Object.assign(json.bufferViews[0]!, { byteLength: 1e6 })),
      "FORMAT_FIELD",
      /bufferViews.0.byteLength/,
    ],
    [
      "glb: a node below itself",
      glb,
      () => glbWith((json) => Object.assign(json.nodes[0]!, { children: [0] })),
      "FORMAT_FIELD",
      /below itself/,
    ],
    [
      "glb: another file",
      glb,
      () => glbWith((json) => Object.assign(json.buffers[0]!, { uri: "../../etc/passwd" })),
      "FORMAT_UNSUPPORTED",
      /outside the file/,
    ],
    [
      "glb: packed by Draco",
      glb,
      () => glbWith((json) => Object.assign(json, { extensionsRequired: ["KHR_draco_mesh_compression"] })),
      "FORMAT_UNSUPPORTED",
      /KHR_draco_mesh_compression/,
    ],
    [
      "glb: points",
      glb,
      () => glbWith((json) => Object.assign(json.meshes[0]!.primitives[0]!, { mode: 0 })),
      "FORMAT_UNSUPPORTED",
      /points or lines/,
    ],
    ["hff: another file", hff, () => text("solid x"), "FORMAT_UNKNOWN", /HDF5/, { byte: 0 }],
    ["hff: cut", hff, () => bytesOf("one.hff").subarray(0, 9000), "FORMAT_TRUNCATED", /this file has 9000/, { byte: 9000 }],
    ["hff: a heap object of 0 bytes, without end", hff, () => hffWithHeapObject(0n, 0), "FORMAT_CORRUPT", /global heap/],
    ["hff: a heap object of 2^64 bytes", hff, () => hffWithHeapObject(2n ** 64n - 1n, 1), "FORMAT_CORRUPT", /global heap/],
    ["hff: a string of 2^30 bytes", hff, () => hffWithLength(2 ** 30), "FORMAT_CORRUPT", /string of 1073741824 bytes/],
    ["hff: no such type", hff, () => hffWith("one.hff", [...text("float32")], [...text("float99")]), "FORMAT_FIELD", /"float99"/],
    [
      "hff: another layout",
      hff,
      () => hffWith("one.hff", [...text("segment_list")], [...text("segment_lost")]),
      "FORMAT_UNKNOWN",
      /segment_list/,
    ],
  ];

  it.each(CASES)("%s", async (_, parse, file, code, message, place = {}) => {
    const error = await Promise.resolve(file())
      .then(parse)
      .catch((thrown: unknown) => thrown);
    if (!isEmporiumError(error)) throw error;
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.facts.place).toMatchObject({ file: NAME, ...place });
  });

  it("none of them spoils what is read next", async () => {
    expect(await hff(bytesOf("one.hff"))).toMatchObject([{ name: "wanted" }]);
  });
});
