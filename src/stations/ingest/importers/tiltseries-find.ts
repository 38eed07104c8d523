import { TILTSERIES_METADATA, tiltseriesFolder } from "../../../model/layout.js";
import { baseName } from "../../../stores/keys.js";
import { scalarText } from "../config/nodes.js";
import { allotIds, depositionOf, readMetadata, storedKeys } from "../identifiers.js";
import { type ImportContext, passOver, warn } from "./importer.js";
import { findSection, isAsked, type SectionItem, wants } from "./sections.js";

/** A tilt series of a run, before anything of it is read. */
export interface Tiltseries {
  readonly item: SectionItem;
  readonly id: number;
  readonly folder: string;
  readonly metadataKey: string;
  readonly title: string;
  /** False for one that filters leave out, or that is only referred to: files beside it may still be written. */
  readonly selected: boolean;
  /** The filters of the command let it through: what lies below it is looked for. */
  readonly accepted: boolean;
}

const KIND = "tiltseries";

/**
 * The tilt series of a run with their ids. The first one of a deposition is identified by the deposition alone, as in the
 * reference; all others also by the names of their files, so that they do not replace the first. (`compat`: they do, and the last
 * one wins.)
 */
export async function findTiltseries(context: ImportContext): Promise<readonly Tiltseries[]> {
  const { items } = await findSection(context, KIND, context.scope);
  const own: SectionItem[] = [];
  const all: Tiltseries[] = [];
  for (const item of items) {
    if (item.atTarget) {
      const referred = await referredTo(context, item, all);
      if (referred) all.push(referred);
    } else if (!own.some(({ key, block }) => key === item.key && block === item.block)) own.push(item);
  }
  for (const tiltseries of await identified(context, own)) all.push(tiltseries);
  return all;
}

/** Undefined, with a warning, for what is no tilt series; and for one that is known already. */
async function referredTo(
  context: ImportContext,
  item: SectionItem,
  known: readonly Tiltseries[],
): Promise<Tiltseries | undefined> {
  const { run } = context.location;
  const reference = await readReference(context, item);
  if (!reference && wants(context, KIND)) {
    warn(context, `${run}: ${scalarText(item.name)} on the target is not a tilt series with metadata; it is ignored`, item.place);
  }
  if (!reference || known.some(({ metadataKey }) => metadataKey === reference.metadataKey)) return undefined;
  const { id, folder, metadataKey } = reference;
  const title = `tilt series ${id} of ${run}`;
  if (wants(context, KIND)) passOver(context, { kind: KIND, title }, "only referred to", item.place);
  return { item, id, folder, metadataKey, title, selected: false, accepted: isAsked(context, KIND, item) };
}

/** The tilt series of the source, each with its id. */
async function identified(context: ImportContext, own: readonly SectionItem[]): Promise<Tiltseries[]> {
  const { entity: run, depositionId, compat, location } = context;
  const container = `${run.folder}/TiltSeries`;
  const identities = own.map((item, index) => {
    const metadata = item.block.metadata?.entries.get("deposition_id");
    const configured = metadata?.kind === "scalar" ? { deposition_id: metadata.value } : {};
    const deposition = depositionOf(configured, depositionId);
    const name = item.key === null ? scalarText(item.name) : baseName(item.key);
    return index === 0 || compat ? [deposition] : [deposition, name];
  });
  const stored = await context.stored(run.folder, KIND);
  const known = storedKeys(container, stored, depositionId, identities, context);
  const ids = allotIds(container, known, context, identities);
  context.draft.ids.push(...ids.given);
  return own.map((item, index): Tiltseries => {
    const id = ids.of(identities[index]!);
    const folder = tiltseriesFolder(run.folder, id);
    const title = `tilt series ${id} of ${location.run}`;
    const isAccepted = isAsked(context, KIND, item);
    const isReplaced = compat && own.slice(index + 1).some((other) => isAsked(context, KIND, other));
    if (wants(context, KIND) && !isAccepted) passOver(context, { kind: KIND, title }, "filtered out", item.place);
    if (wants(context, KIND) && isAccepted && isReplaced) {
      const message = `${location.run}: ${scalarText(item.name)} and a later tilt series have the id ${id}; the last one is written`;
      warn(context, message, item.place);
    }
    const accepted = isAccepted && !isReplaced;
    const metadataKey = `${folder}/${TILTSERIES_METADATA}`;
    return { item, id, folder, metadataKey, title, selected: accepted && wants(context, KIND), accepted };
  });
}

/**
 * The stored tilt series that an item on the target refers to: by its metadata file, its folder, or a file in it. Its folder and
 * id are not changed by the configuration. Undefined for anything else that a glob finds there.
 */
async function readReference(
  { target }: ImportContext,
  { key, folder: isFolder }: SectionItem,
): Promise<Pick<Tiltseries, "id" | "folder" | "metadataKey"> | undefined> {
  if (key === null) return undefined;
  const folder = isFolder && /^\d+$/.test(baseName(key)) ? key : key.slice(0, Math.max(0, key.lastIndexOf("/")));
  if (!/^\d+$/.test(baseName(folder))) return undefined;
  const metadataKey = `${folder}/${TILTSERIES_METADATA}`;
  const metadata = await readMetadata(target.store, metadataKey);
  return metadata && { id: Number(baseName(folder)), folder, metadataKey };
}
