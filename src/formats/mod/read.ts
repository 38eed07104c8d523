import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { ModCursor } from "./cursor.js";
import { decodeText } from "./fields.js";
import {
  CONTOUR_BYTES,
  decodeContour,
  decodeHeader,
  decodeImage,
  decodeMesh,
  decodeObject,
  decodeSlicer,
  HEADER_BYTES,
  IMAGE_BYTES,
  MATERIAL_BYTES,
  MESH_BYTES,
  OBJECT_BYTES,
  SLICER_BYTES,
} from "./heads.js";
import type { ModContour, ModHeader, ModImage, ModLabels, ModMesh, ModObject, ModPart, ModSlicerAngles } from "./model.js";

export interface ModReadOptions extends ReadOptions {
  /** Points and their sizes; default true. Without them they are not fetched either. */
  points?: boolean | undefined;
  /** Vertices and indices of meshes; default false. */
  meshes?: boolean | undefined;
}

/** True for an IMOD model in binary form, of any version, by the first 5 bytes of the file. */
function detectMod(head: Uint8Array): boolean {
  return head.length >= 5 && String.fromCharCode(...head.subarray(0, 5)) === "IMODV";
}

/**
 * The parts of an IMOD model in the order of the file, the header first. Layout: README.md beside this file.
 *
 * A contour is followed by its points, none or many parts: a model of any size needs the memory of one part, a mebibyte. What is
 * not known is skipped.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_UNSUPPORTED (another version), FORMAT_TRUNCATED, FORMAT_FIELD (counts that are
 *   negative or do not agree with what follows, chunks out of place); the place names the byte.
 */
export async function* readModParts(source: RandomAccess, options: ModReadOptions = {}): AsyncGenerator<ModPart> {
  const cursor = await ModCursor.open(source, { signal: options.signal });
  const { points = true, meshes = false } = options;
  const head = await readHeader(cursor);
  yield { kind: "header", offset: 0, ...head };
  const at = new Progress(cursor, head.header);

  while (cursor.left > 0) {
    const begin = cursor.at;
    const id = await readId(cursor);
    if (id === "IEOF") {
      at.close(begin, true);
      yield { kind: "end", marked: true, offset: begin };
      return;
    }
    if (id === "OBJT") {
      const head = decodeObject(await cursor.take(OBJECT_BYTES, "an object"));
      yield { kind: "object", object: at.nextObject(head, begin), head, offset: begin };
    } else if (id === "CONT") {
      const head = decodeContour(await cursor.take(CONTOUR_BYTES, "a contour"));
      const place = at.nextContour(head, begin);
      cursor.require(12 * head.pointCount, "points");
      yield { kind: "contour", ...place, head, offset: begin };
      if (points) yield* readPoints(cursor, place, head.pointCount);
      else cursor.skip(12 * head.pointCount, "points");
    } else if (id === "MESH") {
      yield { kind: "mesh", object: at.object(begin), mesh: await readMesh(cursor, begin, meshes), offset: begin };
    } else if (id === "LABL" || id === "OLBL") {
      const place = id === "LABL" ? at.contour(begin) : { object: at.object(begin) };
      const labels = await readLabels(cursor);
      if ("contour" in place) yield { kind: "contourLabels", ...place, labels, offset: begin };
      else yield { kind: "objectLabels", ...place, labels, offset: begin };
    } else {
      const length = (await cursor.take(4, `the length of ${id}`)).getUint32(0);
      if (id === "SLAN") {
        const end = await endOf(cursor, id, length, SLICER_BYTES);
        yield { kind: "slicerAngles", slicer: decodeSlicer(await cursor.take(SLICER_BYTES, id)), offset: begin };
        cursor.at = end;
      } else if (id === "MINX") {
        const end = await endOf(cursor, id, length, IMAGE_BYTES);
        yield { kind: "image", image: decodeImage(await cursor.take(IMAGE_BYTES, id)), offset: begin };
        cursor.at = end;
      } else if (id === "SIZE") {
        const place = at.contour(begin);
        const end = await endOf(cursor, id, length, 4 * at.pointCount);
        if (points) {
          yield { kind: "sizes", ...place, sizes: await readFloats(cursor, at.pointCount, "point sizes"), offset: begin };
        }
        cursor.at = end;
      } else {
        const body = cursor.at;
        const end = id === "IMAT" ? await endOf(cursor, id, length, MATERIAL_BYTES) : body + length;
        cursor.skip(end - body, id);
        yield { kind: "other", id, length: end - body, offset: begin };
      }
    }
  }
  at.close(cursor.at, false);
  yield { kind: "end", marked: false, offset: cursor.at };
}

/** A model as one value. To write what was read there is `readModDocument`. */
export interface Mod {
  /** `V1.2`, older ones of the same layout too. */
  readonly version: string;
  readonly header: ModHeader;
  readonly objects: readonly (ModObject & {
    readonly contours: readonly (ModContour & {
      /** x, y, z of each point. */
      readonly xyz: Float32Array;
      readonly sizes?: Float32Array | undefined;
      readonly labels?: ModLabels | undefined;
    })[];
    readonly meshes: readonly ModMesh[];
    readonly labels?: ModLabels | undefined;
  })[];
  readonly slicerAngles: readonly ModSlicerAngles[];
  readonly image?: ModImage | undefined;
}

/**
 * A whole model in memory, for those that people draw. For long lists of points there is `readModParts`.
 *
 * @throws {EmporiumError} FORMAT_LIMIT for a file past `LIMITS.tableBytes`; as `readModParts`.
 */
export async function readMod(source: RandomAccess, options: Omit<ModReadOptions, "points"> = {}): Promise<Mod> {
  await requireWhole(source);
  type Contour = {
    -readonly [key in keyof Mod["objects"][number]["contours"][number]]: Mod["objects"][number]["contours"][number][key];
  };
  type Object = ModObject & { contours: Contour[]; meshes: ModMesh[]; labels?: ModLabels };
  let head: Extract<ModPart, { kind: "header" }> | undefined;
  let image: ModImage | undefined;
  const objects: Object[] = [];
  const slicerAngles: ModSlicerAngles[] = [];
  for await (const part of readModParts(source, options)) {
    const object = "object" in part ? objects[part.object] : undefined;
    const contour = "contour" in part ? object?.contours[part.contour] : undefined;
    if (part.kind === "header") head = part;
    else if (part.kind === "object") objects.push({ ...part.head, contours: [], meshes: [] });
    else if (part.kind === "contour") object!.contours.push({ ...part.head, xyz: new Float32Array(3 * part.head.pointCount) });
    else if (part.kind === "points") contour!.xyz.set(part.xyz, 3 * part.first);
    else if (part.kind === "sizes") contour!.sizes = part.sizes;
    else if (part.kind === "contourLabels") contour!.labels = part.labels;
    else if (part.kind === "objectLabels") object!.labels = part.labels;
    else if (part.kind === "mesh") object!.meshes.push(part.mesh);
    else if (part.kind === "slicerAngles") slicerAngles.push(part.slicer);
    else if (part.kind === "image") image = part.image;
  }
  return { version: head!.version, header: head!.header, objects, slicerAngles, image };
}

/** @throws {EmporiumError} FORMAT_LIMIT for a model that is too long to be read in one piece. */
export async function requireWhole(source: RandomAccess): Promise<number> {
  const size = await source.size();
  if (size <= LIMITS.tableBytes) return size;
  const message = `${source.name}: a model of ${counted(size, "byte")}; at most ${LIMITS.tableBytes} are read whole`;
  throw new EmporiumError("FORMAT_LIMIT", message, { place: { file: source.name }, hint: "split the model into several files" });
}

/** Every id that a chunk is known to have: what stands behind a chunk whose length was rightly taken. */
const KNOWN_IDS: ReadonlySet<string> = new Set(
  "OBJT CONT MESH IMAT SIZE SLAN MINX VIEW LABL OLBL CLIP MCLP MEPA SKLI OGRP MOST OBST COST MEST IEOF".split(" "),
);

const POINTS_AT_ONCE = 65_536;

/** Versions that a program of today meets: IMOD reads every version but the first as if it were the last. */
const VERSIONS = /^V(?:0\.2|1\.\d)$/;

async function readHeader(cursor: ModCursor): Promise<{ version: string; header: ModHeader }> {
  const head = await cursor.source.read({ offset: 0, length: 8 }, cursor.options);
  if (!detectMod(head)) {
    const found = Array.from(head.subarray(0, 5), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = /^(# ?imod|imod )/i.test(String.fromCharCode(...head));
    throw new EmporiumError(
      "FORMAT_UNKNOWN",
      `${cursor.source.name}: an IMOD model begins with IMODV1.2, this file with ${found || "nothing"}`,
      {
        place: { file: cursor.source.name, byte: 0 },
        hint: text ? "open this text model with 3dmod and save it" : "check that this is a model of IMOD",
      },
    );
  }
  const version = textOf(await cursor.take(8, "the file's id")).slice(4);
  if (!VERSIONS.test(version)) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${cursor.source.name}: a model of version ${JSON.stringify(version)}, V0.2 to V1.2 are read`,
      {
        place: { file: cursor.source.name, byte: 4 },
        hint: "open the model with a current 3dmod and save it",
      },
    );
  }
  const header = decodeHeader(await cursor.take(HEADER_BYTES, "the header"));
  if (header.objectCount < 0) throw cursor.fail("FORMAT_FIELD", 8 + 140, `${counted(header.objectCount, "object")}`);
  return { version, header };
}

async function readId(cursor: ModCursor): Promise<string> {
  const begin = cursor.at;
  const view = await cursor.take(4, "a chunk's id");
  const id = String.fromCharCode(view.getUint8(0), view.getUint8(1), view.getUint8(2), view.getUint8(3));
  if (!/^[ -~]{4}$/.test(id)) {
    throw cursor.fail("FORMAT_FIELD", begin, `${JSON.stringify(id)} at byte ${begin}; expected the four letters of a chunk`);
  }
  return id;
}

/**
 * The end of a chunk whose kind has a fixed size. IMOD uses that size, and imodmodel 0.1 stores a wrong length: 48 for 16 bytes
 * of material and 60 of slicer angles. The stored length counts only if the size leads to no chunk.
 */
async function endOf(cursor: ModCursor, id: string, stored: number, size: number): Promise<number> {
  const begin = cursor.at;
  if (stored === size) {
    cursor.require(size, id);
    return begin + size;
  }
  const fits = size <= cursor.left && (await knownIdAt(cursor, begin + size));
  cursor.at = begin;
  if (fits) return begin + size;
  if (stored < size && id !== "IMAT") {
    cursor.require(size, id);
    throw cursor.fail("FORMAT_FIELD", begin - 4, `${counted(stored, "byte")} of ${id} at byte ${begin}; expected ${size}`);
  }
  cursor.require(stored, id);
  return begin + stored;
}

async function knownIdAt(cursor: ModCursor, at: number): Promise<boolean> {
  cursor.at = at;
  if (cursor.left < 4) return true; // the end, or half an id, which is refused as such
  const view = await cursor.peek(4, "a chunk's id");
  return KNOWN_IDS.has(String.fromCharCode(view.getUint8(0), view.getUint8(1), view.getUint8(2), view.getUint8(3)));
}

async function* readPoints(
  cursor: ModCursor,
  place: { object: number; contour: number },
  count: number,
): AsyncGenerator<ModPart> {
  for (let first = 0; first < count; first += POINTS_AT_ONCE) {
    const offset = cursor.at;
    const xyz = await readFloats(cursor, 3 * Math.min(POINTS_AT_ONCE, count - first), "points");
    yield { kind: "points", ...place, first, xyz, offset };
  }
}

async function readMesh(cursor: ModCursor, begin: number, whole: boolean): Promise<ModMesh> {
  const head = decodeMesh(await cursor.take(MESH_BYTES, "a mesh"));
  if (head.vertexCount < 0 || head.indexCount < 0) {
    throw cursor.fail(
      "FORMAT_FIELD",
      begin,
      `a mesh of ${counted(head.vertexCount, "vertex", "vertices")} and ${head.indexCount} indices`,
    );
  }
  cursor.require(12 * head.vertexCount + 4 * head.indexCount, "a mesh");
  if (!whole) {
    cursor.skip(12 * head.vertexCount + 4 * head.indexCount, "a mesh");
    return head;
  }
  const vertices = await readFloats(cursor, 3 * head.vertexCount, "vertices");
  const indices = new Int32Array(head.indexCount);
  await readWords(cursor, head.indexCount, "indices", (view, at, i) => {
    indices[i] = view.getInt32(at);
  });
  return { ...head, vertices, indices };
}

/** Reads labels by their own counts. The chunk's length is not used: IMOD before 2010 stored a wrong one. */
async function readLabels(cursor: ModCursor): Promise<ModLabels> {
  const begin = cursor.at - 4;
  const text = async (length: number) => {
    if (length < 0) throw cursor.fail("FORMAT_FIELD", cursor.at - 4, `a label of ${counted(length, "byte")}`);
    return textOf(await cursor.take(length, "a label"));
  };
  await cursor.take(4, "the length of labels");
  const head = await cursor.take(8, "labels");
  const count = head.getInt32(0);
  if (count < 0) throw cursor.fail("FORMAT_FIELD", begin, `${counted(count, "label")}`);
  const name = await text(head.getInt32(4));
  cursor.require(8 * count, "labels");
  const items: { index: number; text: string }[] = [];
  for (let i = 0; i < count; i++) {
    const item = await cursor.take(8, "a label");
    const index = item.getInt32(0);
    items.push({ index, text: await text(item.getInt32(4)) });
  }
  return { name, items };
}

/** Reads float32 values to the bit: a NaN has 2^23 forms, of which a plain copy would keep one. */
async function readFloats(cursor: ModCursor, count: number, what: string): Promise<Float32Array> {
  const words = new Uint32Array(count);
  await readWords(cursor, count, what, (view, at, i) => {
    words[i] = view.getUint32(at);
  });
  return new Float32Array(words.buffer);
}

const textOf = (view: DataView): string => decodeText(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));

async function readWords(
  cursor: ModCursor,
  count: number,
  what: string,
  put: (view: DataView, at: number, i: number) => void,
): Promise<void> {
  for (let first = 0; first < count; first += 3 * POINTS_AT_ONCE) {
    const words = Math.min(3 * POINTS_AT_ONCE, count - first);
    const view = await cursor.take(4 * words, what);
    for (let i = 0; i < words; i++) put(view, 4 * i, first + i);
  }
}

/** Counts the objects and contours of the walk, and checks them against the numbers that were announced. */
class Progress {
  #objects = 0;
  #contours = 0;
  #contoursWanted = 0;
  pointCount = 0;

  constructor(
    private readonly cursor: ModCursor,
    private readonly header: ModHeader,
  ) {}

  nextObject(head: ModObject, begin: number): number {
    this.#closeObject(begin, true);
    if (head.contourCount < 0)
      throw this.cursor.fail("FORMAT_FIELD", begin, `an object of ${counted(head.contourCount, "contour")}`);
    if (this.#objects === this.header.objectCount) throw this.#more(begin, "objects", this.header.objectCount);
    this.#contours = 0;
    this.#contoursWanted = head.contourCount;
    return this.#objects++;
  }

  nextContour(head: ModContour, begin: number): { object: number; contour: number } {
    const object = this.object(begin);
    if (head.pointCount < 0) throw this.cursor.fail("FORMAT_FIELD", begin, `a contour of ${counted(head.pointCount, "point")}`);
    if (this.#contours === this.#contoursWanted) throw this.#more(begin, "contours", this.#contoursWanted);
    this.pointCount = head.pointCount;
    return { object, contour: this.#contours++ };
  }

  /** The one that was last begun. */
  object(begin: number): number {
    if (this.#objects === 0)
      throw this.cursor.fail("FORMAT_FIELD", begin, `a part of an object at byte ${begin}, before any object`);
    return this.#objects - 1;
  }

  contour(begin: number): { object: number; contour: number } {
    const object = this.object(begin);
    if (this.#contours === 0)
      throw this.cursor.fail("FORMAT_FIELD", begin, `a part of a contour at byte ${begin}, before any contour`);
    return { object, contour: this.#contours - 1 };
  }

  close(begin: number, marked: boolean): void {
    this.#closeObject(begin, marked);
    if (this.#objects === this.header.objectCount) return;
    throw this.#fewer(begin, marked, "objects", this.#objects, this.header.objectCount);
  }

  #closeObject(begin: number, marked: boolean): void {
    if (this.#contours === this.#contoursWanted) return;
    throw this.#fewer(begin, marked, `contours of object ${this.#objects}`, this.#contours, this.#contoursWanted);
  }

  #more(begin: number, what: string, wanted: number): EmporiumError {
    return this.cursor.fail("FORMAT_FIELD", begin, `more than the ${wanted} ${what} that were announced, at byte ${begin}`);
  }

  #fewer(begin: number, marked: boolean, what: string, found: number, wanted: number): EmporiumError {
    const message = `${found} ${what} up to byte ${begin}, ${wanted} were announced`;
    return this.cursor.fail(marked ? "FORMAT_FIELD" : "FORMAT_TRUNCATED", begin, message);
  }
}
