import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { ALIGNMENT_METADATA, alignmentFolder, alignmentMetadataKey } from "../../../model/layout.js";
import { baseName } from "../../../stores/keys.js";
import { expandValue } from "../config/expand.js";
import { scalarText, toJson } from "../config/nodes.js";
import { allotIds, depositionOf, storedKeys } from "../identifiers.js";
import { distinctFiles, extensionOf } from "./copies.js";
import type { ImportContext } from "./importer.js";
import { findSection, type SectionItem } from "./sections.js";

/** An alignment of a run. Tomograms name the run's first. */
export interface Alignment {
  /** `default`: metadata alone. `files`: made of files of the source. `stored`: on the target already. */
  readonly origin: "default" | "files" | "stored";
  /** Name that filters are matched with: the names of its files, joined. */
  readonly name: string;
  readonly metadataKey: string;
  /** Folder on the target. */
  readonly folder: string;
  readonly configured: JsonObject;
  /** Files of the source, each once. */
  readonly files: readonly SectionItem[];
  /** Files in its metadata: all of `files`, but under `compat` an earlier entry's files stay in the folder unlisted. */
  readonly listed: readonly SectionItem[];
  /** The first that was found; undefined where the default stands in for a section that finds nothing. */
  readonly item: SectionItem | undefined;
}

const IDENTITY = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => (row === column ? 1 : 0)));

/** Metadata of an alignment that its configuration lacks, and all of the default one's, in the order of the document. */
export const ALIGNMENT_DEFAULTS: JsonObject = {
  affine_transformation_matrix: IDENTITY,
  alignment_type: "GLOBAL",
  is_portal_standard: false,
  volume_offset: { x: 0, y: 0, z: 0 },
  tilt_offset: 0,
  x_rotation_offset: 0,
  method_type: "undefined",
};

/** A part of an alignment in the making: what one source entry found, or several that complete each other. */
interface Group {
  readonly items: SectionItem[];
}

/** An alignment before it has an id; one that is on the target has its own. */
type Unnumbered = Alignment | Omit<Alignment, "metadataKey" | "folder">;

/**
 * The alignments of a run, at least one: those that its configuration finds, or the default if no source finds any. All files of
 * one source entry are one alignment, as are entries of one block that find files of other kinds (one the `.xf`, another the
 * `.tlt`).
 *
 * The first one of a deposition is identified by the deposition alone, as in the reference; all others also by their names, so
 * that they do not replace the first. (`compat`: they do, and the last one wins.)
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two default alignments of one run, CONFIG_GLOB_COUNT for several stored ones in
 *   one source
 */
export async function findAlignments(context: ImportContext): Promise<readonly Alignment[]> {
  const runName = context.location.run!;
  const { items } = await findSection(context, "alignment", context.scope);
  const made = groupsOf(context, items).map(({ items: [...group] }): Unnumbered => {
    const [first] = group;
    const references = group.filter(({ key }) => key?.endsWith("metadata.json"));
    if (references.length > 0) return storedAlignment(group, references, runName);
    const files = distinctFiles(group);
    const origin = files.length === 0 ? "default" : "files";
    return { origin, name: nameOf(group), configured: configuredOf(context, first!), files, listed: files, item: first };
  });
  const defaults = made.filter(({ origin }) => origin === "default");
  if (defaults.length > 1 && !context.compat) {
    throw new EmporiumError("CONFIG_COLLISION", `${runName}: two default alignments; a run can have one`, {
      place: defaults[1]!.item!.place,
      hint: `keep the two apart by parent_filters; the first is at line ${defaults[0]!.item!.place.line}`,
    });
  }
  if (made.length === 0) {
    made.push({ origin: "default", name: "default", configured: ALIGNMENT_DEFAULTS, files: [], listed: [], item: undefined });
  }
  const all = await numbered(context, made);
  return context.compat ? mergeReplaced(all) : all;
}

/** The alignments with their ids. */
async function numbered(context: ImportContext, made: readonly Unnumbered[]): Promise<Alignment[]> {
  const { entity: run, depositionId } = context;
  const container = `${run.folder}/Alignments`;
  const own = made.filter((alignment) => !("metadataKey" in alignment));
  const identities = own.map(({ configured, name }, index) => {
    const deposition = depositionOf(configured, depositionId);
    return index === 0 || context.compat ? [deposition] : [deposition, name];
  });
  const stored = await context.stored(run.folder, "alignment");
  const known = storedKeys(container, stored, depositionId, identities, context);
  const ids = allotIds(container, known, context, identities);
  context.draft.ids.push(...ids.given);
  return made.map((alignment): Alignment => {
    if ("metadataKey" in alignment) return alignment;
    const id = ids.of(identities[own.indexOf(alignment)]!);
    return { ...alignment, folder: alignmentFolder(run.folder, id), metadataKey: alignmentMetadataKey(run.folder, id) };
  });
}

/** Its metadata, with the run's values filled in. (`compat`: templates stay as they are.) */
function configuredOf({ compat, scope: { row }, location }: ImportContext, { block }: SectionItem): JsonObject {
  if (!block.metadata) return {};
  return (compat ? toJson(block.metadata) : expandValue(block.metadata, { row, run: location.run!, compat })) as JsonObject;
}

/** The reference writes alignments of one id over each other: files of all stay, the metadata are the last one's. */
function mergeReplaced(all: readonly Alignment[]): Alignment[] {
  const merged = new Map<string, Alignment>();
  for (const alignment of all) {
    const files = [...(merged.get(alignment.metadataKey)?.files ?? []), ...alignment.files];
    merged.set(alignment.metadataKey, { ...alignment, files });
  }
  return [...merged.values()];
}

function nameOf(items: readonly SectionItem[]): string {
  return items.map(({ name }) => baseName(scalarText(name))).join(",");
}

/** Items by source entry; entries of a block that bring other kinds of files are one group. */
function groupsOf(context: ImportContext, items: readonly SectionItem[]): Group[] {
  const bySource = new Map<SectionItem["source"], SectionItem[]>();
  for (const item of items) {
    // folders beside files are no files of an alignment
    if (!item.folder) bySource.set(item.source, [...(bySource.get(item.source) ?? []), item]);
  }
  const groups: Group[] = [];
  for (const found of bySource.values()) {
    const group = context.compat ? undefined : groups.find((other) => completes(other.items, found));
    if (group) group.items.push(...found);
    else groups.push({ items: [...found] });
  }
  return groups;
}

function completes(items: readonly SectionItem[], more: readonly SectionItem[]): boolean {
  const isFile = ({ key, atTarget }: SectionItem) => key !== null && !atTarget;
  if (items[0]!.block !== more[0]!.block || ![...items, ...more].every(isFile)) return false;
  const kinds = new Set(items.map(({ key }) => extensionOf(key!).toLowerCase()));
  return more.every(({ key }) => !kinds.has(extensionOf(key!).toLowerCase()));
}

function storedAlignment(group: readonly SectionItem[], references: readonly SectionItem[], run: string): Alignment {
  const [first] = references;
  const key = first!.key!;
  if (references.length > 1 || group.length > 1 || !key.endsWith(ALIGNMENT_METADATA)) {
    throw new EmporiumError(
      "CONFIG_GLOB_COUNT",
      `${run}: expected one ${ALIGNMENT_METADATA}, found ${counted(group.length, "file")}`,
      {
        place: first!.place,
        hint: "narrow list_glob so that it matches one alignment per run",
      },
    );
  }
  const folder = key.slice(0, key.lastIndexOf("/"));
  const name = nameOf(group);
  return { origin: "stored", name, metadataKey: key, folder, configured: {}, files: [], listed: [], item: first };
}
