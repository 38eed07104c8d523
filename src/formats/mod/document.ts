import { concat, inMemory, type RandomAccess, type ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { fault } from "./fields.js";
import {
  CONTOUR_BYTES,
  encodeContour,
  encodeHeader,
  encodeImage,
  encodeMesh,
  encodeObject,
  encodeSlicer,
  HEADER_BYTES,
  IMAGE_BYTES,
  MESH_BYTES,
  OBJECT_BYTES,
  SLICER_BYTES,
} from "./heads.js";
import { encodeLabels } from "./labels.js";
import type { ModContour, ModHeader, ModImage, ModLabels, ModMesh, ModObject, ModPart, ModSlicerAngles } from "./model.js";
import { readModParts, requireWhole } from "./read.js";

/**
 * A model with all chunks in file order, unknown ones included. Written again unchanged it has the same bytes; a changed value
 * changes only its own bytes.
 */
export interface ModDocument {
  readonly version: string;
  readonly header: ModHeader;
  readonly chunks: readonly ModChunk[];
  /** The file closes with `IEOF`. */
  readonly marked: boolean;
  /** Bytes after the end of the model. */
  readonly rest: Uint8Array;
  /** The first 240 bytes as they were read. */
  readonly bytes?: Uint8Array | undefined;
}

/** `bytes`: the whole chunk as it was read; a new one has none. */
export type ModChunk =
  | { readonly kind: "object"; readonly head: ModObject; readonly bytes?: Uint8Array | undefined }
  /** A contour of the last object before it. Its number of points is that of `xyz`, whatever `head.pointCount` says. */
  | { readonly kind: "contour"; readonly head: ModContour; readonly xyz: Float32Array }
  | { readonly kind: "sizes"; readonly sizes: Float32Array; readonly bytes?: Uint8Array | undefined }
  /** A mesh, whose counts are likewise those of its lists. */
  | { readonly kind: "mesh"; readonly mesh: ModMesh }
  | { readonly kind: "contourLabels"; readonly labels: ModLabels; readonly bytes?: Uint8Array | undefined }
  | { readonly kind: "objectLabels"; readonly labels: ModLabels; readonly bytes?: Uint8Array | undefined }
  | { readonly kind: "slicerAngles"; readonly slicer: ModSlicerAngles; readonly bytes?: Uint8Array | undefined }
  | { readonly kind: "image"; readonly image: ModImage; readonly bytes?: Uint8Array | undefined }
  /** Id, length and body of what is not looked into. `otherChunk` makes one. */
  | { readonly kind: "other"; readonly id: string; readonly bytes: Uint8Array };

/**
 * Reads a model so that it can be written again.
 *
 * @throws {EmporiumError} FORMAT_LIMIT for a file past `LIMITS.tableBytes`; as `readModParts`.
 */
export async function readModDocument(source: RandomAccess, options?: ReadOptions): Promise<ModDocument> {
  const size = await requireWhole(source);
  const bytes = await source.read({ offset: 0, length: size }, options);
  const chunks: ModChunk[] = [];
  let head: Extract<ModPart, { kind: "header" }> | undefined;
  let end: Extract<ModPart, { kind: "end" }> | undefined;
  let xyz = new Float32Array(0);
  /** A chunk ends where the next one begins: what a length says may be wrong. */
  let open: { part: ModPart; offset: number } | undefined;
  const close = (at: number) => {
    if (open) chunks.push(chunkOf(open.part, xyz, bytes.subarray(open.offset, at)));
    open = undefined;
  };
  for await (const part of readModParts(inMemory(bytes, source.name), { ...options, meshes: true })) {
    if (part.kind === "points") {
      xyz.set(part.xyz, 3 * part.first);
      continue;
    }
    close(part.offset);
    if (part.kind === "header") head = part;
    else if (part.kind === "end") end = part;
    else open = { part, offset: part.offset };
    if (part.kind === "contour") xyz = new Float32Array(3 * part.head.pointCount);
  }
  const { version, header } = head!;
  const { marked, offset } = end!;
  const rest = bytes.subarray(marked ? offset + 4 : offset);
  return { version, header, chunks, marked, rest, bytes: bytes.subarray(0, 8 + HEADER_BYTES) };
}

function chunkOf(part: ModPart, xyz: Float32Array, bytes: Uint8Array): ModChunk {
  switch (part.kind) {
    case "object":
      return { kind: "object", head: part.head, bytes };
    case "contour":
      return { kind: "contour", head: part.head, xyz };
    case "sizes":
      // what the list itself makes need not be kept, and would stand in the way of another list
      return { kind: "sizes", sizes: part.sizes, bytes: isPlain(bytes, 4 * part.sizes.length) ? undefined : bytes };
    case "mesh":
      return { kind: "mesh", mesh: part.mesh };
    case "contourLabels":
    case "objectLabels":
      return { kind: part.kind, labels: part.labels, bytes };
    case "slicerAngles":
      return { kind: "slicerAngles", slicer: part.slicer, bytes };
    case "image":
      return { kind: "image", image: part.image, bytes };
    case "other":
      return { kind: "other", id: part.id, bytes };
    default:
      throw new EmporiumError("INTERNAL", `${part.kind} is not a chunk`);
  }
}

const isPlain = (bytes: Uint8Array, length: number): boolean =>
  bytes.length === 8 + length && viewOf(bytes, 4).getUint32(0) === length;

/**
 * The bytes of a model. Counts of objects, contours and meshes are those of `header` and `head`, as in the file.
 *
 * @throws {EmporiumError} FORMAT_FIELD for a value that its field cannot hold.
 */
export function encodeModDocument({ version, header, chunks, marked, rest, bytes }: ModDocument): Uint8Array {
  const first = block("IMOD", 4 + HEADER_BYTES, bytes);
  first.set(letters(version), 4);
  encodeHeader(viewOf(first, 8), header);
  return concat([first, ...chunks.map(chunkBytes), ...(marked ? [letters("IEOF")] : []), rest]);
}

function chunkBytes(chunk: ModChunk): Uint8Array {
  switch (chunk.kind) {
    case "object": {
      const out = block("OBJT", OBJECT_BYTES, chunk.bytes);
      encodeObject(viewOf(out, 4), chunk.head);
      return out;
    }
    case "contour": {
      const { head, xyz } = chunk;
      const out = block("CONT", CONTOUR_BYTES + 4 * xyz.length);
      encodeContour(viewOf(out, 4), { ...head, pointCount: xyz.length / 3 });
      putWords(out, 4 + CONTOUR_BYTES, xyz);
      return out;
    }
    case "sizes": {
      const out = measured("SIZE", 4 * chunk.sizes.length, chunk.bytes);
      putWords(out, 8, chunk.sizes);
      return out;
    }
    case "mesh": {
      const { vertices = new Float32Array(0), indices = new Int32Array(0), ...head } = chunk.mesh;
      const out = block("MESH", MESH_BYTES + 4 * (vertices.length + indices.length));
      encodeMesh(viewOf(out, 4), { ...head, vertexCount: vertices.length / 3, indexCount: indices.length });
      putWords(out, 4 + MESH_BYTES, vertices);
      putWords(out, 4 + MESH_BYTES + 4 * vertices.length, indices);
      return out;
    }
    case "contourLabels":
    case "objectLabels":
      return labelBytes(chunk.kind === "contourLabels" ? "LABL" : "OLBL", chunk.labels, chunk.bytes);
    case "slicerAngles": {
      const out = measured("SLAN", SLICER_BYTES, chunk.bytes);
      encodeSlicer(viewOf(out, 8), chunk.slicer);
      return out;
    }
    case "image": {
      const out = measured("MINX", IMAGE_BYTES, chunk.bytes);
      encodeImage(viewOf(out, 8), chunk.image);
      return out;
    }
    case "other":
      return chunk.bytes;
  }
}

/** A chunk whose body the program gives: one of those that are skipped, or of one's own. */
export function otherChunk(id: string, body: Uint8Array): ModChunk {
  if (!/^[ -~]{4}$/.test(id)) throw fault(`${JSON.stringify(id)} is not an id of a chunk; expected four letters`);
  return { kind: "other", id, bytes: concat([letters(id), word(body.length), body]) };
}

/** A copy of what was read, where it is long enough, else an empty chunk. */
function block(id: string, length: number, read?: Uint8Array): Uint8Array {
  if (read && read.length >= 4 + length) return read.slice();
  const out = new Uint8Array(4 + length);
  out.set(letters(id));
  return out;
}

/** The same with a length; one that was read stays as it was, wrong or not. */
function measured(id: string, length: number, read?: Uint8Array): Uint8Array {
  const out = block(id, 4 + length, read);
  if (!read || out.length !== read.length) out.set(word(length), 4);
  return out;
}

/** A list of labels that was read keeps its length, which older programs counted wrongly. */
function labelBytes(id: string, labels: ModLabels, read?: Uint8Array): Uint8Array {
  const body = encodeLabels(labels, read?.subarray(8));
  const kept = read && body.buffer === read.buffer;
  return concat([letters(id), kept ? read.subarray(4, 8) : word(body.length), body]);
}

function putWords(out: Uint8Array, at: number, values: Float32Array | Int32Array): void {
  const view = viewOf(out, at);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i]!);
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}

const viewOf = (bytes: Uint8Array, at: number): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset + at, bytes.byteLength - at);

const letters = (text: string): Uint8Array => new TextEncoder().encode(text);
