import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { annotationPrefix } from "../../../model/annotation-files.js";
import type { ShapeSource } from "../config/annotation-shapes.js";
import { formatTemplate } from "../config/expand.js";
import { scalarText, textOfNode, toJson } from "../config/nodes.js";
import type { Block } from "../config/schema.js";
import { variablesOf } from "../finders/scope.js";
import { depositionOf } from "../identifiers.js";
import type { PlanContext } from "./context.js";
import { type ImportContext, scopeBelow } from "./importer.js";
import { findSection, isAsked, placeOf, type SectionItem, sectionOf, wants } from "./sections.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** One file, or folder of a Zarr, that a source of an annotation found. */
export interface AnnotationSource {
  readonly item: SectionItem;
  readonly shape: ShapeSource;
  /** The rows that are meant, of a list that several tomograms share. */
  readonly filterValue: string | undefined;
  /** False for what the filters of the command leave out. */
  readonly accepted: boolean;
}

/** One annotation: the files that a block of the configuration finds at one voxel spacing of a run. */
export interface AnnotationCandidate {
  readonly block: Block;
  readonly spacing: VoxelSpacing;
  readonly configured: JsonObject;
  /** Start of its file names: `ribosome-1.0`. */
  readonly prefix: string;
  /** Values that identify this annotation among those of the run: it gets one id for them. */
  readonly identity: readonly string[];
  readonly title: string;
  readonly sources: readonly AnnotationSource[];
}

/**
 * Checks metadata of annotations before anything is written: file names contain object and version, and metadata files are
 * recognised by the digit at the end of the version.
 *
 * @throws {EmporiumError} CONFIG_FIELD
 */
export function checkAnnotationSection(context: Pick<PlanContext, "config" | "selection">): void {
  if (!wants(context, "annotation")) return;
  for (const block of sectionOf(context, "annotation")?.blocks ?? []) prefixOf(block);
}

function prefixOf(block: Block): string {
  const object = block.metadata?.entries.get("annotation_object");
  const name = object?.kind === "map" ? textOfNode(object.entries.get("name")) : undefined;
  const description = object?.kind === "map" ? textOfNode(object.entries.get("description")) : undefined;
  const version = textOfNode(block.metadata?.entries.get("version"));
  if (!name) {
    throw new EmporiumError("CONFIG_FIELD", "annotation_object.name is missing", {
      place: placeOf(block, "annotation_object"),
      hint: "name the object: the annotation's files are named after it",
    });
  }
  if (version === undefined || !/[0-9]$/.test(version)) {
    const found = version === undefined ? "version is missing" : `version is ${JSON.stringify(version)}`;
    throw new EmporiumError("CONFIG_FIELD", `${found}; expected a text that ends with a digit`, {
      place: placeOf(block, "version"),
      hint: 'add version: "1.0" to the metadata of the annotation',
    });
  }
  return annotationPrefix({ name, description }, version);
}

/** Everything that the configuration finds at a voxel spacing: a candidate for each block with items, in order. */
export async function findAnnotations(
  context: ImportContext,
  spacing: VoxelSpacing,
  alignmentPath: string,
): Promise<AnnotationCandidate[]> {
  const { depositionId, location } = context;
  const scope = scopeBelow(context, spacing.ancestor);
  const { items } = await findSection(context, "annotation", scope);
  const variables = variablesOf(scope);
  const byBlock = new Map<Block, AnnotationSource[]>();
  for (const item of items) {
    const { shape } = item.source;
    if (!shape) continue;
    const unfit = await unfitness(context, item, shape);
    if (unfit !== undefined) {
      if (item.key !== null) context.finds.because(item.key, unfit);
      continue;
    }
    const node = shape.filterValue;
    const filterValue =
      node && formatTemplate(String(node.value), variables, { place: node.place, nullText: context.compat ? "None" : undefined });
    const sources = byBlock.get(item.block) ?? [];
    byBlock.set(item.block, sources);
    // a file that two globs of one source find is one file
    if (sources.some((other) => other.item.source === item.source && other.item.key === item.key)) continue;
    sources.push({ item, shape, filterValue, accepted: isAsked(context, "annotation", item) });
  }
  return [...byBlock].map(([block, sources]) => {
    const prefix = prefixOf(block);
    const configured = toJson(block.metadata!) as JsonObject;
    const ingestId = idOf(configured);
    return {
      block,
      spacing,
      configured,
      prefix,
      identity: annotationIdentity(configured, ingestId === "" && !context.compat ? `file ${prefix}` : ingestId, {
        depositionId,
        alignmentPath,
      }),
      title: `annotation ${ingestId || prefix} of ${location.run} (${spacing.name} Å)`,
      sources,
    };
  });
}

const ZARR_DOCUMENTS = [".zattrs", ".zgroup", ".zarray", "zarr.json"];

/** Why nothing can be made of a find. Masks are files or Zarr folders, whatever `file_format` calls them; all else is a file. */
async function unfitness(
  { source }: PlanContext,
  { key, folder }: SectionItem,
  { shape }: ShapeSource,
): Promise<string | undefined> {
  if (key === null) return "a literal names no file";
  if (!folder) return undefined;
  if (!shape.endsWith("Mask")) return "a folder; expected a file";
  if (key.includes(".zarr")) return undefined;
  for (const document of ZARR_DOCUMENTS) if (await source.child(`${key}/`, document)) return undefined;
  return "a folder that is not a Zarr";
}

/** Identity of an annotation that is on the target. Without an id of its own it is known by what its files are called. */
export function storedIdentity(metadata: JsonObject, key: string, depositionId: string, compat: boolean): string[] {
  const ingestId = idOf(metadata);
  const prefix = key.slice(key.lastIndexOf("/") + 1).replace(/\.json$/, "");
  const alignment = metadata.alignment_metadata_path;
  return annotationIdentity(metadata, ingestId === "" && !compat ? `file ${prefix}` : ingestId, {
    depositionId,
    alignmentPath: typeof alignment === "string" ? alignment : "",
  });
}

function annotationIdentity(
  metadata: JsonObject,
  ingestId: string,
  { depositionId, alignmentPath }: { depositionId: string; alignmentPath: string },
): string[] {
  return [depositionOf(metadata, depositionId), ingestId, alignmentPath];
}

function idOf({ annotation_ingest_id: id }: JsonObject): string {
  return id === undefined || id === null || Array.isArray(id) ? "" : scalarText(id as Parameters<typeof scalarText>[0]);
}

/** The list of files that annotation metadata hold, as they stand; an empty one for anything else. */
export function listedFiles(metadata: JsonObject | undefined): readonly JsonObject[] {
  const files = metadata?.files;
  return Array.isArray(files) ? (files.filter((file) => isFileEntry(file)) as JsonObject[]) : [];
}

function isFileEntry(value: Json): boolean {
  return typeof value === "object" && value !== null && "path" in value && typeof value.path === "string";
}
