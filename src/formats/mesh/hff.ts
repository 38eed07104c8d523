import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { counted } from "../../core/units.js";
import { decodeBase64 } from "./base64.js";
import { type Hdf5File, withHdf5 } from "./hdf5.js";
import { asTriangles, type MeshPart, meshError } from "./mesh.js";
import { readWhole } from "./whole-file.js";

export interface HffSegment {
  /** Its name in `segment_list`: a number as a rule. */
  id: string;
  /** `biological_annotation/name`; undefined where it has none. */
  name: string | undefined;
  /** Names of its meshes in `mesh_list`. */
  meshes: string[];
}

/**
 * Segments of an EMDB-SFF file in HDF5, in text order of their ids: 10 comes before 2.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_UNSUPPORTED for version 0.7 or older, FORMAT_FIELD, FORMAT_CORRUPT,
 *   FORMAT_LIMIT.
 */
export async function listHffSegments(source: RandomAccess, options?: ReadOptions): Promise<HffSegment[]> {
  return withHdf5(await readWhole(source, options), source.name, (file) => segmentsOf(file, source.name));
}

/** Names of the segments that have one, in the same order. */
export async function hffSegmentNames(source: RandomAccess, options?: ReadOptions): Promise<string[]> {
  return namesOf(await listHffSegments(source, options));
}

/**
 * The surface of the first segment of a name: its meshes joined into one part. Undefined if no segment has the name.
 *
 * Vertices and triangles are base64 of (n, 3) numbers of type `mode` (default float32 and uint32) and byte order `endianness`
 * (default little), or plain numbers. Transforms of the file are not applied, as in the portal.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the path in the file; and what {@link listHffSegments} throws.
 * Source: EMDB-SFF 0.8 as sfftk-rw 0.8.1 writes it (`SFFEncodedSequence.as_hff`).
 */
export async function findHffMesh(
  source: RandomAccess,
  segmentName: string,
  options?: ReadOptions,
): Promise<MeshPart[] | undefined> {
  const { name } = source;
  return withHdf5(await readWhole(source, options), name, (file) => {
    const segment = segmentsOf(file, name).find((one) => one.name === segmentName);
    return segment && [meshOf(file, segment, segmentName, name)];
  });
}

/**
 * As {@link findHffMesh}.
 *
 * @throws {EmporiumError} FORMAT_FIELD naming the segments that are there, when none has the name.
 */
export async function getHffMesh(source: RandomAccess, segmentName: string, options?: ReadOptions): Promise<MeshPart[]> {
  const parts = await findHffMesh(source, segmentName, options);
  if (parts) return parts;
  const names = await hffSegmentNames(source, options);
  const known = names.length > 0 ? names.map((one) => JSON.stringify(one)).join(", ") : "none has a name";
  const message = `no segment ${JSON.stringify(segmentName)}, there are: ${known}`;
  throw meshError("FORMAT_FIELD", source.name, { path: "/segment_list" }, message);
}

const namesOf = (segments: readonly HffSegment[]) => segments.flatMap(({ name }) => (name === undefined ? [] : [name]));

function segmentsOf(file: Hdf5File, name: string): HffSegment[] {
  const ids = file.names("/segment_list");
  if (!ids) {
    if (file.names("/segments")) {
      const hint = "write it again as version 0.8: sff convert of sfftk";
      const message = "an EMDB-SFF file of version 0.7 or before, 0.8 is read";
      throw meshError("FORMAT_UNSUPPORTED", name, { path: "/segments" }, message, hint);
    }
    throw meshError("FORMAT_UNKNOWN", name, { path: "/segment_list" }, "an HDF5 file without a segment_list, EMDB-SFF has one");
  }
  return ids.map((id) => ({
    id,
    name: textOf(file, `/segment_list/${id}/biological_annotation/name`),
    meshes: file.names(`/segment_list/${id}/mesh_list`) ?? [],
  }));
}

function meshOf(file: Hdf5File, { id, meshes }: HffSegment, segmentName: string, name: string): MeshPart {
  const path = `/segment_list/${id}/mesh_list`;
  const read = meshes.map((mesh) => {
    const vertices = sequence(file, `${path}/${mesh}/vertices`, "num_vertices", "float32", name);
    const odd = vertices.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) {
      const message = `vertex ${Math.floor(odd / 3)} is at ${vertices[odd]}; expected a finite number`;
      throw meshError("FORMAT_FIELD", name, { path: `${path}/${mesh}/vertices/data` }, message);
    }
    const numbers = sequence(file, `${path}/${mesh}/triangles`, "num_triangles", "uint32", name);
    const place = (at: number) => ({ path: `${path}/${mesh}/triangles/data: triangle ${Math.floor(at / 3)}` });
    return { vertices, triangles: asTriangles(numbers, vertices.length / 3, name, place) };
  });
  const positions = new Float64Array(read.reduce((sum, { vertices }) => sum + vertices.length, 0));
  const triangles = new Uint32Array(read.reduce((sum, mesh) => sum + mesh.triangles.length, 0));
  if (triangles.length === 0)
    throw meshError("FORMAT_FIELD", name, { path }, `segment ${id} has no triangles, a mesh has one or more`);
  let [vertexAt, cornerAt] = [0, 0];
  for (const { vertices, triangles: corners } of read) {
    positions.set(vertices, vertexAt);
    triangles.set(
      corners.map((vertex) => vertex + vertexAt / 3),
      cornerAt,
    );
    vertexAt += vertices.length;
    cornerAt += corners.length;
  }
  return { name: segmentName, positions, triangles };
}

/** The (n, 3) numbers of a group of `data`, `mode`, `endianness` and a count, one after the other. */
function sequence(file: Hdf5File, path: string, countName: string, defaultMode: string, name: string): Float64Array {
  const field = (what: string, message: string) => meshError("FORMAT_FIELD", name, { path: `${path}/${what}` }, message);
  const numbers = valuesOf(encoded(file, path, defaultMode, name, field), (message) => field("mode", message));
  if (numbers.length % 3 !== 0) throw field("data", `${counted(numbers.length, "number")}; expected three for each item`);
  const count = file.numbers(`${path}/${countName}`);
  const [stated] = count ? valuesOf({ ...count, littleEndian: true }, (message) => field(countName, message)) : [];
  if (stated !== undefined && stated !== numbers.length / 3) {
    throw field("data", `${counted(numbers.length / 3, "item")}, ${countName} says ${stated}`);
  }
  return numbers;
}

interface Packed {
  bytes: Uint8Array;
  mode: string;
  littleEndian: boolean;
}

function encoded(
  file: Hdf5File,
  path: string,
  defaultMode: string,
  name: string,
  field: (what: string, message: string) => Error,
): Packed {
  const plain = file.numbers(`${path}/data`);
  if (plain) return { ...plain, littleEndian: true };
  const text = file.string(`${path}/data`);
  if (!text) throw field("data", "missing, or neither a string nor numbers");
  const endianness = textOf(file, `${path}/endianness`) ?? "little";
  if (endianness !== "little" && endianness !== "big")
    throw field("endianness", `${JSON.stringify(endianness.slice(0, 40))}; expected little or big`);
  const decoded = decodeBase64(text);
  if ("wrongAt" in decoded) {
    const message = `character ${decoded.wrongAt} of ${text.length} is not base64`;
    throw meshError("FORMAT_CORRUPT", name, { path: `${path}/data` }, message);
  }
  return { bytes: decoded.bytes, mode: textOf(file, `${path}/mode`) || defaultMode, littleEndian: endianness === "little" };
}

/** Readers of one number by EMDB-SFF's words for types, which are numpy's. */
const MODES: Record<string, (view: DataView, at: number, little: boolean) => number> = {
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  uint16: (view, at, little) => view.getUint16(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int64: (view, at, little) => Number(view.getBigInt64(at, little)),
  uint64: (view, at, little) => Number(view.getBigUint64(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
};

function valuesOf({ bytes, mode, littleEndian }: Packed, field: (message: string) => Error): Float64Array {
  const get = Object.hasOwn(MODES, mode) ? MODES[mode]! : undefined;
  if (!get) throw field(`${JSON.stringify(mode.slice(0, 40))}; expected one of ${Object.keys(MODES).join(", ")}`);
  const size = Number(/\d+$/.exec(mode)![0]) / 8;
  if (bytes.length % size !== 0) throw field(`${counted(bytes.length, "byte")} of ${mode}; expected a multiple of ${size}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float64Array(bytes.length / size);
  for (let at = 0; at < values.length; at++) values[at] = get(view, at * size, littleEndian);
  return values;
}

function textOf(file: Hdf5File, path: string): string | undefined {
  const bytes = file.string(path);
  return bytes && new TextDecoder().decode(bytes);
}
