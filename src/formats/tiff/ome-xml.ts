import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { parseXml, type XmlElement } from "../alignment/xml.js";

/** One image of OME-XML. */
export interface OmeImage {
  id: string | undefined;
  name: string | undefined;
  /** Lengths; `sizeC` counts samples: an RGB pixel has 3. */
  sizeX: number;
  sizeY: number;
  sizeZ: number;
  sizeC: number;
  sizeT: number;
  /** Fastest first, as OME writes it: `XYZCT`. */
  dimensionOrder: string;
  /** `uint8`, `float`, `complex`, `bit`, … */
  type: string;
  /** `[z, y, x]`; undefined where the file does not say. */
  physicalSize: [PhysicalSize | undefined, PhysicalSize | undefined, PhysicalSize | undefined];
  channels: { name: string | undefined; samples: number }[];
  planes: OmePlanes[];
}

export interface PhysicalSize {
  value: number;
  /** OME's: `µm` where the file names none. */
  unit: string;
}

/** A run of planes in a file (`TiffData`). */
export interface OmePlanes {
  /** First directory, and how many follow it; undefined counts: as many as there are. */
  ifd: number;
  count: number | undefined;
  firstZ: number;
  firstC: number;
  firstT: number;
  /** Name of the file beside this one; undefined: this one. */
  file: string | undefined;
}

export interface Ome {
  uuid: string | undefined;
  images: OmeImage[];
  /** The XML is only a pointer: the metadata stand in this file beside this one. */
  metadataFile: string | undefined;
}

/**
 * OME-XML of a TIFF's first description. Refuses document types.
 *
 * @throws {EmporiumError} FORMAT_FIELD (no OME-XML, impossible lengths), FORMAT_LIMIT, NAME_UNSAFE (a file elsewhere).
 * Source: OME data model 2016-06; OME-TIFF specification.
 */
export function parseOmeXml(text: string, name: string): Ome {
  if (text.length > LIMITS.headerBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name}: ${counted(text.length, "character")} of OME-XML; at most ${LIMITS.headerBytes} are read`,
      {
        place: { file: name },
      },
    );
  }
  const root = parseXml(text.replaceAll("\0", ""), name);
  if (localName(root) !== "OME") throw omeError(name, `the root is ${root.name}; expected OME`);
  const only = childrenOf(root, "BinaryOnly")[0];
  const metadataFile = only?.attributes.get("MetadataFile");
  return {
    uuid: root.attributes.get("UUID"),
    images: childrenOf(root, "Image").flatMap((image) => {
      const pixels = childrenOf(image, "Pixels")[0];
      return pixels ? [imageOf(image, pixels, name)] : [];
    }),
    metadataFile: metadataFile === undefined ? undefined : besideThis(metadataFile, name),
  };
}

/**
 * The first image of truncated OME-XML: sizes, type and physical sizes are in the start tag of `Pixels`, usually in the first
 * kilobytes. Undefined if that tag is incomplete.
 */
export function parseOmeHead(text: string, name: string): OmeImage | undefined {
  const tag = /<(?:\w+:)?Pixels\s[^<>]*>/.exec(text)?.[0];
  if (tag === undefined) return undefined;
  const closed = tag.replace(/\/?>$/, "/>").replace(/^<\w+:/, "<");
  const image =
    /<(?:\w+:)?Image\s[^<>]*>/
      .exec(text)?.[0]
      ?.replace(/\/?>$/, "/>")
      .replace(/^<\w+:/, "<") ?? "<Image/>";
  return imageOf(parseXml(image, name), parseXml(closed, name), name);
}

/** Directory and file of a plane, by the runs of `TiffData`; undefined where no run names it. */
export function omePlaneAt(
  image: OmeImage,
  z: number,
  c: number,
  t: number,
): { ifd: number; file: string | undefined } | undefined {
  const sizes = { Z: image.sizeZ, C: planeChannels(image), T: image.sizeT };
  const order = [...image.dimensionOrder.slice(2)] as ("Z" | "C" | "T")[];
  const rank = (at: { Z: number; C: number; T: number }) => {
    let [index, step] = [0, 1];
    for (const axis of order) {
      index += at[axis] * step;
      step *= sizes[axis];
    }
    return index;
  };
  const wanted = rank({ Z: z, C: c, T: t });
  const runs = image.planes.length > 0 ? image.planes : [WHOLE_FILE];
  for (const { ifd, count, firstZ, firstC, firstT, file } of runs) {
    const first = rank({ Z: firstZ, C: firstC, T: firstT });
    if (wanted >= first && wanted < first + (count ?? Number.POSITIVE_INFINITY)) return { ifd: ifd + wanted - first, file };
  }
  return undefined;
}

/** Planes that an image has, over all files. */
export function omePlaneCount(image: OmeImage): number {
  return image.sizeZ * planeChannels(image) * image.sizeT;
}

/** Channels that have planes of their own: samples of one pixel share one. */
export function planeChannels({ sizeC, channels }: OmeImage): number {
  const samples = channels.reduce((sum, channel) => sum + channel.samples, 0);
  return samples === sizeC && channels.length > 0 ? channels.length : sizeC;
}

const WHOLE_FILE: OmePlanes = { ifd: 0, count: undefined, firstZ: 0, firstC: 0, firstT: 0, file: undefined };

function imageOf(image: XmlElement, pixels: XmlElement, name: string): OmeImage {
  const length = (key: string) => {
    const text = pixels.attributes.get(key);
    const value = Number(text);
    if (text !== undefined && Number.isInteger(value) && value > 0 && value <= LIMITS.axisLength) return value;
    throw omeError(name, `Pixels has ${key} ${text === undefined ? "absent" : JSON.stringify(text)}; expected 1 or more`);
  };
  const dimensionOrder = pixels.attributes.get("DimensionOrder") ?? "XYZCT";
  if (!/^XY(?=.*Z)(?=.*C)(?=.*T).{3}$/.test(dimensionOrder)) {
    throw omeError(name, `DimensionOrder is ${JSON.stringify(dimensionOrder)}; expected XY and the three others`);
  }
  const sizes = {
    sizeX: length("SizeX"),
    sizeY: length("SizeY"),
    sizeZ: length("SizeZ"),
    sizeC: length("SizeC"),
    sizeT: length("SizeT"),
  };
  if (Object.values(sizes).reduce((total, size) => total * size, 1) > LIMITS.elements) {
    throw omeError(name, `${Object.values(sizes).join("×")} values are more than 2^53`);
  }
  return {
    id: image.attributes.get("ID"),
    name: image.attributes.get("Name"),
    ...sizes,
    dimensionOrder,
    type: pixels.attributes.get("Type") ?? pixels.attributes.get("PixelType") ?? "",
    physicalSize: [physicalSize(pixels, "Z"), physicalSize(pixels, "Y"), physicalSize(pixels, "X")],
    channels: childrenOf(pixels, "Channel").map((channel) => ({
      name: channel.attributes.get("Name"),
      samples: count(channel.attributes.get("SamplesPerPixel")) || 1,
    })),
    planes: childrenOf(pixels, "TiffData").map((data) => {
      const uuid = childrenOf(data, "UUID")[0];
      const file = uuid?.attributes.get("FileName");
      const ifd = data.attributes.get("IFD");
      const listed = data.attributes.get("PlaneCount") ?? data.attributes.get("NumPlanes");
      return {
        ifd: count(ifd),
        // a directory without a count is one plane, neither of them is all planes
        count: listed === undefined ? (ifd === undefined ? undefined : 1) : count(listed),
        firstZ: count(data.attributes.get("FirstZ")),
        firstC: count(data.attributes.get("FirstC")),
        firstT: count(data.attributes.get("FirstT")),
        file: file === undefined || file === "" ? undefined : besideThis(file, name),
      };
    }),
  };
}

function physicalSize(pixels: XmlElement, axis: string): PhysicalSize | undefined {
  const value = Number(pixels.attributes.get(`PhysicalSize${axis}`));
  if (!(value > 0) || !Number.isFinite(value)) return undefined;
  const unit = pixels.attributes.get(`PhysicalSize${axis}Unit`) ?? "\u00b5m";
  // both are OME's words for "no unit"
  return /^(pixel|reference frame)$/.test(unit) ? undefined : { value, unit };
}

function count(text: string | undefined): number {
  const value = Number(text);
  return text !== undefined && Number.isInteger(value) && value >= 0 && value <= LIMITS.axisLength ? value : 0;
}

/** A file that metadata name must lie in the same folder. @throws {EmporiumError} NAME_UNSAFE */
function besideThis(file: string, name: string): string {
  if (!/[\\/\u0000-\u001f:]/.test(file) && file !== "." && file !== "..") return file;
  throw new EmporiumError(
    "NAME_UNSAFE",
    `${name}: OME-XML names the file ${JSON.stringify(file.slice(0, 200))}, which is not in the same folder`,
    {
      place: { file: name },
      hint: "keep all files of the set in one folder, and their names without folders in the metadata",
    },
  );
}

function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => localName(child) === name);
}

/** Old writers put OME's elements under a prefix. */
function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1);
}

function omeError(name: string, message: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${name}: OME-XML: ${message}`, { place: { file: name } });
}
