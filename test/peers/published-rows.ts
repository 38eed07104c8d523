import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ENTITIES, type Entity, type EntityName } from "../../src/catalog/entities.js";
import { PORTAL_ENUMS } from "../../src/catalog/portal-enums.js";
import type { PortalRows, TableRow, Value } from "../e2e/graphql-kit.js";

type Given = Readonly<Record<string, Value>>;

const FORMATS = ["ndjson", "mrc", "zarr"];
/** What the published tests ask for by other names than those of the files. */
const OBJECTS: Readonly<Record<string, string>> = {
  mitochondria: "Test Annotation Object Name",
  ribosome: "Ribosome",
  spike: "Spike Protein",
};
const IDENTIFIED: readonly Given[] = [
  { id: 30001, run: "RUN1", object_id: "GO:0005840", object_name: "ribosome", object_state: "assembled" },
  { id: 30002, run: "RUN1", object_id: "GO:0005739", object_name: "mitochondrion", object_state: null },
  { id: 30003, run: "RUN2", object_id: "GO:0005840", object_name: "ribosome", object_state: "assembled" },
];

/**
 * Rows for the files that the client's published tests are about: a folder with `DATASET/RUN/{TiltSeries,TomogramVoxelSpacing…}`, made
 * from what lies in it, so that the tests find their files behind every path.
 */
export function publishedRows(folder: string, { s3, https }: { s3: string; https: string }): PortalRows {
  const rows = new Map<EntityName, TableRow[]>(ENTITIES.map(({ name }) => [name, []]));
  const add = (name: EntityName, given: Given): number => {
    const table = rows.get(name)!;
    const row = { id: table.length + 1, ...filled(ENTITIES.find((entity) => entity.name === name)!), ...given };
    table.push(row);
    return row.id;
  };
  const both = (name: string, path: string): Given => ({
    [`s3_${name}`]: `${s3}/${path}`,
    [`https_${name}`]: `${https}/${path}`,
  });
  const foldersIn = (path: string) =>
    readdirSync(join(folder, path), { withFileTypes: true }).filter((entry) => entry.isDirectory());

  for (const { name: dataset } of foldersIn("")) {
    const deposition_id = add("Deposition", { id: 90_000 + Number(dataset) });
    add("DepositionAuthor", { deposition_id, name: "A", author_list_order: 1 });
    const dataset_id = add("Dataset", { id: Number(dataset), deposition_id, ...both("prefix", `${dataset}/`) });
    add("DatasetAuthor", { dataset_id, name: "B" });
    add("DatasetFunding", { dataset_id, funding_agency_name: "C" });
    for (const { name: run } of foldersIn(dataset)) {
      const path = `${dataset}/${run}`;
      const run_id = add("Run", { dataset_id, name: run, ...both("prefix", `${path}/`) });
      for (const { run: of, ...object } of IDENTIFIED) {
        if (of === run) add("IdentifiedObject", { ...object, run_id, object_description: describe(String(object.object_name)) });
      }
      const series = readdirSync(join(folder, path, "TiltSeries"));
      const tiltseries_id = add("Tiltseries", {
        run_id,
        deposition_id,
        ...both("mrc_file", `${path}/TiltSeries/${series.find((name) => name.endsWith(".mrc"))!}`),
        ...both("omezarr_dir", `${path}/TiltSeries/${run}.zarr`),
        ...both("angle_list", `${path}/TiltSeries/${run}.rawtlt`),
      });
      const alignment_id = add("Alignment", { deposition_id, run_id, tiltseries_id });
      const spacing = foldersIn(path).find(({ name }) => name.startsWith("TomogramVoxelSpacing"))!.name;
      const below = `${path}/${spacing}`;
      const voxel_spacing = Number(spacing.replace("TomogramVoxelSpacing", ""));
      const tomogram_voxel_spacing_id = add("TomogramVoxelSpacing", { run_id, voxel_spacing, ...both("prefix", `${below}/`) });
      const tomogram_id = add("Tomogram", {
        ...{ name: run, run_id, deposition_id, alignment_id, tomogram_voxel_spacing_id, voxel_spacing },
        ...both("mrc_file", `${below}/CanonicalTomogram/${run}.mrc`),
        ...both("omezarr_dir", `${below}/CanonicalTomogram/${run}.zarr`),
      });
      for (const author_list_order of [1, 2]) add("TomogramAuthor", { tomogram_id, name: "D", author_list_order });
      for (const name of readdirSync(join(folder, below, "Annotations")).filter((one) => one.startsWith("author"))) {
        const object = name.split("-")[1]!;
        const annotation_id = add("Annotation", {
          ...{ run_id, tomogram_voxel_spacing_id, object_name: OBJECTS[object]! },
          // one of them belongs to no deposition
          deposition_id: object === "mitochondria" ? null : deposition_id,
          ...both("metadata_path", `${below}/Annotations/${name}`),
        });
        add("AnnotationAuthor", { annotation_id, name: "E" });
        const files = FORMATS.map((format) => ({ format, file: `${below}/Annotations/${object}.${format}` }));
        const shapes = new Map<string, number>();
        for (const { format, file } of files.filter((one) => existsSync(join(folder, one.file)))) {
          const points = run === "RUN1" && object === "ribosome" ? "Point" : "OrientedPoint";
          const shape_type = format === "ndjson" ? points : "SegmentationMask";
          if (!shapes.has(shape_type)) shapes.set(shape_type, add("AnnotationShape", { annotation_id, shape_type }));
          const annotation_shape_id = shapes.get(shape_type)!;
          add("AnnotationFile", { alignment_id, annotation_shape_id, tomogram_voxel_spacing_id, format, ...both("path", file) });
        }
      }
    }
  }
  return rows;
}

function describe(object: string): string {
  return object === "ribosome" ? "A large ribonucleoprotein complex" : "An organelle";
}

/** Something in every column that must have something. */
function filled({ fields }: Entity): Given {
  return Object.fromEntries(
    fields.map((field): [string, Value] => {
      if (!field.required) return [field.column, null];
      switch (field.type) {
        case "enum":
          return [field.column, PORTAL_ENUMS[field.enumName!][0]!];
        case "text":
          return [field.column, ""];
        case "date":
          return [field.column, "2024-01-02T00:00:00+00:00"];
        case "bool":
          return [field.column, false];
        case "json":
          return [field.column, [[0]]];
        default:
          return [field.column, 1];
      }
    }),
  );
}
