import { createHash } from "node:crypto";
import { EmporiumError, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import { parseJson } from "../../core/json.js";
import { isJsonObject, jsonText } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { Recent } from "../../core/recent.js";
import { counted } from "../../core/units.js";
import { layersOf, parseState, sourceNames } from "../../formats/precomputed/state-view.js";
import { orientedMeshFolder } from "../../model/annotation-files.js";
import { colourHex, colourInstances, colourSeed, DIFFERENT_MAX } from "../../model/colours.js";
import { encodeOverlay, type OverlayGround, type OverlayShapes } from "../../model/overlay-bytes.js";
import type { OverlayLayer, Overlays } from "../../model/page-api.js";
import type { Ref } from "../../model/ref.js";
import { drawnVoxel } from "../../model/voxel-spacing.js";
import { openObject } from "../../stores/store.js";
import { turns } from "../../system/parallel.js";
import type { BesideFile, OverlayFile } from "../overlay-files.js";
import type { Place, PlacedKey } from "../places.js";
import type { ServedVolumes } from "../planes.js";
import { type TiltAxis, tiltAxisOf, tiltAxisShapes } from "../tilt-axis.js";
import {
  annotationFilesOf,
  type CataloguedAnnotationFile,
  type CataloguedTomogram,
  drawnFiles,
  findTomogram,
} from "../tomograms.js";
import { volumeMetadata } from "../volume-metadata.js";
import type { ApiContext } from "./context.js";
import { toApiError } from "./errors.js";

/** Kind of layer for each shape of the catalogue. */
const KINDS: Readonly<Record<string, OverlayLayer["kind"]>> = {
  Point: "points",
  OrientedPoint: "orientedPoints",
  InstanceSegmentation: "instancePoints",
  SegmentationMask: "mask",
  InstanceSegmentationMask: "instances",
  Mesh: "mesh",
  TriangularMesh: "mesh",
};

/** Colours of layers for which no source names one: distinguishable with colour-vision deficiency, and readable on grey. */
const PALETTE = ["#F0A202", "#56B4E9", "#2BB673", "#F0E442", "#E5654B", "#CC79A7", "#8FA3FF", "#B0E0D0"];

/** Number of files whose descriptions are kept. */
const FILES_KNOWN = 1_000;
/** Id of the tilt-axis layer of a tilt series. */
const AXIS = "tilt-axis";
/** Files above this size beside a volume are not shown before somebody asks for them. */
const SHOWN_BYTES_MAX = 16 * 2 ** 20;

/** Loads the readers of some twenty formats when layers are asked for. */
const overlayFiles = () => import("../overlay-files.js");

/** The layers that can be drawn over volumes, and the positions of each, read once for all clients. */
export interface VolumeLayers {
  /** @param files ids of files that do not belong to the volume by their names */
  list(ref: Ref, files: readonly string[], signal: AbortSignal): Promise<Omit<Overlays, "ref">>;
  /** @throws {EmporiumError} NOT_FOUND */
  find(ref: Ref, id: string, signal: AbortSignal): Promise<FoundLayer>;
}

export interface FoundLayer {
  /** Undefined for a layer that is made anew each time. */
  readonly etag?: string | undefined;
  /** File that the layer is read from; for a model with the number of the object, from 0. */
  readonly file?: (PlacedKey & { readonly object?: number | undefined }) | undefined;
  /** The shapes as `encodeOverlay` writes them. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

const KNOWN = new WeakMap<ApiContext, VolumeLayers>();

/** The layers of a server's volumes, the same instance for all of its routes. */
export function volumeLayers(context: ApiContext): VolumeLayers {
  const layers = KNOWN.get(context) ?? openLayers(context);
  KNOWN.set(context, layers);
  return layers;
}

function openLayers(context: ApiContext): VolumeLayers {
  const { find, volumes, memory } = context;
  /** Layers that were sent recently. */
  const sent = new Recent<string, Uint8Array<ArrayBuffer>>(memory.limits.layers, (bytes) => bytes.length);
  memory.watch("layers", () => sent.weight);
  const described = new Recent<string, OverlayFile[]>(FILES_KNOWN);
  // one at a time: a list of two million points takes a quarter of a gibibyte until it is put in order
  const turn = turns(1);

  async function layersIn(place: Place, file: BesideFile, ground: OverlayGround, signal: AbortSignal): Promise<OverlayFile[]> {
    const id = JSON.stringify([place.id, file.key, file.stat, ground]);
    const known = described.get(id);
    if (known) return known;
    const leave = await turn();
    try {
      const found = described.get(id) ?? (await (await overlayFiles()).describeOverlayFile(place.store, file, ground, signal));
      described.set(id, found);
      return found;
    } finally {
      leave();
    }
  }

  return {
    async list(ref, asked, signal) {
      const tomogram = await tomogramOf(context, ref);
      if (tomogram) return await cataloguedLayers(context, tomogram, signal);
      const placed = await find(ref, signal);
      const ground = await groundOf(volumes, placed, signal);
      const axis = await axisOf(volumes, placed, signal);
      const { files, notices } = await (await overlayFiles()).overlayFilesBeside(placed.place.store, placed.key, signal);
      const wanted = new Set(asked);
      const layers: OverlayLayer[] = axis ? [axisLayer(axis)] : [];
      for (const file of files.filter(({ id, isOwn }) => isOwn || wanted.has(id))) {
        const found = await layersIn(placed.place, file, ground, signal);
        if (found.length === 0 && !file.isOwn) {
          const error = { code: "FORMAT_UNKNOWN", message: "no points, contours or surfaces in the file" };
          layers.push({ id: file.id, name: file.name, kind: "points", color: hashedColor(file.name), count: 0, error });
        }
        const isVisible = file.isOwn && file.stat.size <= SHOWN_BYTES_MAX;
        for (const one of found) {
          const taken = new Set(layers.map(({ color }) => color));
          layers.push({ ...layerOf(one, context, taken), ...(isVisible && { isVisible }) });
        }
      }
      const broken = layers.filter(({ error }) => error).length;
      const summary = `${counted(layers.length - broken, "layer")} beside this volume${broken > 0 ? ` · ${broken} cannot be read` : ""}`;
      const others = files.filter(({ id, isOwn }) => !isOwn && !wanted.has(id)).map(({ id, name }) => ({ id, name }));
      return { layers, others, summary, notices };
    },
    async find(ref, id, signal) {
      const placed = await find(ref, signal);
      if (id === AXIS) {
        const axis = await axisOf(volumes, placed, signal);
        if (!axis) throw notHere();
        return { read: async () => encodeOverlay(tiltAxisShapes(axis, await groundOf(volumes, placed, signal))) };
      }
      const tomogram = await tomogramOf(context, ref);
      const file = tomogram
        ? drawnFiles(await annotationFilesOf(context.catalogue!, tomogram.run.id)).find((one) => String(one.id) === id)
        : (await (await overlayFiles()).overlayFilesBeside(placed.place.store, placed.key, signal)).files.find(
            (one) => one.id === id.split("-")[0],
          );
      if (file?.key === undefined) throw notHere();
      const at = { place: tomogram ? context.catalogue!.place : placed.place, key: file.key };
      const etag = await etagOf(at, placed, id, signal);
      const isModel = "kind" in file && file.kind === "model";
      return {
        etag,
        file: { ...at, ...(isModel && { object: Number(id.split("-")[1] ?? 0) }) },
        read: async () => sent.get(etag) ?? (await read()),
      };

      async function read(): Promise<Uint8Array<ArrayBuffer>> {
        const leave = await turn();
        try {
          const there = sent.get(etag);
          if (there) return there;
          const ground = await groundOf(volumes, placed, signal);
          const shapes =
            "shape" in file!
              ? await annotationShapes(at, file, ground, signal)
              : await (await overlayFiles()).readOverlayFile(at.place.store, { ...file!, id: id! }, ground, signal);
          if (!shapes) throw notHere();
          const encoded = encodeOverlay(shapes);
          sent.set(etag, encoded);
          return encoded;
        } finally {
          leave();
        }
      }
    },
  };
}

async function groundOf(volumes: ServedVolumes, placed: PlacedKey, signal: AbortSignal): Promise<OverlayGround> {
  const { source, voxelSizeAngstrom, originAngstrom } = await volumes.open(placed, { signal });
  const [nz, ny, nx] = source.levels[0]!.shape;
  const [vz, vy, vx] = drawnVoxel(voxelSizeAngstrom);
  const [oz = 0, oy = 0, ox = 0] = originAngstrom;
  return { sizeVoxels: [nx, ny, nz], voxelAngstrom: [vx, vy, vz], originAngstrom: [ox, oy, oz] };
}

async function axisOf(volumes: ServedVolumes, placed: PlacedKey, signal: AbortSignal): Promise<TiltAxis | undefined> {
  const volume = await volumes.open(placed, { signal });
  return (await volumeMetadata(volume, signal)).isTiltSeries ? await tiltAxisOf(volume, signal) : undefined;
}

async function tomogramOf({ catalogue }: ApiContext, ref: Ref): Promise<CataloguedTomogram | undefined> {
  return catalogue && ref.kind === "tomogram" ? await findTomogram(catalogue, ref.id) : undefined;
}

async function cataloguedLayers(
  { catalogue }: ApiContext,
  tomogram: CataloguedTomogram,
  signal: AbortSignal,
): Promise<Omit<Overlays, "ref">> {
  const files = drawnFiles(await annotationFilesOf(catalogue!, tomogram.run.id));
  const { place } = catalogue!;
  const palettes = new Map<number, readonly string[]>();
  for (const file of files) {
    const palette = file.shape === "InstanceSegmentation" ? await paletteOf(place, file, signal) : undefined;
    if (palette) palettes.set(file.id, palette);
  }
  return { ...catalogued(tomogram, files, palettes), notices: [] };
}

const axisLayer = (axis: TiltAxis): OverlayLayer => ({
  id: AXIS,
  name: `tilt axis ${axis.degrees.toFixed(1)}° (${axis.from})`,
  kind: "mesh",
  color: hashedColor(AXIS),
  count: 0,
  isVisible: true,
});

async function annotationShapes(
  { place, key }: PlacedKey,
  { shape, voxelSpacingAngstrom }: CataloguedAnnotationFile,
  ground: OverlayGround,
  signal: AbortSignal,
): Promise<OverlayShapes> {
  const { meshShapes, readAnnotationPoints } = await overlayFiles();
  const source = await openObject(place.store, key, { signal });
  if (KINDS[shape] !== "mesh") return await readAnnotationPoints(source, voxelSpacingAngstrom, ground, signal);
  const { readGlb } = await import("../../formats/mesh/glb.js");
  const voxels = [voxelSpacingAngstrom, voxelSpacingAngstrom, voxelSpacingAngstrom] as const;
  return meshShapes(source.name, await readGlb(source, { signal }), { ...ground, voxelAngstrom: voxels });
}

/** Annotations of the run as layers, in the colours of the tomogram's view. */
function catalogued(
  tomogram: CataloguedTomogram,
  files: readonly CataloguedAnnotationFile[],
  palettes: ReadonlyMap<number, readonly string[]>,
): Pick<Overlays, "layers" | "summary"> {
  const colors = colorsOf(tomogram.neuroglancer);
  const layers = files.flatMap((file): OverlayLayer[] => {
    const kind = KINDS[file.shape];
    if (!kind) return [];
    const isMask = kind === "mask" || kind === "instances";
    const stored = file.viewFolder === undefined ? undefined : colors.get(file.viewFolder);
    return [
      {
        id: String(file.id),
        name: file.objectName,
        kind,
        color: stored?.color ?? hashedColor(file.objectName),
        ...(stored?.instances && { instanceColors: stored.instances }),
        ...(palettes.has(file.id) && { instancePalette: palettes.get(file.id) }),
        count: file.objectCount ?? 0,
        annotationId: file.annotationId,
        isVisible: stored?.visible ?? file.isShown,
        ...(file.alignmentId !== tomogram.alignmentId && { isOtherAlignment: true }),
        ...(isMask && { volumeRef: `annotationfile:${file.id}` }),
        ...(file.key === undefined && { error: { code: "NOT_FOUND", message: "the file is not in the tree" } }),
      },
    ];
  });
  const annotations = new Set(layers.map(({ annotationId }) => annotationId));
  const elsewhere = new Set(layers.filter(({ isOtherAlignment }) => isOtherAlignment).map(({ annotationId }) => annotationId));
  const drawn = new Set(
    layers.filter(({ error, isOtherAlignment }) => !error && !isOtherAlignment).map(({ annotationId }) => annotationId),
  );
  const other = elsewhere.size === 0 ? "" : ` · ${counted(elsewhere.size, "belongs", "belong")} to another alignment`;
  return { layers, summary: `${drawn.size} of ${counted(annotations.size, "annotation")} can be drawn${other}` };
}

/**
 * Colours of point instances as the annotation's folder for Neuroglancer has them: derived from the annotation's metadata.
 * Undefined where that cannot be read.
 */
async function paletteOf(
  { store }: Place,
  { metadataKey, shape, objectCount }: CataloguedAnnotationFile,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (metadataKey === undefined) return undefined;
  try {
    const bytes = await store.read(metadataKey, { offset: 0, length: LIMITS.metadataBytes }, { signal });
    const metadata = bytes && parseJson(new TextDecoder().decode(bytes));
    if (!isJsonObject(metadata)) return undefined;
    return colourInstances(Math.min(objectCount ?? DIFFERENT_MAX, DIFFERENT_MAX), colourSeed(metadata, shape)).map(colourHex);
  } catch (error) {
    signal.throwIfAborted();
    if (isEmporiumError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface StoredColor {
  readonly color?: string | undefined;
  readonly instances?: Readonly<Record<string, string>> | undefined;
  readonly visible: boolean;
}

/** Stored colours by the folder that a layer is drawn from; oriented points count as shown where their surfaces are. */
function colorsOf(text: string | null): Map<string, StoredColor> {
  const found = new Map<string, StoredColor>();
  for (const layer of layersOf(parseState(text ?? ""))) {
    const color = jsonText(layer.annotationColor) ?? jsonText(layer.segmentDefaultColor);
    const segments = isJsonObject(layer.segmentColors) ? layer.segmentColors : undefined;
    const instances =
      segments &&
      Object.fromEntries(Object.entries(segments).flatMap(([id, one]) => (typeof one === "string" ? [[id, one]] : [])));
    const visible = layer.visible !== false;
    for (const name of sourceNames(layer))
      found.set(name, { color: color ?? Object.values(instances ?? {})[0], instances, visible });
  }
  for (const [name, stored] of found) {
    const surfaces = found.get(orientedMeshFolder(name));
    if (surfaces && surfaces !== stored) found.set(name, { ...stored, visible: stored.visible || surfaces.visible });
  }
  return found;
}

/** @param taken colours of the layers above */
function layerOf({ error, key: _, ...file }: OverlayFile, { places }: ApiContext, taken: ReadonlySet<string>): OverlayLayer {
  const first = PALETTE.indexOf(hashedColor(file.name));
  const free = [...PALETTE.slice(first), ...PALETTE.slice(0, first)].find((color) => !taken.has(color));
  const color = file.color ?? free ?? PALETTE[first]!;
  return { ...file, color, ...(error && { error: toApiError(toErrorRecord(error), places) }) };
}

function hashedColor(name: string): string {
  return PALETTE[createHash("sha256").update(name).digest()[0]! % PALETTE.length]!;
}

/** Hash of the file and of the volume, whose voxel spacing and origin count too. */
async function etagOf({ place, key }: PlacedKey, volume: PlacedKey, id: string, signal: AbortSignal): Promise<string> {
  const stats = await Promise.all([place.store.stat(key, { signal }), volume.place.store.stat(volume.key, { signal })]);
  return createHash("sha256")
    .update(JSON.stringify([place.id, key, id, volume.place.id, volume.key, stats.map((stat) => stat ?? null)]))
    .digest("hex")
    .slice(0, 24);
}

export function notHere(): EmporiumError {
  return new EmporiumError("NOT_FOUND", "no such layer", { hint: "overlays/{ref} lists them" });
}
