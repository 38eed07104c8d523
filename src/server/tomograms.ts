import { knownPrefixes } from "../catalog/import-prefixes.js";
import type { Triple } from "../core/box.js";
import { EmporiumError } from "../core/errors.js";
import { viewFolderKey } from "../model/annotation-files.js";
import type { ServedCatalogue } from "./api/context.js";
import { keyOf } from "./find.js";

/** A tomogram of the catalogue with the keys of its files in the tree, as other volumes are known. */
export interface CataloguedTomogram {
  readonly id: number;
  readonly run: { readonly id: number; readonly name: string };
  /** Folder of the run, `10407/cell_01`: where the tomogram has files. */
  readonly folder: string | undefined;
  readonly zarr: string | undefined;
  readonly mrc: string | undefined;
  readonly shape: Triple;
  readonly voxelSpacingAngstrom: number;
  readonly alignmentId: number | null;
  /** The stored Neuroglancer state as JSON. */
  readonly neuroglancer: string | null;
}

/** A file of an annotation of the tomogram's run. */
export interface CataloguedAnnotationFile {
  readonly id: number;
  readonly annotationId: number;
  readonly objectName: string;
  readonly objectCount: number | null;
  /** `Point`, `OrientedPoint`, `InstanceSegmentation`, `SegmentationMask`, `InstanceSegmentationMask`, `Mesh`, … */
  readonly shape: string;
  readonly format: string;
  /** Key in the tree; undefined where the file is not there. */
  readonly key: string | undefined;
  readonly voxelSpacingAngstrom: number;
  readonly alignmentId: number | null;
  /** Views show the file until somebody chooses otherwise. */
  readonly isShown: boolean;
  /** Key of the annotation's metadata. */
  readonly metadataKey: string | undefined;
  /** Name of the folder that viewers draw the annotation from, `100-cytosolic_ribosome-1.0_point`. */
  readonly viewFolder: string | undefined;
}

/** @throws {EmporiumError} NOT_FOUND */
export async function findTomogram({ pool }: ServedCatalogue, id: number): Promise<CataloguedTomogram> {
  const [keyOf, { rows }] = await Promise.all([
    treeKeys(pool),
    pool.query<TomogramRow>(
      `select t.id, r.id as run_id, r.name as run_name, t.s3_omezarr_dir, t.s3_mrc_file, t.size_x, t.size_y, t.size_z, t.voxel_spacing, t.alignment_id, t.neuroglancer_config
        from emporium_portal.tomogram t join emporium_portal.run r on r.id = t.run_id where t.id = $1`,
      [id],
    ),
  ]);
  const row = rows[0];
  if (!row) throw new EmporiumError("NOT_FOUND", `the catalogue has no tomogram ${id}`);
  const [zarr, mrc] = [keyOf(row.s3_omezarr_dir), keyOf(row.s3_mrc_file)];
  return {
    id: row.id,
    run: { id: row.run_id, name: row.run_name },
    folder: (zarr ?? mrc)?.split("/").slice(0, 2).join("/"),
    zarr,
    mrc,
    shape: [row.size_z, row.size_y, row.size_x],
    voxelSpacingAngstrom: row.voxel_spacing,
    alignmentId: row.alignment_id,
    neuroglancer: row.neuroglancer_config,
  };
}

/** Annotation files of all voxel spacings and alignments of the run, as the tomogram's view has them. */
export async function annotationFilesOf({ pool }: ServedCatalogue, runId: number): Promise<CataloguedAnnotationFile[]> {
  const [keyOf, { rows }] = await Promise.all([
    treeKeys(pool),
    pool.query<FileRow>(
      `select f.id, a.id as annotation_id, a.object_name, a.object_count, a.s3_metadata_path, s.shape_type, f.format, f.s3_path, f.is_visualization_default, v.voxel_spacing, f.alignment_id
        from emporium_portal.annotation a join emporium_portal.annotation_shape s on s.annotation_id = a.id
        join emporium_portal.annotation_file f on f.annotation_shape_id = s.id
        join emporium_portal.tomogram_voxel_spacing v on v.id = f.tomogram_voxel_spacing_id
        where a.run_id = $1 order by a.id, f.id`,
      [runId],
    ),
  ]);
  return rows.map((row) => {
    const key = keyOf(row.s3_path);
    const [, spacing, annotation] = key === undefined ? [] : (/^(.+\/VoxelSpacing[^/]+)\/Annotations\/(\d+)\//.exec(key) ?? []);
    return {
      id: row.id,
      annotationId: row.annotation_id,
      objectName: row.object_name,
      objectCount: row.object_count,
      shape: row.shape_type,
      format: row.format,
      key,
      voxelSpacingAngstrom: row.voxel_spacing,
      alignmentId: row.alignment_id,
      isShown: row.is_visualization_default === true,
      metadataKey: keyOf(row.s3_metadata_path),
      viewFolder: spacing && viewFolderKey(spacing, Number(annotation), key!).replace(/^.*\//s, ""),
    };
  });
}

/**
 * Chooses one file of each shape: masks are in a tree twice, and their OME-Zarr is drawn. Shapes without points or voxels are
 * left out.
 */
export function drawnFiles(files: readonly CataloguedAnnotationFile[]): CataloguedAnnotationFile[] {
  const zarrs = new Set(files.filter(({ format }) => format === "zarr").map(withoutFormat));
  return files.filter((file) => !/Caption$/.test(file.shape) && !(file.format === "mrc" && zarrs.has(withoutFormat(file))));
}

const withoutFormat = ({ annotationId, shape, key }: CataloguedAnnotationFile) =>
  `${annotationId} ${shape} ${key?.replace(/\.[^.]*$/, "")}`;

async function treeKeys(pool: ServedCatalogue["pool"]): Promise<(address: string | null) => string | undefined> {
  const prefixes = await knownPrefixes(pool);
  return (address) => (address ? keyOf(address, prefixes) : undefined);
}

interface TomogramRow {
  id: number;
  run_id: number;
  run_name: string;
  s3_omezarr_dir: string | null;
  s3_mrc_file: string | null;
  size_x: number;
  size_y: number;
  size_z: number;
  voxel_spacing: number;
  alignment_id: number | null;
  neuroglancer_config: string | null;
}

interface FileRow {
  id: number;
  annotation_id: number;
  object_name: string;
  object_count: number | null;
  s3_metadata_path: string | null;
  is_visualization_default: boolean | null;
  shape_type: string;
  format: string;
  s3_path: string;
  voxel_spacing: number;
  alignment_id: number | null;
}
