import type { JsonObject } from "../../../../../core/json.js";
import { jsonObject, jsonText } from "../../../../../core/json-fields.js";
import { ENUMS } from "../../../../../model/enums.js";
import { ALIGNMENT_METADATA, TILTSERIES_METADATA, TOMOGRAM_METADATA } from "../../../../../model/layout.js";
import type { Details, Role } from "../../claims.js";

/** What a file of a run is, by its path below the run's folder. */
export interface Entity {
  readonly role: Role;
  /** For `left out`: why. */
  readonly reason?: string | undefined;
  /** Its metadata, below the run's folder. */
  readonly metadata?: string | undefined;
  readonly details?: ((metadata: JsonObject | undefined) => Details) | undefined;
}

const out = (reason: string): Entity => ({ role: "left out", reason });
const METADATA = out("metadata of the portal");

/**
 * The portal's layout, with the numbers of entities and as it was before it had them.
 *
 * Source: `model/layout.ts`; https://chanzuckerberg.github.io/cryoet-data-portal/stable/cryoet_data_portal_docsite_data.html
 */
const PLACES: readonly (readonly [form: RegExp, entity: (parts: RegExpExecArray) => Entity])[] = [
  [/(?:^|\/)NeuroglancerPrecompute\/|(?:^|\/)Images\//, () => out("made for viewers of the portal")],
  [/^(?:.+_)?metadata\.json$|\/\w+_metadata\.json$/, () => METADATA],
  [/^IdentifiedObjects\//, () => out("a table of the portal's identified objects: the portal makes it of a CSV")],
  [/^Frames\/[^/]+\.mdoc$/, () => ({ role: "acquisition" })],
  [/^Frames\/.+(?<!\.json)$/, () => ({ role: "frame" })],
  [/^Gains\/.+(?<!\.json)$/, () => ({ role: "gain" })],
  [/^TiltSeries\/(?:[^/]+\/)?[^/]+\.rawtlt$/, () => ({ role: "raw tilts" })],
  [
    /^TiltSeries\/(?:[^/]+\/)?[^/]+_([A-Za-z0-9]+)_ctf\.txt$/,
    ([, format]) => ({ role: "ctf", details: () => ({ format: format! }) }),
  ],
  [
    /^(TiltSeries\/(?:[^/]+\/)?)[^/]+\.(?:mrc|zarr)$/,
    ([, folder]) => ({ role: "tilt series", metadata: `${folder}${TILTSERIES_METADATA}`, details: seriesDetails }),
  ],
  [
    /^(Alignments\/(?:[^/]+\/)?)[^/]+(?<!\.json)$/,
    ([, folder]) => ({ role: "alignment", metadata: `${folder}${ALIGNMENT_METADATA}`, details: alignmentDetails }),
  ],
  [
    /^(Reconstructions\/VoxelSpacing[\d.]+\/(?:Tomograms|CanonicalTomogram)\/(?:[^/]+\/)?)[^/]+\.(?:mrc|zarr)$/,
    ([, folder]) => ({ role: "tomogram", metadata: `${folder}${TOMOGRAM_METADATA}`, details: tomogramDetails }),
  ],
  [/\/Annotations\/(?:[^/]+\/)?[^/]+(?:caption|[0-9])\.json$/, () => METADATA],
  [/\/Annotations\/(?:[^/]+\/)?[^/]+\.ndjson$/, () => out(POINTS_OF_THE_PORTAL)],
  annotation("instancesegmask|instancesegmentationmask", "(?:mrc|zarr)", "mask", { isInstances: true }),
  annotation("segmask|segmentationmask", "(?:mrc|zarr)", "mask", { label: 1 }),
  annotation("triangularmesh", "glb", "mesh", {}),
];

function annotation(shape: string, end: string, role: Role, more: Details): (typeof PLACES)[number] {
  return [
    new RegExp(`^(.*/Annotations/(?:[^/]+/)?)([^/]+)_(?:${shape})\\.${end}$`),
    ([, folder, prefix]) => ({
      role,
      metadata: `${folder}${prefix}.json`,
      details: (metadata) => {
        const object = jsonText(jsonObject(metadata?.annotation_object)?.name);
        return { ...more, ...(object !== undefined && { object }) };
      },
    }),
  ];
}

/** Why what a dataset of the portal holds is left out, as the end of a sentence. */
export const OF_THE_PORTAL = "of a dataset in the portal's layout, which is on the portal already, or was made of the others";

/** Why lists of points in the portal's own form are left out. */
export const POINTS_OF_THE_PORTAL = "points as the portal writes them, which are no source of a submission";

/** `ribosome-1.0_orientedpoint.ndjson`, `TS_019-102-membrane-1.0_segmentationmask.mrc`: object, version and shape, as nobody else calls a file. */
const NAME_OF_ANNOTATION =
  /-\d+\.\d+_(?:(?:oriented|instance)?point|instancesegmentation|(?:instance)?seg(?:mentation)?mask|triangularmesh)\.(?:ndjson|mrc|zarr|glb)$/;

/** Whether the name of a file is that of an annotation of the portal, wherever the file lies: people download single ones into one folder. */
export const isNamedAnnotation = (path: string): boolean => NAME_OF_ANNOTATION.test(path);

/** Path of the metadata that the portal has beside an annotation. */
export const metadataOfAnnotation = (path: string): string => path.replace(/_[a-z]+\.[a-z]+$/, ".json");

export function entityOf(path: string): Entity | undefined {
  for (const [form, entity] of PLACES) {
    const parts = form.exec(path);
    if (parts) return entity(parts);
  }
  return undefined;
}

const oneOf = <T extends string>(words: readonly T[], value: unknown): T | undefined => words.find((word) => word === value);
const positive = (value: unknown): number | undefined => (Number(value) > 0 ? Number(value) : undefined);

function seriesDetails(metadata: JsonObject | undefined): Details {
  const spacingAngstrom = positive(metadata?.pixel_spacing);
  return spacingAngstrom === undefined ? {} : { spacingAngstrom };
}

function alignmentDetails(metadata: JsonObject | undefined): Details {
  return {
    format: oneOf(ENUMS.alignment_format, metadata?.format),
    methodType: oneOf(ENUMS.alignment_method_type, metadata?.method_type),
    alignmentType: oneOf(ENUMS.alignment_type, metadata?.alignment_type),
  };
}

function tomogramDetails(metadata: JsonObject | undefined): Details {
  const fiducial = jsonText(metadata?.fiducial_alignment_status);
  const corrected = metadata?.ctf_corrected;
  return {
    spacingAngstrom: positive(metadata?.voxel_spacing),
    processing: oneOf(ENUMS.tomogram_processing, metadata?.processing),
    processingSoftware: jsonText(metadata?.processing_software) || undefined,
    reconstructionSoftware: jsonText(metadata?.reconstruction_software) || undefined,
    reconstructionMethod: oneOf(ENUMS.tomogram_reconstruction_method, metadata?.reconstruction_method),
    ctfCorrected: typeof corrected === "boolean" ? corrected : undefined,
    fiducial: fiducial === "FIDUCIAL" ? true : fiducial === "NON_FIDUCIAL" ? false : undefined,
  };
}
