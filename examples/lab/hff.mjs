/** Segmentations of EMDB-SFF 0.8 in HDF5. */
/**
 * Named segments of meshes. Vertices and triangles are base64 texts of little-endian numbers with their type beside them, as sfftk writes.
 *
 * @param {{ name: string, meshes: import("./meshes.mjs").Mesh[] }[]} segments
 * @returns {Promise<Uint8Array>}
 */
export async function hffBytes(segments) {
  const h5wasm = await import("../../dist/program/packages/h5wasm.js"); // a tenth of a second, which only one deposit needs
  const { FS } = await h5wasm.ready;
  const name = "miniature-lab.hff";
  const now = Date.now;
  Date.now = () => 0; // HDF5 puts the time into what it makes, and has no other switch for it; nothing else runs meanwhile
  try {
    const file = new h5wasm.File(name, "w");
    writeSegments(file, segments);
    file.close();
  } finally {
    Date.now = now;
  }
  const bytes = FS.readFile(name);
  FS.unlink(name);
  return bytes;
}

function writeSegments(file, segments) {
  const group = (path) => file.create_group(path);
  const text = (path, data) => file.create_dataset({ name: path, data });
  text("version", "0.8.0.dev1");
  text("name", "miniature lab");
  group("segment_list");
  for (const [i, { name, meshes }] of segments.entries()) {
    const segment = `segment_list/${i + 1}`;
    group(segment);
    group(`${segment}/biological_annotation`);
    text(`${segment}/biological_annotation/name`, name);
    file.create_dataset({ name: `${segment}/colour`, data: Uint8Array.of(102, 102, 102, 255) });
    group(`${segment}/mesh_list`);
    for (const [j, { vertices, triangles }] of meshes.entries()) {
      const mesh = `${segment}/mesh_list/${j + 1}`;
      group(mesh);
      for (const [part, mode, numbers] of [
        ["vertices", "float32", new Float32Array(vertices.flat())],
        ["triangles", "uint32", new Uint32Array(triangles.flat())],
      ]) {
        group(`${mesh}/${part}`);
        text(`${mesh}/${part}/mode`, mode);
        text(`${mesh}/${part}/data`, Buffer.from(numbers.buffer).toString("base64"));
      }
    }
  }
}
