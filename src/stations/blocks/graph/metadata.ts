import { type Json, type JsonObject, parseJson } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import { printLegacyMeshInfo } from "../../../formats/precomputed/legacy-mesh.js";
import { printZattrs, printZgroup } from "../../../formats/zarr/metadata.js";
import { printZarrV3, zarrV3GroupMetadata } from "../../../formats/zarr/v3-metadata.js";
import { absent, type Store } from "../../../stores/store.js";
import { arrayDocument } from "./array-access.js";
import type { Facts } from "./nodes.js";
import { levelsOf, type OutputPlan, type ResultPlan } from "./outputs.js";
import { infoOf } from "./precomputed-array.js";
import { LAST_OF_FOLDER, printResult } from "./reduce/print-result.js";
import { savedBy } from "./save/fields.js";
import { manifestOf } from "./save/files.js";

/** An object of JSON. */
export type JsonDocument = { readonly key: string; readonly text: string };

/** The documents of a volume whose blocks are all there, in the order in which they are written; the one that makes it an image comes last. */
export function documentsOf(output: OutputPlan): JsonDocument[] {
  if (output.array.format === "precomputed") return [{ key: `${output.folder}info`, text: infoOf(output) }];
  const arrays = levelsOf(output).map(({ array }, level) => {
    const { key, text } = arrayDocument(array);
    return { key: `${output.folder}${level}/${key}`, text };
  });
  const document = (key: string, text: string) => ({ key: `${output.folder}${key}`, text });
  if (output.array.format === "zarr2")
    return [...arrays, document(".zgroup", printZgroup()), document(".zattrs", printZattrs(imageOf(output, "0.4")))];
  const attributes = { ome: { version: "0.5", ...imageOf(output, undefined) } };
  return [...arrays, document("zarr.json", printZarrV3(zarrV3GroupMetadata({ attributes })))];
}

/** The result of a reduction as it was asked for. */
export async function printedResult(
  target: Store,
  { key, from, format }: Pick<ResultPlan, "key" | "from" | "format">,
  signal?: AbortSignal,
): Promise<{ key: string; bytes: Uint8Array; contentType: string }> {
  const bytes = await target.read(from, undefined, { signal });
  if (!bytes) throw absent(target, from);
  return { key, ...printResult(parseJson(new TextDecoder().decode(bytes)) as JsonObject, format) };
}

/** Documents that are written when the files of a result are all there; none for results that are documents themselves. */
export function documentsOfFiles(result: ResultPlan): JsonDocument[] {
  const saved = savedBy(result.node);
  const text = saved ? manifestOf(saved) : result.format === "precomputed-mesh" ? printLegacyMeshInfo() : undefined;
  return text === undefined ? [] : [{ key: resultDocument(result), text }];
}

/** Key of the object that is written last of a result. */
export function resultDocument({ key, format }: ResultPlan): string {
  const last = LAST_OF_FOLDER[format];
  return last === undefined ? key : `${key}/${last}`;
}

/** Key of the document that makes a folder an image. */
export function imageDocument({ folder, array }: OutputPlan): string {
  return `${folder}${IMAGE_DOCUMENTS[array.format]}`;
}

const IMAGE_DOCUMENTS = { zarr2: ".zattrs", zarr3: "zarr.json", precomputed: "info" } as const;

/** Names of axes, sizes in nanometers, and where each level begins. @param version that the image says itself */
function imageOf(output: OutputPlan, version: string | undefined): JsonObject {
  const { voxelSizeNm } = output.node.facts;
  const isKnown = (axis: number) => voxelSizeNm[axis] !== undefined;
  const axes = ["z", "y", "x"].map((axis, at) => ({ name: axis, type: "space", ...(isKnown(at) ? { unit: "nanometer" } : {}) }));
  const datasets = levelsOf(output).map(({ node }, level) => datasetOf(node.facts, level));
  return { multiscales: [{ ...(version ? { version } : {}), name: output.name, axes, datasets }] };
}

function datasetOf({ voxelSizeNm, offsetNm }: Facts, level: number): JsonObject {
  const scale = voxelSizeNm.map((size) => new Float(size ?? 2 ** level));
  const transformations: Json[] = [{ type: "scale", scale }];
  if (offsetNm.some((at) => at !== 0))
    transformations.push({ type: "translation", translation: offsetNm.map((at) => new Float(at)) });
  return { path: String(level), coordinateTransformations: transformations };
}
