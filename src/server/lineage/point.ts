import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { decodeOverlay } from "../../model/overlay-bytes.js";
import { openObject } from "../../stores/store.js";
import type { FoundLayer } from "../api/volume-layers.js";
import type { FoundNumber } from "./voxel.js";

/** A line of a text file, with its bytes and without its end. */
interface Line {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

const WINDOW_BYTES = 2 ** 20;
/** Tables up to this size are looked through for a row. */
const TABLE_BYTES_MAX = 64 * 2 ** 20;
const POINT_BYTES = 12;

/** A point of a layer by its place in the file, from 0. @throws {EmporiumError} NOT_FOUND, and what reading throws */
export async function findPoint({ file, read }: FoundLayer, index: number, signal: AbortSignal): Promise<FoundNumber> {
  if (!file) throw new EmporiumError("NOT_FOUND", "the layer is of no file: it is calculated");
  const { place, key, object } = file;
  const source = await openObject(place.store, key, { signal });
  const beyond = (count: number) => new EmporiumError("USAGE", `${key} has no point ${index}; its points are 0 to ${count - 1}`);
  const of = `point ${index + 1} of ${key.slice(key.lastIndexOf("/") + 1)}`;
  const plain = { key, codecs: [], decodedByte: 0 } as const;
  if (object !== undefined) {
    const { readModParts } = await import("../../formats/mod/read.js");
    const { CONTOUR_BYTES } = await import("../../formats/mod/heads.js");
    let before = 0;
    for await (const part of readModParts(source, { signal, points: false })) {
      if (part.kind !== "contour" || part.object !== object) continue;
      const { pointCount } = part.head;
      if (index >= before + pointCount) {
        before += pointCount;
        continue;
      }
      // behind the word CONT and what the contour says of itself
      const offset = part.offset + 4 + CONTOUR_BYTES + POINT_BYTES * (index - before);
      const bytes = await source.read({ offset, length: POINT_BYTES }, { signal });
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return {
        of: `${of}, in contour ${part.contour + 1} of object ${object + 1}`,
        value: [0, 4, 8].map((at) => view.getFloat32(at)).join(" "),
        note: "x, y and z follow one another, in pixels of the image that the model was made on",
        key,
        stored: { is: { ...plain, offset, length: POINT_BYTES, dtype: "float32", byteOrder: "big" } },
      };
    }
    throw beyond(before);
  }
  if (key.endsWith(".ndjson")) {
    let at = 0;
    for await (const { offset, length, text } of linesOf(source, signal)) {
      if (text.trim() === "" || at++ < index) continue;
      return { of, value: locationOf(text), note: "x, y and z, in voxels", key, stored: { is: { ...plain, offset, length } } };
    }
    throw beyond(at);
  }
  const count = decodeOverlay((await read()).buffer).xyz.length / 3;
  if (index >= count) throw beyond(count);
  const size = await source.size();
  const whole = { ...plain, offset: 0, length: size };
  const rows: Line[] = [];
  if (size <= TABLE_BYTES_MAX) for await (const line of rowsOf(linesOf(source, signal))) rows.push(line);
  if (rows.length !== count) {
    const says = `its points are not its rows one by one (${counted(count, "point")}), so the whole file is named`;
    return { of, value: "", key, stored: { is: { ...whole, says } } };
  }
  const { offset, length, text } = rows[index]!;
  return { of, value: text.trim(), note: "the row of the table", key, stored: { is: { ...plain, offset, length } } };
}

type Source = Awaited<ReturnType<typeof openObject>>;

async function* linesOf(source: Source, signal: AbortSignal): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let held = new Uint8Array(0);
  let base = 0;
  for (let last = false; !last; ) {
    const bytes = await source.read({ offset: base + held.length, length: WINDOW_BYTES }, { signal });
    last = bytes.length < WINDOW_BYTES;
    const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    let begin = 0;
    for (let end = all.indexOf(10); end >= 0 || last; end = all.indexOf(10, begin)) {
      const until = end < 0 ? all.length : end;
      const length = until - begin - Number(until > begin && all[until - 1] === 13);
      if (until > begin) yield { offset: base + begin, length, text: decoder.decode(all.subarray(begin, begin + length)) };
      if (end < 0) return;
      begin = end + 1;
    }
    held = Uint8Array.from(all.subarray(begin));
    base += begin;
    if (held.length > LIMITS.recordLength) throw new EmporiumError("FORMAT_LIMIT", `${source.name} has a line of more than ${LIMITS.recordLength} bytes`); // biome-ignore format: one line
  }
}

/** Rows of a table: of a STAR file those of the loop that has coordinates, of others all but a line of names and comments. */
async function* rowsOf(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  let isStar = false;
  let inLoop = false;
  let isFirst = true;
  for await (const line of lines) {
    const text = line.text.trim();
    if (text === "" || text.startsWith("#")) continue;
    if (/^(?:data_|loop_)/.test(text)) {
      isStar = true;
      inLoop = false;
    } else if (isStar && text.startsWith("_")) inLoop ||= /coordinate|_orig_x|_x\b/i.test(text);
    else if (isStar ? inLoop : !isFirst || !/^["']?[a-z_]/i.test(text)) yield line;
    isFirst = false;
  }
}

function locationOf(text: string): string {
  const { location } = JSON.parse(text) as { location?: Record<"x" | "y" | "z", number> };
  return location ? `${location.x} ${location.y} ${location.z}` : "";
}
