import type { Json, JsonObject } from "../../../../core/json.js";
import { isJsonObject, member } from "../../../../core/json-fields.js";
import { toNumber } from "../../../../core/number.js";
import { parseZarrDType } from "../../../../formats/zarr/dtype.js";
import { asObject, isArray, parseMetadata, wrongField } from "../../../../formats/zarr/json.js";
import { objectName } from "../../../../stores/store.js";
import { type AbsentChunk, absentChunks } from "./chunks.js";
import { type Lazy, lazy, Undecided } from "./fact.js";
import { type OddVoxels, oddVoxels } from "./odd-voxels.js";
import type { Tree } from "./tree.js";

/** One array of a multiscale image. */
interface ZarrLevel {
  /** Name of its folder. */
  readonly name: string;
  readonly shape: readonly number[];
  /** `float32`, or the text of the document where it is no type that is known. */
  readonly dtype: string;
  /** Chunks that are not stored. */
  readonly absent: Lazy<readonly AbsentChunk[]>;
  /** Voxels that are NaN or infinite: their number and the first of them. */
  readonly odd: Lazy<OddVoxels>;
}

export interface ZarrFacts {
  /** Names directly in the folder, without slashes. */
  readonly children: Lazy<readonly string[]>;
  /** Its first image according to the attributes, with its place in them. */
  readonly image: Lazy<ZarrImage>;
  /** Arrays among the children, by their documents. */
  readonly levels: Lazy<readonly ZarrLevel[]>;
}

export interface ZarrImage {
  /** Key of the document that holds it. */
  readonly key: string;
  /** Dotted path of the image in it. */
  readonly path: string;
  readonly json: JsonObject;
  /** All attributes of the folder, with where they stand in the document: "" for the whole of it. */
  readonly attributes: { readonly path: string; readonly json: JsonObject };
  /** The list of a mask's labels, with its place: beside the image in OME-Zarr 0.5, in its `metadata` in the portal's 0.4. */
  readonly imageLabel: { readonly path: string; readonly json: Json | undefined };
  /** 3 for OME-Zarr 0.5, else 2. */
  readonly zarrFormat: 2 | 3;
}

/** Documents of an OME-Zarr folder, version 2 or 3 of Zarr, and which chunks are stored. */
export function zarrFacts(tree: Tree, folder: string): ZarrFacts {
  const names = (entries: readonly { key: string }[]) => entries.map(({ key }) => key.slice(folder.length + 1));
  const listed = lazy("Zarr folder", async () => {
    const entries = await tree.children(`${folder}/`);
    return entries.length === 0 ? undefined : names(entries);
  });
  const all = async (): Promise<readonly string[]> => {
    const fact = await listed();
    if ("value" in fact) return fact.value;
    throw fact.fault ?? new Undecided(fact.why);
  };
  const children = lazy("Zarr folder", async () => (await all()).map((name) => name.replace(/\/$/, "")));
  const image = lazy("attributes of the Zarr folder", async () => {
    const isThird = (await all()).includes("zarr.json");
    const key = `${folder}/${isThird ? "zarr.json" : ".zattrs"}`;
    const document = await tree.document(key);
    return document && imageOf(document, key, isThird);
  });
  const levels = lazy("Zarr folder", async () => {
    const found: ZarrLevel[] = [];
    for (const name of (await all()).filter((child) => child.endsWith("/"))) {
      const level = await levelOf(tree, folder, name.slice(0, -1));
      if (level) found.push(level);
    }
    return found;
  });
  return { children, image, levels };
}

function imageOf(document: JsonObject, key: string, isThird: boolean): ZarrImage {
  const attributes = isThird
    ? { path: "attributes", json: asObject(member(document, "attributes"), key, "attributes") }
    : { path: "", json: document };
  const json = isThird ? asObject(member(attributes.json, "ome"), key, "attributes.ome") : document;
  const path = isThird ? "attributes.ome." : "";
  const multiscales = member(json, "multiscales");
  if (!isArray(multiscales) || !isJsonObject(multiscales[0])) {
    throw wrongField(key, `${path}multiscales`, multiscales, "a list of one image");
  }
  const first = multiscales[0];
  const metadata = member(first, "metadata");
  const imageLabel = isThird
    ? { path: `${path}image-label`, json: member(json, "image-label") }
    : { path: "multiscales.0.metadata.image-label", json: isJsonObject(metadata) ? member(metadata, "image-label") : undefined };
  return { key, path: `${path}multiscales.0`, json: first, attributes, imageLabel, zarrFormat: isThird ? 3 : 2 };
}

async function levelOf(tree: Tree, folder: string, name: string): Promise<ZarrLevel | undefined> {
  const second = `${folder}/${name}/.zarray`;
  const third = `${folder}/${name}/zarr.json`;
  const isSecond = await tree.exists(second);
  if (!isSecond && !(await tree.exists(third))) return undefined;
  const key = isSecond ? second : third;
  const file = objectName(tree.store, key);
  const bytes = (await tree.bytes(key))!;
  const document = parseMetadata(bytes, file);
  const shape = member(document, "shape");
  if (!isArray(shape) || !shape.every((length) => Number.isInteger(toNumber(length)))) {
    throw wrongField(key, "shape", shape, "a list of whole numbers");
  }
  const dtype = member(document, isSecond ? "dtype" : "data_type");
  if (typeof dtype !== "string") throw wrongField(key, isSecond ? "dtype" : "data_type", dtype, "the name of a type");
  const array = {
    name: objectName(tree.store, `${folder}/${name}`),
    folder: `${folder}/${name}`,
    document: bytes,
    isThird: !isSecond,
  };
  return {
    name,
    absent: lazy("chunks of the Zarr folder", () => absentChunks(tree, array)),
    odd: lazy("voxels of the Zarr folder", () => oddVoxels(tree, array)),
    shape: shape.map((length) => toNumber(length)!),
    dtype: (isSecond ? parseZarrDType(dtype)?.dtype : undefined) ?? dtype,
  };
}
