import type { Triple } from "../../../../core/box.js";
import type { CheckPlace } from "../../../../core/finding.js";
import { sameSpacing } from "../../../../model/voxel-spacing.js";
import type { MdocFile } from "../facts/angles.js";
import { type Lazy, orNothing } from "../facts/fact.js";
import { type Document, numberAt, textAt } from "../facts/fields.js";
import { voxelSize } from "../facts/mrc.js";
import type { MrcSubject, VolumeSubject, ZarrSubject } from "../subjects.js";
import type { Relative, ScaleCase, Statement } from "./case.js";
import { grouped, wholeBinning } from "./compare.js";

/** Statements of a volume's own files about its spacing. */
export async function volumeStatements({ mrc, zarr, role }: Pick<VolumeSubject, "mrc" | "zarr" | "role">): Promise<Statement[]> {
  // sections of a tilt series have no distance
  const axes = role === "tiltseries" ? [1, 2] : [0, 1, 2];
  return [...(mrc ? await mrcStatements(mrc, axes) : []), ...(zarr ? await zarrStatements(zarr, axes) : [])];
}

async function mrcStatements({ fields, key }: MrcSubject, axes: readonly number[]): Promise<Statement[]> {
  const header = await orNothing(fields);
  if (!header) return [];
  const sizes = voxelSize(header);
  const place = (axis: number): CheckPlace => ({ key, byte: 48 - 4 * axis });
  const told = axes.filter((axis) => Number.isFinite(sizes[axis]) && sizes[axis]! > 0);
  return perAxis(
    "the MRC header",
    told.map((axis) => ({ axis, angstrom: sizes[axis]!, place: place(axis) })),
  );
}

async function zarrStatements({ image }: ZarrSubject, axes: readonly number[]): Promise<Statement[]> {
  const document = await orNothing(image);
  if (!document) return [];
  const levels = [0, 1, 2].map((level) => {
    const path = `datasets.${level}.coordinateTransformations.0.scale`;
    const scales = axes.flatMap((axis) => {
      const scale = numberAt(document, `${path}.${axis}`);
      const place = { key: document.key, path: `${document.path}.${path}.${axis}` };
      return scale === undefined || !(scale > 0) ? [] : [{ axis, angstrom: scale / 2 ** level, place }];
    });
    return perAxis(level === 0 ? "the Zarr scale" : `the scale of Zarr level ${level}`, scales);
  });
  const all = levels.flat();
  const [first] = all;
  const isOne = first !== undefined && all.every(({ angstrom }) => sameSpacing(angstrom, first.angstrom));
  return isOne ? [{ ...first, who: "the Zarr scales" }] : all;
}

interface AlongAxis {
  readonly axis: number;
  readonly angstrom: number;
  readonly place: CheckPlace;
}

/** One statement where all axes agree, else one for each. */
function perAxis(who: string, sizes: readonly AlongAxis[]): Statement[] {
  const [first] = sizes;
  if (!first) return [];
  if (sizes.every(({ angstrom }) => sameSpacing(angstrom, first.angstrom))) {
    const { angstrom, place } = sizes.at(-1)!;
    return [{ who, angstrom, place }];
  }
  return sizes.map(({ axis, angstrom, place }) => ({ who: `${who} along ${"zyx"[axis]}`, angstrom, place }));
}

/**
 * Statement of metadata about a spacing; none where they have no number. @param isConfigured of a configuration, not of a tree
 */
export async function metadataStatement(metadata: Lazy<Document>, path: string, isConfigured = false): Promise<Statement[]> {
  const document = await orNothing(metadata);
  const angstrom = document && numberAt(document, path);
  if (!document || angstrom === undefined || !(angstrom > 0)) return [];
  const who = `the ${isConfigured ? "configuration" : "metadata"} (${path})`;
  return [{ who, angstrom, place: { key: document.key, path }, isConfigured }];
}

/** Voxels `[z, y, x]`: of the MRC file, else of the metadata. */
export async function sizeOf(volumes: readonly VolumeSubject[], metadata: Lazy<Document>): Promise<Triple | undefined> {
  for (const { mrc, zarr } of volumes) {
    const shape =
      (mrc && (await orNothing(mrc.fields)))?.shape ??
      (zarr && (await orNothing(zarr.levels)))?.find(({ name }) => name === "0")?.shape;
    if (shape?.length === 3 && shape.every((length) => length > 0)) return [...shape] as Triple;
  }
  const document = await orNothing(metadata);
  const size = document && ["z", "y", "x"].map((axis) => numberAt(document, `size.${axis}`));
  return size?.every((length) => length !== undefined && length > 0) ? (size as Triple) : undefined;
}

/** Å of a pixel as the mdoc has it. */
export async function nominalPixel(mdoc: Lazy<MdocFile>): Promise<number | undefined> {
  const file = await orNothing(mdoc);
  if (!file) return undefined;
  const sizes = file.mdoc.sections.flatMap(({ pixelSpacingAngstrom }) => pixelSpacingAngstrom ?? []).filter((size) => size > 0);
  return sizes[0];
}

/** Å `[z, y, x]` that an alignment's volume has, or undefined. */
export async function extentOf(metadata: Lazy<Document>): Promise<ScaleCase["alignment"]> {
  const document = await orNothing(metadata);
  if (!document) return undefined;
  const extent = ["z", "y", "x"].map((axis) => numberAt(document, `volume_dimension.${axis}`));
  if (extent.some((length) => length === undefined || !(length > 0))) return undefined;
  return { extentAngstrom: extent as Triple, place: { key: document.key, path: "volume_dimension" } };
}

/** Whether the program that made a tomogram lets a person choose its box and its spacing freely. */
export async function isBoxChosen(metadata: Lazy<Document>): Promise<boolean> {
  const document = await orNothing(metadata);
  return document !== undefined && /warp/i.test(textAt(document, "reconstruction_software") ?? "");
}

/** Facts of a tomogram that are kept when its run is done; undefined without a size or a spacing. */
export function relativeOf(key: string, { runKey, title, size, statements, tiltseries }: ScaleCase): Relative | undefined {
  const angstrom = grouped(statements)[0]?.[0]?.angstrom;
  if (!size || angstrom === undefined) return undefined;
  const pixelAngstrom = tiltseries?.pixelAngstrom;
  const isSupported = pixelAngstrom !== undefined && wholeBinning(angstrom, pixelAngstrom) !== undefined;
  return { key, runKey, title, size, angstrom, pixelAngstrom, isSupported };
}

/** Statement of the name of a folder `VoxelSpacing…`. */
export function folderStatement(name: string, key: string): Statement[] {
  const angstrom = Number(name);
  return angstrom > 0 && Number.isFinite(angstrom)
    ? [{ who: `the folder name (VoxelSpacing${name})`, angstrom, place: { key } }]
    : [];
}
