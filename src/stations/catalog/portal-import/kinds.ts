import { createHash } from "node:crypto";
import type { EntityName } from "../../../catalog/entities.js";
import { EmporiumError } from "../../../core/errors.js";

interface Kind {
  /** Entities whose rows are of this kind. */
  readonly entities: readonly EntityName[];
  /** The kind that these rows belong to. It is imported too. */
  readonly parent?: string;
}

/** The kinds that can be imported alone, with those that each implies. A dataset's own row is always imported. */
const KINDS = {
  "dataset-authors": { entities: ["DatasetAuthor"] },
  "dataset-funding": { entities: ["DatasetFunding"] },
  depositions: { entities: ["Deposition", "DepositionAuthor", "DepositionType"] },
  runs: { entities: ["Run"] },
  "frame-acquisition-files": { entities: ["FrameAcquisitionFile"], parent: "runs" },
  frames: { entities: ["Frame"], parent: "frame-acquisition-files" },
  gains: { entities: ["GainFile"], parent: "runs" },
  tiltseries: { entities: ["Tiltseries", "PerSectionParameters"], parent: "runs" },
  alignments: { entities: ["Alignment", "PerSectionAlignmentParameters"], parent: "tiltseries" },
  "identified-objects": { entities: ["IdentifiedObject"], parent: "runs" },
  "tomogram-voxel-spacing": { entities: ["TomogramVoxelSpacing"], parent: "runs" },
  tomograms: { entities: ["Tomogram"], parent: "tomogram-voxel-spacing" },
  "tomogram-authors": { entities: ["TomogramAuthor"], parent: "tomograms" },
  annotations: { entities: ["Annotation", "AnnotationShape", "AnnotationFile"], parent: "tomogram-voxel-spacing" },
  "annotation-authors": { entities: ["AnnotationAuthor"], parent: "annotations" },
  "annotation-method-links": { entities: ["AnnotationMethodLink"], parent: "annotations" },
} as const satisfies Record<string, Kind>;

export type ImportKind = keyof typeof KINDS;
export const IMPORT_KINDS = Object.keys(KINDS) as [ImportKind, ...ImportKind[]];

/** The selected kinds. Rows of all others are neither written nor removed. */
export interface Wanted {
  /** The kinds with those that they imply, sorted; undefined: all. */
  readonly kinds: readonly ImportKind[] | undefined;
  has(entity: EntityName): boolean;
}

/** The fingerprint after a partial import: it differs from that of a full one, which would otherwise find nothing to do. */
export function fingerprintWith(whole: string, { kinds }: Wanted): string {
  return kinds === undefined ? whole : createHash("sha256").update(`${whole} ${kinds.join()}`).digest("hex");
}

const ALL_KINDS: Wanted = { kinds: undefined, has: () => true };

/** @param kinds none: all @throws {EmporiumError} USAGE for an unknown kind */
export function wantedKinds(kinds: readonly string[] | undefined): Wanted {
  if (kinds === undefined || kinds.length === 0) return ALL_KINDS;
  const known: Readonly<Record<string, Kind>> = KINDS;
  const all = new Set<string>();
  for (let [name, kind] of kinds.map((given): [string, Kind | undefined] => [given, known[given]])) {
    if (!kind) throw new EmporiumError("USAGE", `expected one of ${IMPORT_KINDS.join(", ")}, found ${name}`);
    while (kind) {
      all.add(name);
      name = kind.parent ?? "";
      kind = known[name];
    }
  }
  const entities = new Set<EntityName>(["Dataset", ...[...all].flatMap((name) => known[name]!.entities)]);
  return { kinds: ([...all] as ImportKind[]).sort(), has: (entity) => entities.has(entity) };
}
