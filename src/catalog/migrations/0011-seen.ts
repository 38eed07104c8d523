import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Views of the portal's tables that leave out what the session may not see, each with the columns of its table. The settings
 * `emporium.hidden_datasets` and `emporium.hidden_depositions` have the ids as arrays, `{10005,10006}`. A session without both of them sees nothing.
 *
 * Left out is what is in a hidden dataset, what belongs to a hidden deposition, and what refers to something left out: no row that is seen has the number
 * of one that is not. Hidden ids are few, so rows are compared with sets of them, which the database makes once in a statement. Rows without a run or dataset of
 * their own are looked up in the view of what they belong to.
 *
 * A later step that changes columns of the portal's tables drops these views first and makes them again.
 */
export const seen: Migration = {
  up: (db: Kysely<unknown>) => runStatements(db, UP),
  down: (db: Kysely<unknown>) => runStatements(db, ["drop schema emporium_seen cascade"]),
};

const setting = (name: string) => `nullif(current_setting('emporium.hidden_${name}', true), '')`;
const IS_TOLD = `(select ${setting("datasets")} is not null and ${setting("depositions")} is not null)`;
const HIDDEN_DATASETS = `select unnest(${setting("datasets")}::integer[])`;
const HIDDEN_DEPOSITIONS = `select unnest(${setting("depositions")}::integer[])`;
const HIDDEN_RUNS = `select r.id from emporium_portal.run as r where r.dataset_id in (${HIDDEN_DATASETS})`;
/** Rows of hidden depositions, in whatever dataset. */
const ofHidden = (table: string) =>
  `select h.id from emporium_portal.${table} as h where h.deposition_id in (${HIDDEN_DEPOSITIONS})`;
const HIDDEN_ALIGNMENTS = `${ofHidden("alignment")}
  union all select h.id from emporium_portal.alignment as h where h.tiltseries_id in (${ofHidden("tiltseries")})`;
/** Whether a row of a hidden deposition refers to the row `t`. Asked for one row or for many: the database has a way for each. */
const anyHidden = (table: string, column: string, own: string) =>
  `exists (select from emporium_portal.${table} as h where h.${column} = t.${own} and h.deposition_id in (${HIDDEN_DEPOSITIONS}))`;
/** Whether something is at the voxel spacing `t` that is hidden. */
const HIDES = `(${anyHidden("tomogram", "tomogram_voxel_spacing_id", "id")} or ${anyHidden("annotation", "tomogram_voxel_spacing_id", "id")}
  or exists (select from emporium_portal.tomogram as h where h.tomogram_voxel_spacing_id = t.id and h.alignment_id in (${HIDDEN_ALIGNMENTS})))`;

const inDataset = `t.dataset_id is not null and t.dataset_id not in (${HIDDEN_DATASETS})`;
const inRun = `t.run_id is not null and t.run_id not in (${HIDDEN_RUNS})`;
const inDeposition = `(t.deposition_id is null or t.deposition_id not in (${HIDDEN_DEPOSITIONS}))`;
const unless = (column: string, hidden: string) => `(t.${column} is null or t.${column} not in (${hidden}))`;
const below = (table: string, column: string) =>
  `exists (select from emporium_seen.${table} as above where above.id = t.${column})`;

/** Conditions under which a row is seen, by table, in an order in which each view comes after those that it names. */
const SEEN: readonly (readonly [table: string, ...conditions: string[]])[] = [
  ["deposition", `t.id not in (${HIDDEN_DEPOSITIONS})`],
  ["deposition_author", inDeposition],
  ["deposition_type", inDeposition],
  ["dataset", `t.id not in (${HIDDEN_DATASETS})`],
  ["dataset_author", inDataset],
  ["dataset_funding", inDataset],
  ["run", inDataset],
  ["frame", inRun, inDeposition],
  ["frame_acquisition_file", inRun],
  ["gain_file", inRun],
  ["identified_object", inRun],
  ["tiltseries", inRun, inDeposition],
  ["per_section_parameters", inRun, unless("frame_id", ofHidden("frame")), unless("tiltseries_id", ofHidden("tiltseries"))],
  ["alignment", inRun, inDeposition, unless("tiltseries_id", ofHidden("tiltseries"))],
  ["per_section_alignment_parameters", below("alignment", "alignment_id")],
  ["tomogram", inRun, inDeposition, unless("alignment_id", HIDDEN_ALIGNMENTS)],
  ["tomogram_author", below("tomogram", "tomogram_id")],
  ["annotation", inRun, inDeposition],
  ["annotation_author", below("annotation", "annotation_id")],
  ["annotation_method_link", below("annotation", "annotation_id")],
  ["annotation_shape", below("annotation", "annotation_id")],
  ["annotation_file", below("annotation_shape", "annotation_shape_id"), unless("alignment_id", HIDDEN_ALIGNMENTS)],
  [
    "tomogram_voxel_spacing",
    inRun,
    `(not ${HIDES}
      or exists (select from emporium_seen.tomogram as at where at.tomogram_voxel_spacing_id = t.id)
      or exists (select from emporium_seen.annotation as at where at.tomogram_voxel_spacing_id = t.id))`,
  ],
];

/** Columns of tables in which a value may tell of something hidden: a stored view of Neuroglancer has a layer for each annotation of its run. */
const TOLD_LESS: Readonly<Record<string, readonly [column: string, value: string]>> = {
  tomogram: [
    "neuroglancer_config",
    `case when not (${anyHidden("annotation", "run_id", "run_id")} or ${anyHidden("tomogram", "run_id", "run_id")}) then t.neuroglancer_config end`,
  ],
};
const TOMOGRAM_COLUMNS = `id alignment_id deposition_id run_id tomogram_voxel_spacing_id name size_x size_y size_z voxel_spacing
  fiducial_alignment_status reconstruction_method processing tomogram_version processing_software reconstruction_software is_portal_standard
  is_author_submitted is_visualization_default s3_omezarr_dir https_omezarr_dir file_size_omezarr s3_mrc_file https_mrc_file file_size_mrc
  scale0_dimensions scale1_dimensions scale2_dimensions ctf_corrected offset_x offset_y offset_z key_photo_url key_photo_thumbnail_url
  neuroglancer_config publications related_database_entries deposition_date release_date last_modified_date`.split(/\s+/);

const columnsOf = (table: string): string => {
  const less = TOLD_LESS[table];
  if (!less) return "t.*";
  return TOMOGRAM_COLUMNS.map((name) => (name === less[0] ? `${less[1]} as ${name}` : `t.${name}`)).join(", ");
};

/** What is counted in `emporium.portal_count`. */
const COUNTED: Readonly<Record<string, string>> = {
  annotation: "object_name object_id object_state method_type annotation_software ground_truth_status is_curator_recommended",
  annotation_shape: "shape_type",
  annotation_file: "format source is_visualization_default",
  annotation_author: "primary_author_status name orcid",
  annotation_method_link: "link_type",
  identified_object: "object_name object_id",
  frame: "is_gain_corrected",
  tiltseries: "camera_manufacturer camera_model microscope_manufacturer microscope_model tilt_series_quality",
  tomogram: "reconstruction_method reconstruction_software processing fiducial_alignment_status ctf_corrected",
};

/** The rows that are not seen of the tables that are counted, in parts that have no row in common: each by an index, since hidden rows are few. */
const inHiddenRun = (table: string) => `select t.* from emporium_portal.${table} as t where t.run_id in (${HIDDEN_RUNS})`;
const inNoRun = (table: string) => `select t.* from emporium_portal.${table} as t where t.run_id is null`;
const besides = (table: string, condition: string) =>
  `select t.* from emporium_portal.${table} as t where ${condition} and t.run_id not in (${HIDDEN_RUNS})`;
const ofDeposition = (table: string) => besides(table, `t.deposition_id in (${HIDDEN_DEPOSITIONS})`);
const belowHidden = (table: string, column: string, above: string) =>
  `select t.* from emporium_portal.${table} as t where t.${column} in (select id from (${UNSEEN[above]!.join(" union all ")}) as above)`;
const belowNone = (table: string, column: string) => `select t.* from emporium_portal.${table} as t where t.${column} is null`;
const UNSEEN: Record<string, readonly string[]> = {
  frame: [inHiddenRun("frame"), ofDeposition("frame")],
  tiltseries: [inHiddenRun("tiltseries"), ofDeposition("tiltseries")],
  identified_object: [inHiddenRun("identified_object"), inNoRun("identified_object")],
  annotation: [inHiddenRun("annotation"), inNoRun("annotation"), ofDeposition("annotation")],
  tomogram: [
    inHiddenRun("tomogram"),
    inNoRun("tomogram"),
    ofDeposition("tomogram"),
    besides("tomogram", `t.alignment_id in (${HIDDEN_ALIGNMENTS}) and t.deposition_id not in (${HIDDEN_DEPOSITIONS})`),
  ],
};
for (const table of ["annotation_author", "annotation_method_link", "annotation_shape"]) {
  UNSEEN[table] = [belowHidden(table, "annotation_id", "annotation"), belowNone(table, "annotation_id")];
}
UNSEEN.annotation_file = [
  belowHidden("annotation_file", "annotation_shape_id", "annotation_shape"),
  belowNone("annotation_file", "annotation_shape_id"),
  `select t.* from emporium_portal.annotation_file as t where t.alignment_id in (${HIDDEN_ALIGNMENTS}) and ${below("annotation_shape", "annotation_shape_id")}`,
];
/** What is counted of all rows, less what is not seen of them. With an offset conditions are asked of each value, and not of each row that has it. */
const COUNTS = [
  `select place, value, rows from emporium.portal_count where ${IS_TOLD}`,
  ...Object.entries(COUNTED).flatMap(([table, columns]) =>
    columns.split(" ").map(
      (column) =>
        `select '${table}.${column}'::text, value, -rows from (select ${column}::text as value, count(*) as rows
            from (${UNSEEN[table]!.join(" union all ")}) as unseen group by 1 offset 0) as of_column`,
    ),
  ),
];

const UP = [
  "create schema emporium_seen",
  "comment on schema emporium_seen is 'What a session may see of the portal: see the settings emporium.hidden_datasets and emporium.hidden_depositions'",
  ...SEEN.map(
    ([table, ...conditions]) =>
      `create view emporium_seen.${table} as select ${columnsOf(table)} from emporium_portal.${table} as t where ${[IS_TOLD, ...conditions].join(" and ")}`,
  ),
  `create view emporium_seen.portal_count as select place, value, sum(rows)::bigint as rows
    from (${COUNTS.join(" union all ")}) as counted (place, value, rows) group by place, value having sum(rows) > 0`,
];
