import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { type AnnotationInfo, type AnnotationProperty, type AnnotationPropertyType, geometryFloats } from "./annotation-info.js";

/** Layout of a record. All numbers are little-endian. */
export interface RecordLayout {
  /** Bytes of a record, a multiple of 4. */
  bytes: number;
  /** float32 values of the geometry, which comes first. */
  floats: number;
  fields: readonly RecordField[];
}

export interface RecordField extends AnnotationProperty {
  offset: number;
}

const BYTES: Record<AnnotationPropertyType, number> = {
  rgb: 3,
  rgba: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
};

/** Bytes are bytes, however many of them a colour has. */
const alignment = (type: AnnotationPropertyType) => (type === "rgba" || type === "rgb" ? 1 : BYTES[type]);

/** Properties follow the geometry not as the document lists them but those of 4 bytes first, then of 2, then of 1. */
export function recordLayout(info: Pick<AnnotationInfo, "type" | "dimensions" | "properties">, name?: string): RecordLayout {
  const floats = geometryFloats(info, name);
  let offset = 4 * floats;
  const fields = [4, 2, 1].flatMap((size) =>
    info.properties
      .filter(({ type }) => alignment(type) === size)
      .map((property) => {
        const field = { ...property, offset };
        offset += BYTES[property.type];
        return field;
      }),
  );
  return { bytes: Math.ceil(offset / 4) * 4, floats, fields };
}

/** Annotations of a spatial cell or of a related object. */
export interface Annotations {
  count: number;
  ids: BigUint64Array;
  /** `floats` numbers each: the point, start and end of a line, both corners of a box, centre and radii of an ellipsoid. */
  geometry: Float32Array;
  /** One value each, colours 3 or 4; by the property's id. */
  properties: ReadonlyMap<string, Float64Array>;
}

/**
 * Decodes a file of a spatial index or of a relationship: a count, the records, the ids.
 *
 * @throws {EmporiumError} FORMAT_TRUNCATED, FORMAT_CORRUPT (longer than its count says), FORMAT_UNSUPPORTED.
 */
export function decodeAnnotations(bytes: Uint8Array, info: AnnotationInfo, name = "annotations"): Annotations {
  const layout = recordLayout(info, name);
  const each = layout.bytes + 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const room = Math.floor((bytes.length - 8) / each);
  const count = bytes.length < 8 ? -1n : view.getBigUint64(0, true);
  if (count < 0n || count > BigInt(room)) {
    const wanted =
      count < 0n ? "8 bytes" : `${counted(Number(count), "record")} of ${counted(layout.bytes, "byte")} with their ids`;
    throw new EmporiumError("FORMAT_TRUNCATED", `${name}: expected ${wanted}, found ${counted(bytes.length, "byte")}`, {
      place: { file: name, byte: bytes.length },
      hint: "copy the file again: it was cut short",
    });
  }
  const total = Number(count);
  if (bytes.length !== 8 + total * each) {
    throw new EmporiumError(
      "FORMAT_CORRUPT",
      `${name}: ${counted(bytes.length, "byte")}, ${counted(total, "record")} with their ids have ${8 + total * each}`,
      {
        place: { file: name, byte: 8 + total * each },
      },
    );
  }
  const ids = new BigUint64Array(total);
  for (let i = 0; i < total; i++) ids[i] = view.getBigUint64(8 + total * layout.bytes + 8 * i, true);
  return { count: total, ids, ...readRecords(view, 8, total, layout) };
}

/** One annotation, as kept by its id. */
export interface Annotation extends Omit<Annotations, "count" | "ids"> {
  /** Ids of related objects, by the relationship's id. */
  related: ReadonlyMap<string, BigUint64Array>;
}

/** @throws {EmporiumError} FORMAT_TRUNCATED, FORMAT_CORRUPT, FORMAT_UNSUPPORTED. */
export function decodeAnnotation(bytes: Uint8Array, info: AnnotationInfo, name = "annotation"): Annotation {
  const layout = recordLayout(info, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = layout.bytes;
  const need = (length: number) => {
    if (at + length <= bytes.length) return;
    throw new EmporiumError(
      "FORMAT_TRUNCATED",
      `${name}: expected ${counted(at + length, "byte")} of a record, found ${bytes.length}`,
      {
        place: { file: name, byte: bytes.length },
      },
    );
  };
  need(0);
  const related = new Map<string, BigUint64Array>();
  for (const { id } of info.relationships) {
    need(4);
    const length = view.getUint32(at, true);
    at += 4;
    need(8 * length);
    related.set(
      id,
      BigUint64Array.from({ length }, (_, i) => view.getBigUint64(at + 8 * i, true)),
    );
    at += 8 * length;
  }
  if (at !== bytes.length) {
    throw new EmporiumError("FORMAT_CORRUPT", `${name}: ${counted(bytes.length, "byte")}, this record ends at ${at}`, {
      place: { file: name, byte: at },
    });
  }
  return { ...readRecords(view, 0, 1, layout), related };
}

function readRecords(view: DataView, start: number, count: number, { bytes, floats, fields }: RecordLayout) {
  const geometry = new Float32Array(count * floats);
  for (let i = 0; i < count; i++) {
    for (let f = 0; f < floats; f++) geometry[i * floats + f] = view.getFloat32(start + i * bytes + 4 * f, true);
  }
  const properties = new Map<string, Float64Array>();
  for (const { id, type, offset } of fields) {
    const parts = type === "rgb" || type === "rgba" ? BYTES[type] : 1;
    const values = new Float64Array(count * parts);
    for (let i = 0; i < count; i++) {
      for (let part = 0; part < parts; part++) values[i * parts + part] = READ[type](view, start + i * bytes + offset + part);
    }
    properties.set(id, values);
  }
  return { geometry, properties };
}

const READ: Record<AnnotationPropertyType, (view: DataView, at: number) => number> = {
  rgb: (view, at) => view.getUint8(at),
  rgba: (view, at) => view.getUint8(at),
  uint8: (view, at) => view.getUint8(at),
  int8: (view, at) => view.getInt8(at),
  uint16: (view, at) => view.getUint16(at, true),
  int16: (view, at) => view.getInt16(at, true),
  uint32: (view, at) => view.getUint32(at, true),
  int32: (view, at) => view.getInt32(at, true),
  float32: (view, at) => view.getFloat32(at, true),
};
