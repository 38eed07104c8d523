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
  [
    /\/Annotations\/(?:[^/]+\/)?[^/]+\.ndjson$/,
    () => out("points as the portal writes them, which are no source of a submission"),
  ],
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
