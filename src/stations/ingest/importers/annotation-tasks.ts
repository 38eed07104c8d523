import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { PlainObject, Task } from "../../../engine/task.js";
import type { PointKind } from "../../../formats/points/points.js";
import { POINT_READERS } from "../../../formats/points/readers.js";
import type { AnnotationFile } from "../../../model/annotation-files.js";
import { makeTask, newDraft } from "../draft.js";
import { meshMemory, POINTS_MEMORY_BYTES } from "../ops/memory.js";
import { COPY_OPERATION, MESH_OPERATION, POINTS_OPERATION } from "../ops/names.js";
import { readVolumeSource } from "../volume-source.js";
import type { AnnotationSource } from "./annotation-candidates.js";
import { maskSelection } from "./annotation-gate.js";
import type { AnnotationGeometry } from "./annotation-geometry.js";
import type { PlanContext } from "./context.js";
import { copyMemory, inputOf } from "./copies.js";
import { type ImportContext, warn } from "./importer.js";
import { addMaskTask } from "./volume-task.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

export interface DataParts {
  /** Name of the annotation in messages. */
  readonly title: string;
  readonly spacing: VoxelSpacing;
  readonly geometry: AnnotationGeometry;
}

const KINDS: Readonly<Record<string, PointKind>> = {
  Point: "point",
  OrientedPoint: "orientedPoint",
  InstanceSegmentation: "instancePoint",
};

/** The task that makes the files of one source. Undefined where the command asks for none of them. */
export async function dataTask(
  context: ImportContext,
  source: AnnotationSource,
  files: readonly AnnotationFile[],
  parts: DataParts,
): Promise<Task | undefined> {
  switch (source.shape.shape) {
    case "Point":
    case "OrientedPoint":
    case "InstanceSegmentation":
      return pointsTask(context, source, files, parts);
    case "SegmentationMask":
    case "SemanticSegmentationMask":
    case "InstanceSegmentationMask":
      return maskTask(context, source, files, parts);
    case "TriangularMesh":
    case "TriangularMeshGroup":
      return meshTask(context, source, files, parts);
    case "GlobalCaption":
    case "AnnotationCaption":
      return captionTask(context, source, files, parts);
  }
}

function pointsTask(
  context: PlanContext,
  { item, shape, filterValue }: AnnotationSource,
  [file]: readonly AnnotationFile[],
  { title, spacing, geometry }: DataParts,
): Task {
  const { tomogramShape } = geometry;
  if (POINT_READERS[shape.format]!.needsFilter && filterValue === undefined) {
    throw new EmporiumError("CONFIG_FIELD", `${shape.format} holds the particles of many tomograms, filter_value is missing`, {
      place: shape.place,
      hint: "add filter_value: the tomogram's number or name in the list, for example {run_name}",
    });
  }
  return makeTask({
    title: `${shape.shape} of ${title}`,
    run: POINTS_OPERATION,
    params: {
      source: item.key!,
      key: file!.key,
      format: shape.format,
      kind: KINDS[shape.shape]!,
      binning: shape.binning,
      columns: shape.columns,
      order: shape.order,
      delimiter: shape.delimiter,
      filterValue: filterValue ?? null,
      tomogram: tomogramShape ? { shape: [...tomogramShape], voxelSpacingAngstrom: spacing.angstrom } : null,
      allowEmpty: context.allowEmpty,
      compat: context.compat,
      ...(context.strict ? { strict: true } : {}),
      ...forced(context),
    },
    inputs: [inputOf(item)],
    outputs: [file!.key],
    needs: [],
    bytes: item.stat?.size ?? 0,
    memoryBytes: POINTS_MEMORY_BYTES + (POINT_READERS[shape.format]!.isWhole ? 10 * (item.stat?.size ?? 0) : 0),
    threads: 1,
    place: item.place,
  });
}

/** @throws {EmporiumError} FORMAT_FIELD for a mask of another size than the tomogram. (`compat`: only a warning.) */
async function maskTask(
  context: ImportContext,
  { item, shape }: AnnotationSource,
  files: readonly AnnotationFile[],
  { title, spacing, geometry }: DataParts,
): Promise<Task | undefined> {
  const volume = await readVolumeSource(context.source.store, item.key!, item.folder, context);
  for (const message of volume.warnings) warn(context, message);
  const { alignedShape, tomogramShape } = geometry;
  const name = context.source.fullPath(item.key!);
  const targetShape = shape.rescale ? alignedShape : undefined;
  if (shape.rescale && !targetShape) {
    throw new EmporiumError("CONFIG_EMPTY", `${name}: the size to which it should be rescaled is unknown`, {
      place: shape.place,
      hint: "configure volume_dimension of the alignment, or import the tomogram first",
    });
  }
  const fitted = targetShape ?? volume.shape;
  if (tomogramShape && fitted.some((voxels, axis) => voxels !== tomogramShape[axis])) {
    const message = `${name} has ${xyz(fitted)} voxels${targetShape ? " when it is rescaled" : ""}, the tomogram ${xyz(tomogramShape)}`;
    if (!context.compat && !targetShape) {
      throw new EmporiumError("FORMAT_FIELD", message, {
        place: { file: name },
        hint: sizeHint(fitted, tomogramShape),
      });
    }
    warn(context, message, item.place);
  }
  const select = maskSelection(shape);
  const keyOf = (format: AnnotationFile["format"]) => files.find((file) => file.format === format)!.key;
  return addMaskTask(
    { ...context, draft: newDraft() },
    {
      segmentation: select ? { form: "mask", select } : { form: "labels" },
      title: `${shape.shape} of ${title}`,
      volume,
      keys: { mrc: keyOf("mrc"), zarr: `${keyOf("zarr")}/` },
      targetShape,
      spacingAngstrom: spacing.angstrom,
      needs: [],
      place: item.place,
    },
  );
}

function sizeHint(mask: Triple, tomogram: Triple): string {
  if ([...mask].reverse().every((voxels, axis) => voxels === tomogram[axis]))
    return "its axes are those of the tomogram in reverse: write the mask with x as its fastest axis";
  const ratios = mask.map((voxels, axis) => voxels / tomogram[axis]!);
  const isBinned = ratios.every((ratio) => Math.abs(ratio / ratios[0]! - 1) < 0.02);
  const factor = Number(ratios[0]!.toPrecision(3));
  return isBinned
    ? `it is ${counted(factor, "time")} the size on each axis: add rescale: true, or name the voxel spacing that it was made at`
    : "add rescale: true if it is the same volume at another size";
}

function xyz([z, y, x]: readonly [number, number, number]): string {
  return `${x}×${y}×${z}`;
}

function meshTask(
  context: PlanContext,
  { item, shape }: AnnotationSource,
  [file]: readonly AnnotationFile[],
  { title }: DataParts,
): Task {
  const size = item.stat?.size ?? 0;
  return makeTask({
    title: `${shape.shape} of ${title}`,
    run: MESH_OPERATION,
    params: {
      source: item.key!,
      key: file!.key,
      format: shape.format,
      scale: shape.scaleFactor,
      segment: shape.meshName ?? null,
      ...(context.compat ? { compat: true } : {}),
      ...forced(context),
    },
    inputs: [inputOf(item)],
    outputs: [file!.key],
    needs: [],
    bytes: size,
    memoryBytes: meshMemory(size),
    threads: 1,
    place: item.place,
  });
}

function captionTask(
  context: PlanContext,
  { item, shape }: AnnotationSource,
  [file]: readonly AnnotationFile[],
  { title }: DataParts,
): Task {
  const input = inputOf(item);
  return makeTask({
    title: `${shape.shape} of ${title}`,
    run: COPY_OPERATION,
    params: { kind: "annotation", source: input.key, key: file!.key, contentType: "application/json", ...forced(context) },
    inputs: [input],
    outputs: [file!.key],
    needs: [],
    bytes: input.size,
    memoryBytes: copyMemory(input.size),
    threads: 1,
    place: item.place,
  });
}

function forced({ force }: PlanContext): PlainObject {
  return force ? { force: true } : {};
}
