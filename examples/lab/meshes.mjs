/** Boxes as meshes: 8 vertices, 12 triangles, in every format. Files hold voxels divided by `scale`: the configuration's factor undoes it. */

/**
 * @typedef {object} Mesh
 * @property {number[][]} vertices x, y, z
 * @property {number[][]} triangles vertices of each, from 0, counter-clockwise from outside
 */

/** Each face of a box as two triangles; bit 0, 1, 2 of a vertex's number say which side of x, y, z it is on. */
const TRIANGLES = [
  [0, 2, 1],
  [1, 2, 3],
  [4, 5, 6],
  [5, 7, 6],
  [0, 1, 4],
  [1, 5, 4],
  [2, 6, 3],
  [3, 6, 7],
  [0, 4, 2],
  [2, 4, 6],
  [1, 3, 5],
  [3, 7, 5],
];

/**
 * @param {import("./truth.mjs").MeshBox} box
 * @param {number} [scale]
 * @returns {Mesh}
 */
export function boxMesh({ min, max }, scale = 1) {
  const vertices = Array.from({ length: 8 }, (_, at) =>
    ["x", "y", "z"].map((axis, bit) => Math.fround(((at >> bit) & 1 ? max : min)[axis] / scale)),
  );
  return { vertices, triangles: TRIANGLES };
}

/** Some triangles of a mesh, with all its vertices. @param {Mesh} mesh */
export function partOf({ vertices, triangles }, first, count) {
  return { vertices, triangles: triangles.slice(first, first + count) };
}

/** Wavefront. @param {Mesh} mesh */
export function objText({ vertices, triangles }) {
  const lines = [
    "# miniature lab",
    "o shell",
    ...vertices.map((vertex) => `v ${vertex.join(" ")}`),
    ...triangles.map((triangle) => `f ${triangle.map((at) => at + 1).join(" ")}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** STL in words. @param {Mesh} mesh */
export function stlText(mesh) {
  const facets = mesh.triangles.flatMap((triangle) => [
    `  facet normal ${normalOf(mesh, triangle).join(" ")}`,
    "    outer loop",
    ...triangle.map((at) => `      vertex ${mesh.vertices[at].join(" ")}`),
    "    endloop",
    "  endfacet",
  ]);
  return `${["solid shell", ...facets, "endsolid shell"].join("\n")}\n`;
}

/** Binary STL. Its free text begins as the other kind of STL does: some programs write it so, and readers must count. @param {Mesh} mesh */
export function stlBytes(mesh) {
  const { vertices, triangles } = mesh;
  const view = new DataView(new ArrayBuffer(84 + 50 * triangles.length));
  new Uint8Array(view.buffer).set(new TextEncoder().encode("solid shell of the miniature lab".padEnd(80)));
  view.setUint32(80, triangles.length, true);
  for (const [i, triangle] of triangles.entries()) {
    const values = [...normalOf(mesh, triangle), ...triangle.flatMap((at) => vertices[at])];
    for (const [j, value] of values.entries()) view.setFloat32(84 + 50 * i + 4 * j, value, true);
  }
  return new Uint8Array(view.buffer);
}

/** VTK's legacy polygons: until version 4.2 each with its number of vertices, since 5.1 offsets and then vertices.
 * @param {Mesh} mesh
 * @param {"3.0" | "5.1"} version */
export function vtkText({ vertices, triangles }, version) {
  const count = triangles.length;
  const polygons =
    version === "3.0"
      ? [`POLYGONS ${count} ${4 * count}`, ...triangles.map((triangle) => `3 ${triangle.join(" ")}`)]
      : [
          `POLYGONS ${count + 1} ${3 * count}`,
          "OFFSETS vtktypeint64",
          Array.from({ length: count + 1 }, (_, at) => 3 * at).join(" "),
          "CONNECTIVITY vtktypeint64",
          ...triangles.map((triangle) => triangle.join(" ")),
        ];
  const lines = [
    `# vtk DataFile Version ${version}`,
    "shell of the miniature lab",
    "ASCII",
    "DATASET POLYDATA",
    `POINTS ${vertices.length} float`,
    ...vertices.map((vertex) => vertex.join(" ")),
    ...polygons,
  ];
  return `${lines.join("\n")}\n`;
}

/** Binary glTF 2.0: one buffer, vertices before indices. @param {Mesh} mesh */
export function glbBytes({ vertices, triangles }, name) {
  const indices = triangles.flat();
  const positionBytes = 12 * vertices.length;
  const bounds = (pick) => [0, 1, 2].map((axis) => pick(...vertices.map((vertex) => vertex[axis])));
  const document = {
    asset: { version: "2.0", generator: "miniature lab" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0, name }],
    meshes: [{ name, primitives: [{ attributes: { POSITION: 0 }, indices: 1, mode: 4 }] }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: vertices.length, type: "VEC3", min: bounds(Math.min), max: bounds(Math.max) },
      { bufferView: 1, componentType: 5123, count: indices.length, type: "SCALAR" },
    ],
    bufferViews: [
      { buffer: 0, byteOffset: 0, byteLength: positionBytes, target: 34962 },
      { buffer: 0, byteOffset: positionBytes, byteLength: 2 * indices.length, target: 34963 },
    ],
    buffers: [{ byteLength: positionBytes + 2 * indices.length }],
  };
  const json = new TextEncoder().encode(JSON.stringify(document));
  const [jsonLength, binaryLength] = [json.length, document.buffers[0].byteLength].map((length) => 4 * Math.ceil(length / 4));
  const bytes = new Uint8Array(12 + 8 + jsonLength + 8 + binaryLength);
  const view = new DataView(bytes.buffer);
  const words = (at, ...values) => values.forEach((value, i) => void view.setUint32(at + 4 * i, value, true));
  words(0, 0x46546c67, 2, bytes.length, jsonLength, 0x4e4f534a); // "glTF", …, "JSON"
  bytes.fill(0x20, 20, 20 + jsonLength);
  bytes.set(json, 20);
  words(20 + jsonLength, binaryLength, 0x004e4942); // "BIN"
  const start = 28 + jsonLength;
  vertices.flat().forEach((value, i) => void view.setFloat32(start + 4 * i, value, true));
  indices.forEach((value, i) => void view.setUint16(start + positionBytes + 2 * i, value, true));
  return bytes;
}

function normalOf({ vertices }, [a, b, c]) {
  const [u, v] = [b, c].map((at) => vertices[at].map((value, axis) => value - vertices[a][axis]));
  const cross = [0, 1, 2].map((axis) => {
    const [i, j] = [(axis + 1) % 3, (axis + 2) % 3];
    return u[i] * v[j] - u[j] * v[i];
  });
  const length = Math.hypot(...cross);
  return cross.map((value) => value / length + 0); // `+ 0` makes −0 a 0
}
