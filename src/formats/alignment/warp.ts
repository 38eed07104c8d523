import { counted } from "../../core/units.js";
import { columnsOf, decimal } from "../text-lines.js";
import { cosSinDegrees } from "./rotation.js";
import { alignmentError } from "./rows.js";
import type { SectionAlignment } from "./sections.js";
import { parseXml, type XmlElement } from "./xml.js";

/** One image of a tilt series of Warp or M. */
export interface WarpTilt {
  tiltAngleDegrees: number;
  axisAngleDegrees: number;
  /** Å in the image: from the centre of the image to where the centre of the volume is projected. */
  axisOffsetAngstrom: [x: number, y: number];
  /** False for images that are left out. */
  use: boolean;
  /** Electrons per Å² when the image was taken. */
  dose?: number | undefined;
  moviePath?: string | undefined;
}

/** Values on a grid over the image or volume, and over the tilts. */
export interface WarpGrid {
  /** Nodes along x, y, z (the tilts, for grids of images), and time. */
  shape: [width: number, height: number, depth: number, duration: number];
  nodes: { at: [x: number, y: number, z: number, w: number]; value: number }[];
}

/** A tilt series of Warp 1, WarpTools or M. */
export interface WarpTiltSeries {
  name: string;
  tilts: WarpTilt[];
  /** Pixel size in the CTF's parameters: that of the images that Warp worked with. */
  pixelSizeAngstrom?: number | undefined;
  /** Added to all tilt angles; rotation of the volume about x. */
  levelAngleYDegrees?: number | undefined;
  levelAngleXDegrees?: number | undefined;
  /** Handedness of the defocus: which side of the volume is nearer. The tilt angles themselves stay as they are. */
  areAnglesInverted: boolean;
  imageAngstrom?: [x: number, y: number] | undefined;
  volumeAngstrom?: [x: number, y: number, z: number] | undefined;
  /** Å by which images or the volume are bent, by the name of the grid. */
  grids: ReadonlyMap<string, WarpGrid>;
  /** Parameters of the CTF for all tilts, by name: `Voltage`, `Cs`, `PhaseShift`. */
  ctf: ReadonlyMap<string, number>;
}

/** Grids that say how the specimen or its images are deformed beyond one shift and rotation an image. */
const DEFORMATIONS = [
  "GridMovementX",
  "GridMovementY",
  "GridLocalX",
  "GridLocalY",
  "GridVolumeWarpX",
  "GridVolumeWarpY",
  "GridVolumeWarpZ",
];

/** Nodes of one grid: M's largest have some ten thousand. */
const NODES_MAX = 5_000_000;

/**
 * The XML file of a tilt series of Warp or M. `Angles` gives the number of tilts; other lists have as many entries or are absent.
 *
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_LIMIT.
 * Source: `TiltSeries.LoadMeta` of Warp; compared with cryoet-alignment 0.2.0.
 */
export function parseWarpXml(content: Uint8Array | string, name: string): WarpTiltSeries {
  const root = parseXml(content, name);
  const child = (tag: string) => root.children.find((element) => element.name === tag);
  const angles = listOf(child("Angles"), name);
  if (!angles) throw alignmentError(name, undefined, "no <Angles>, a tilt series of Warp has them");
  const numbers = (tag: string) => sameLength(listOf(child(tag), name), tag, angles.length, name);
  const axis = numbers("AxisAngle");
  const [x, y, dose] = [numbers("AxisOffsetX"), numbers("AxisOffsetY"), numbers("Dose")];
  const use = sameLength(linesOf(child("UseTilt")), "UseTilt", angles.length, name);
  const movies = linesOf(child("MoviePath"));
  if (!axis) throw alignmentError(name, undefined, "no <AxisAngle>, the tilt series is not aligned");
  const ctf = parametersOf(child("CTF"));
  const attribute = (key: string) => decimal(root.attributes.get(key)?.trim() ?? "");
  const tuple = (key: string) => {
    const values = (root.attributes.get(key) ?? "").split(/[,;]/).map((text) => decimal(text.trim()));
    return values.every((value) => value !== undefined) ? (values as number[]) : undefined;
  };
  const pixel = ctf.get("PixelSize");
  return {
    name,
    tilts: angles.map((tiltAngleDegrees, i) => ({
      tiltAngleDegrees,
      axisAngleDegrees: axis[i]!,
      axisOffsetAngstrom: [x?.[i] ?? 0, y?.[i] ?? 0],
      use: use ? isTrue(use[i]!, name) : true,
      dose: dose?.[i],
      moviePath: movies?.length === angles.length ? movies[i] : undefined,
    })),
    pixelSizeAngstrom: pixel !== undefined && pixel > 0 ? pixel : undefined,
    levelAngleXDegrees: attribute("LevelAngleX"),
    levelAngleYDegrees: attribute("LevelAngleY"),
    areAnglesInverted: /^true$/i.test(root.attributes.get("AreAnglesInverted")?.trim() ?? ""),
    imageAngstrom: ofSize(tuple("ImageDimensionsAngstrom"), 2) as WarpTiltSeries["imageAngstrom"],
    volumeAngstrom: ofSize(tuple("VolumeDimensionsAngstrom"), 3) as WarpTiltSeries["volumeAngstrom"],
    grids: new Map(root.children.filter((element) => isGrid(element)).map((element) => [element.name, gridOf(element, name)])),
    ctf,
  };
}

/** The grids bend something: such an alignment is local. */
export function isWarpLocal({ grids }: Pick<WarpTiltSeries, "grids">): boolean {
  return DEFORMATIONS.some((tag) => grids.get(tag)?.nodes.some(({ value }) => value !== 0) ?? false);
}

/**
 * Sections of a Warp alignment: tilt angle and axis unchanged, shifts in pixels. Unused images are left out.
 *
 * This inverts Warp's own import of `.xf` and `.tlt`; see README.md. Grids are dropped.
 *
 * @param pixelAngstrom pixel size of the unbinned tilt series.
 */
export function warpSections({ tilts }: Pick<WarpTiltSeries, "tilts">, pixelAngstrom: number): SectionAlignment[] {
  return tilts.flatMap(({ use, tiltAngleDegrees, axisAngleDegrees, axisOffsetAngstrom: [x, y] }, zIndex) => {
    if (!use) return [];
    const [cos, sin] = cosSinDegrees(axisAngleDegrees);
    return [
      {
        zIndex,
        tiltAngleDegrees,
        volumeXRotationDegrees: 0,
        inPlaneRotation: [
          [cos, -sin],
          [sin, cos],
        ],
        xOffset: x / pixelAngstrom,
        yOffset: y / pixelAngstrom,
      } satisfies SectionAlignment,
    ];
  });
}

function linesOf(element: XmlElement | undefined): string[] | undefined {
  const lines = element?.text.split("\n").map((line) => line.trim());
  return lines && element!.text !== "" ? lines.filter((line) => line !== "") : undefined;
}

function listOf(element: XmlElement | undefined, name: string): number[] | undefined {
  if (!element || element.text === "") return undefined;
  return columnsOf(element.text).map((text) => numberIn(text, `<${element.name}>`, name));
}

function numberIn(text: string, where: string, name: string): number {
  const value = decimal(text);
  if (value !== undefined) return value;
  throw alignmentError(name, undefined, `${JSON.stringify(text.slice(0, 40))} in ${where}; expected numbers`);
}

function sameLength<T>(list: T[] | undefined, tag: string, count: number, name: string): T[] | undefined {
  if (!list || list.length === count) return list;
  throw alignmentError(name, undefined, `${counted(list.length, "entry", "entries")} in <${tag}>, <Angles> has ${count}`);
}

function isTrue(text: string, name: string): boolean {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw alignmentError(name, undefined, `${JSON.stringify(text.slice(0, 40))} in <UseTilt>; expected True or False`);
}

function ofSize(values: number[] | undefined, count: number): number[] | undefined {
  return values?.length === count && values.every((value) => value > 0) ? values : undefined;
}

function isGrid({ name, attributes }: XmlElement): boolean {
  return name.startsWith("Grid") && attributes.has("Width");
}

function gridOf({ name: tag, attributes, children }: XmlElement, name: string): WarpGrid {
  const size = (key: string) => {
    const value = decimal(attributes.get(key) ?? "1");
    if (value !== undefined && Number.isSafeInteger(value) && value > 0 && value <= NODES_MAX) return value;
    const message = `${key} of <${tag}> is ${JSON.stringify(attributes.get(key)!.slice(0, 40))}; expected a size`;
    throw alignmentError(name, undefined, message);
  };
  const nodes = children
    .filter((element) => element.name === "Node")
    .map((element) => {
      const at = (key: string) => numberIn(element.attributes.get(key) ?? "0", `a node of <${tag}>`, name);
      return {
        at: [at("X"), at("Y"), at("Z"), at("W")] as WarpGrid["nodes"][number]["at"],
        value: numberIn(element.attributes.get("Value") ?? "", `a node of <${tag}>`, name),
      };
    });
  return { shape: [size("Width"), size("Height"), size("Depth"), size("Duration")], nodes };
}

/** `<Param Name="PixelSize" Value="1.35"/>`: those that are numbers. */
function parametersOf(element: XmlElement | undefined): Map<string, number> {
  const parameters = new Map<string, number>();
  for (const { name, attributes } of element?.children ?? []) {
    const value = decimal(attributes.get("Value")?.trim() ?? "");
    if (name === "Param" && value !== undefined) parameters.set(attributes.get("Name") ?? "", value);
  }
  return parameters;
}
