/**
 * A kind of entity of a deposition. `type` is the key of filters, flags and parent filters, `section` the key of a configuration
 * and of plural flags.
 */
export interface Kind {
  readonly type: string;
  readonly section: string;
  readonly parent: string | undefined;
  readonly hasMetadata: boolean;
  /** Its folders are numbered from 100: templates may use `{<type>_id}`. */
  readonly hasId: boolean;
  /** False for kinds that have a built-in default and no section in a configuration. */
  readonly configured: boolean;
}

/** The kinds in the order in which a deposition is walked: parents first, siblings as they depend on each other. */
export const KINDS = [
  kind("deposition", "depositions", undefined, { hasMetadata: true }),
  kind("dataset", "datasets", "deposition", { hasMetadata: true }),
  kind("run", "runs", "dataset", { hasMetadata: true }),
  kind("gain", "gains", "run"),
  kind("collection_metadata", "collection_metadata", "run"),
  kind("frame", "frames", "run", { hasMetadata: true }),
  kind("tiltseries", "tiltseries", "run", { hasMetadata: true, hasId: true }),
  kind("ctf", "ctfs", "tiltseries"),
  kind("rawtilt", "rawtilts", "tiltseries"),
  kind("alignment", "alignments", "run", { hasMetadata: true, hasId: true }),
  kind("identified_object", "identified_objects", "run", { hasMetadata: true, hasId: true }),
  kind("voxel_spacing", "voxel_spacings", "run"),
  kind("annotation", "annotations", "voxel_spacing", { hasMetadata: true, hasId: true }),
  kind("annotation_viz", "annotation_viz", "annotation", { configured: false }),
  kind("tomogram", "tomograms", "voxel_spacing", { hasMetadata: true, hasId: true }),
  kind("key_image", "key_images", "tomogram"),
  kind("viz_config", "viz_config", "voxel_spacing", { configured: false }),
  kind("dataset_keyphoto", "dataset_keyphotos", "dataset"),
  kind("deposition_keyphoto", "deposition_keyphotos", "deposition"),
] as const;

export type TypeKey = (typeof KINDS)[number]["type"];
export type SectionKey = (typeof KINDS)[number]["section"];

function kind<T extends string, S extends string>(
  type: T,
  section: S,
  parent: string | undefined,
  { hasMetadata = false, hasId = false, configured = true } = {},
): Kind & { readonly type: T; readonly section: S } {
  return { type, section, parent, hasMetadata, hasId, configured };
}

export function kindOf(type: TypeKey): (typeof KINDS)[number] {
  return KINDS.find((entry) => entry.type === type)!;
}

export function kindOfSection(section: string): (typeof KINDS)[number] | undefined {
  return KINDS.find((entry) => entry.section === section);
}

/** Parent, grandparent, … of a type, nearest first. */
export function ancestorsOf(type: TypeKey): TypeKey[] {
  const parent = kindOf(type).parent as TypeKey | undefined;
  return parent === undefined ? [] : [parent, ...ancestorsOf(parent)];
}
