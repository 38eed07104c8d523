import type { Json, JsonObject } from "../../../core/json.js";
import { LIMITS } from "../../../core/limits.js";
import type { Directory, TagValue } from "../../../formats/tiff/directory.js";
import { parseImageJMetadata } from "../../../formats/tiff/image-j.js";
import { parseLooseJson, storable, storableText } from "./loose-json.js";

/** Tags whose values are more than numbers and text. */
const TAGS = { imageDescription: 270, imageJCounts: 50838, imageJ: 50839, microManager: 51123 } as const;

/** Values of one tag that are kept; a colour table of 16 bits has 196,608, which say nothing. */
const VALUES_MAX = 16_384;
const TEXT_MAX = 16 * 1024 * 1024;

/** Names as tifffile has them, by which metadata in existing catalogues are called. */
const NAMES: Readonly<Record<number, string>> = {
  254: "NewSubfileType",
  255: "SubfileType",
  256: "ImageWidth",
  257: "ImageLength",
  258: "BitsPerSample",
  259: "Compression",
  262: "PhotometricInterpretation",
  263: "Thresholding",
  264: "CellWidth",
  265: "CellLength",
  266: "FillOrder",
  269: "DocumentName",
  270: "ImageDescription",
  271: "Make",
  272: "Model",
  273: "StripOffsets",
  274: "Orientation",
  277: "SamplesPerPixel",
  278: "RowsPerStrip",
  279: "StripByteCounts",
  280: "MinSampleValue",
  281: "MaxSampleValue",
  282: "XResolution",
  283: "YResolution",
  284: "PlanarConfiguration",
  285: "PageName",
  286: "XPosition",
  287: "YPosition",
  290: "GrayResponseUnit",
  291: "GrayResponseCurve",
  296: "ResolutionUnit",
  297: "PageNumber",
  301: "TransferFunction",
  305: "Software",
  306: "DateTime",
  315: "Artist",
  316: "HostComputer",
  317: "Predictor",
  318: "WhitePoint",
  319: "PrimaryChromaticities",
  320: "ColorMap",
  321: "HalftoneHints",
  322: "TileWidth",
  323: "TileLength",
  324: "TileOffsets",
  325: "TileByteCounts",
  330: "SubIFDs",
  332: "InkSet",
  333: "InkNames",
  334: "NumberOfInks",
  336: "DotRange",
  337: "TargetPrinter",
  338: "ExtraSamples",
  339: "SampleFormat",
  340: "SMinSampleValue",
  341: "SMaxSampleValue",
  347: "JPEGTables",
  529: "YCbCrCoefficients",
  530: "YCbCrSubSampling",
  531: "YCbCrPositioning",
  532: "ReferenceBlackWhite",
  700: "XMP",
  32781: "ImageID",
  32995: "Matteing",
  32997: "ImageDepth",
  32998: "TileDepth",
  33432: "Copyright",
  33434: "ExposureTime",
  33437: "FNumber",
  33550: "ModelPixelScaleTag",
  33560: "OlympusSIS",
  33628: "UIC1tag",
  33629: "UIC2tag",
  33922: "ModelTiepointTag",
  34118: "CZ_SEM",
  34264: "ModelTransformationTag",
  34361: "MM_Header",
  34362: "MM_Stamp",
  34377: "ImageResources",
  34412: "CZ_LSMINFO",
  34665: "ExifTag",
  34675: "InterColorProfile",
  34680: "FEI_SFEG",
  34682: "FEI_HELIOS",
  34853: "GPSTag",
  37724: "ImageSourceData",
  50838: "IJMetadataByteCounts",
  50839: "IJMetadata",
  51123: "MicroManagerMetadata",
  50288: "MC_Id",
  50289: "MC_XYPosition",
  50290: "MC_ZPosition",
};

const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(NAMES).map(([number, name]) => [name, Number(number)]));

function tagName(number: number): string {
  return NAMES[number] ?? String(number);
}

/** The number of a tag that a schema names; undefined for a name that no tag has. */
export function tagNumber(name: string): number | undefined {
  return NUMBERS.get(name) ?? (/^\d{1,5}$/.test(name) ? Number(name) : undefined);
}

/** All tags of a directory as JSON, by name. What cannot be read is left out. */
export async function tagsAsJson(directory: Directory, leaveOut: readonly string[] = []): Promise<JsonObject> {
  const result: Record<string, Json> = {};
  for (const number of directory.tags) {
    const name = tagName(number);
    if (leaveOut.includes(name)) continue;
    const value = await tagAsJson(directory, number);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

/** One tag: text, a number, a list, a pair for a fraction; MicroManager's and ImageJ's decoded. Undefined where it is absent or too long to be kept. */
export async function tagAsJson(directory: Directory, number: number): Promise<Json | undefined> {
  if (number === TAGS.imageJ) return imageJMetadata(directory);
  if (number === TAGS.microManager) return microManagerMetadata(directory);
  if (directory.count(number) > VALUES_MAX && (await isText(directory, number)) === false) return undefined;
  const value = await directory.value(number, TEXT_MAX);
  return value === undefined ? undefined : valueAsJson(value);
}

/** Tag 51123: the JSON that MicroManager writes of each frame. */
async function microManagerMetadata(directory: Directory): Promise<Json | undefined> {
  const text = await directory.text(TAGS.microManager, TEXT_MAX);
  return text === "" ? undefined : parseLooseJson(text);
}

/** Tags 50838 and 50839, by tifffile's names. `Info` is text, also where that is JSON, as it is in the catalogues of imagingDB. */
export async function imageJMetadata(directory: Directory): Promise<JsonObject | undefined> {
  const counts = await directory.numbers(TAGS.imageJCounts, VALUES_MAX);
  const bytes = counts && (await directory.bytesOf(TAGS.imageJ, LIMITS.headerBytes));
  if (!counts || !bytes) return undefined;
  const { info, labels, ranges } = parseImageJMetadata(counts, bytes, directory.layout.littleEndian);
  const result: Record<string, Json> = {};
  if (info !== undefined) result.Info = storableText(info);
  if (labels !== undefined) result.Labels = labels.map(storableText);
  if (ranges !== undefined) result.Ranges = storable(ranges);
  return result;
}

/** Types of TIFF are not told by a directory: text comes as text. */
async function isText(directory: Directory, number: number): Promise<boolean> {
  return typeof (await directory.value(number, 1)) === "string";
}

function valueAsJson(value: TagValue): Json {
  if (typeof value === "string") return storableText(value);
  if (value.length === 1 && Array.isArray(value[0])) return value[0];
  return storable(value.length === 1 ? (value[0] as number) : (value as Json));
}
