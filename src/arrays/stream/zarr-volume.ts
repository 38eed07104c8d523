import { boxShape, type Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { type CodecRegistry, defaultCodecs } from "../../formats/zarr/codecs.js";
import { parseZarray, parseZattrs, product, type ZarrArrayMeta } from "../../formats/zarr/metadata.js";
import { parseOmeZarr } from "../../formats/zarr/ome.js";
import { readZarrBox } from "../../formats/zarr/read.js";
import { absent, objectName, type Stat, type Store } from "../../stores/store.js";
import { decodeBlosc } from "../kernels/blosc.js";

/** A volume of a Zarr hierarchy: level 0 of an OME-Zarr image, or an array by itself. */
export interface ZarrVolume {
  /** What messages call it. */
  name: string;
  /** Voxels `[z, y, x]`. */
  shape: Triple;
  /** `[z, y, x]`; undefined where the file does not say. */
  voxelSizeAngstrom: [z: number | undefined, y: number | undefined, x: number | undefined];
  meta: ZarrArrayMeta;
  /** Key of the array. */
  folder: string;
  /** The documents that were read: what identifies the volume. */
  documents: ({ key: string } & Stat)[];
}

/** A key at or below a Zarr hierarchy, or of any folder. */
export function isZarrKey(key: string): boolean {
  return /\.zarr(\/|$)|\/$/i.test(key);
}

/** Own decoder for the common frames, numcodecs for the others. */
export const codecs: CodecRegistry = {
  ...defaultCodecs,
  blosc: (config) => {
    const other = defaultCodecs.blosc!(config);
    return { decode: (bytes, plainBytes) => decodeBlosc(bytes) ?? other.decode(bytes, plainBytes) };
  },
};

/**
 * The documents of a Zarr volume. An array without an image around it is read as it is; axes of length 1 before z, y, x are left away.
 *
 * @throws {EmporiumError} STORE_ABSENT, FORMAT_UNKNOWN where there is neither, FORMAT_UNSUPPORTED for other ranks, FORMAT_…
 */
export async function describeZarr(store: Store, key: string, signal?: AbortSignal): Promise<ZarrVolume> {
  const root = key.replace(/\/+$/, "");
  const name = objectName(store, root);
  const documents: ZarrVolume["documents"] = [];
  const find = async (file: string): Promise<Uint8Array | undefined> => {
    const stat = await store.stat(`${root}/${file}`, { signal });
    const bytes = stat && (await store.read(`${root}/${file}`, undefined, { signal, ifMatch: stat.etag }));
    if (bytes) documents.push({ key: `${root}/${file}`, ...stat });
    return bytes;
  };
  const attributes = await find(".zattrs");
  const own = hasImage(attributes, name) ? undefined : await find(".zarray");
  if (!attributes && !own) throw notZarr(name, (await store.stat(`${root}/zarr.json`, { signal })) !== undefined);
  const level = own
    ? { path: "", voxelSizeAngstrom: [undefined, undefined, undefined] as const }
    : parseOmeZarr(parseZattrs(attributes!, `${name}/.zattrs`), `${name}/.zattrs`, { unitWhenAbsent: "angstrom" }).datasets[0]!;
  const path = own ? ".zarray" : `${level.path}/.zarray`;
  const array = own ?? (await find(path));
  if (!array) throw absent(store, `${root}/${path}`);
  const meta = parseZarray(array, `${name}/${path}`);
  if (meta.shape.length < 3 || product(meta.shape.slice(0, -3)) !== 1) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: shape ${meta.shape.join("×")}, one volume of three axes is wanted`, {
      place: { file: `${name}/${path}`, path: "shape" },
    });
  }
  return {
    name,
    shape: meta.shape.slice(-3) as Triple,
    voxelSizeAngstrom: [...level.voxelSizeAngstrom],
    meta,
    folder: own ? root : `${root}/${level.path}`,
    documents,
  };
}

/** Arrays have attributes too: only `multiscales` makes an image. */
function hasImage(attributes: Uint8Array | undefined, name: string): boolean {
  return attributes !== undefined && Object.hasOwn(parseZattrs(attributes, `${name}/.zattrs`), "multiscales");
}

function notZarr(name: string, isVersion3: boolean): EmporiumError {
  if (isVersion3) {
    return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: Zarr format 3 is not read, wanted 2`, {
      place: { file: `${name}/zarr.json` },
      hint: "write the array again with zarr_format 2",
    });
  }
  return new EmporiumError(
    "FORMAT_UNKNOWN",
    `${name} is a folder without .zattrs, an MRC file or an OME-Zarr folder was wanted`,
    { place: { file: name }, hint: "narrow the glob to volumes" },
  );
}

/**
 * The voxels of a volume, chunk by chunk in C order of the chunks: C order in each box, host byte order, padding left away, chunks that are not
 * stored filled. 64-bit integers come as float64, which no kernel would be the worse for: they become float32 next.
 */
export async function* zarrBoxes(
  store: Store,
  { name, shape, meta, folder }: ZarrVolume,
  signal?: AbortSignal,
): AsyncGenerator<{ bytes: Uint8Array; start: Triple; size: Triple }> {
  const extra = meta.shape.length - 3;
  const chunk = meta.chunks.slice(-3) as Triple;
  const lead = new Array<number>(extra).fill(0);
  const get = (at: string) => store.read(`${folder}/${at}`, undefined, { signal });
  for (let z = 0; z < shape[0]; z += chunk[0]) {
    for (let y = 0; y < shape[1]; y += chunk[1]) {
      for (let x = 0; x < shape[2]; x += chunk[2]) {
        signal?.throwIfAborted();
        const start: Triple = [z, y, x];
        const stop = start.map((from, i) => Math.min(from + chunk[i]!, shape[i]!)) as Triple;
        const box = { start: [...lead, ...start], stop: [...lead.map(() => 1), ...stop] };
        const bytes = await readZarrBox(get, meta, box, { codecs, name, signal });
        yield { bytes: isWide(meta) ? asDoubles(bytes, meta) : bytes, start, size: boxShape({ start, stop }) };
      }
    }
  }
}

/** Element type and bytes of what `zarrBoxes` yields. */
export function zarrVoxel({ meta }: ZarrVolume): { dtype: ZarrArrayMeta["type"]["dtype"]; itemBytes: number } {
  const { dtype, itemBytes } = meta.type;
  if (isWide(meta)) return { dtype: "float64", itemBytes: 8 };
  return { dtype: dtype === "bool" ? "uint8" : dtype, itemBytes };
}

function isWide({ type }: ZarrArrayMeta): boolean {
  return type.dtype === "int64" || type.dtype === "uint64";
}

function asDoubles(bytes: Uint8Array, { type }: ZarrArrayMeta): Uint8Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const View = type.dtype === "int64" ? BigInt64Array : BigUint64Array;
  const wide = new View(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / 8);
  const doubles = new Float64Array(wide.length);
  for (let i = 0; i < wide.length; i++) doubles[i] = Number(wide[i]!);
  return new Uint8Array(doubles.buffer);
}
