import type { BlockSource } from "../../core/blocks.js";
import type { ByteRange, RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { counted } from "../../core/units.js";
import { compressionName, EER, EER_HINT } from "../tiff/compression.js";
import { type Directory, readDirectory, type TagValue } from "../tiff/directory.js";
import { pageOf, readLayout, type TiffPage } from "../tiff/header.js";
import { type ImageJDescription, parseImageJ, parseImageJMetadata } from "../tiff/image-j.js";
import { isOmeXml } from "../tiff/is-ome-xml.js";
import { type Ome, type OmeImage, omePlaneCount, parseOmeHead, parseOmeXml, planeChannels } from "../tiff/ome-xml.js";
import { pixelTypeOf } from "../tiff/pixel-type.js";
import { TAG, tagName } from "../tiff/tags.js";
import { readVendorTags, VENDOR_BYTES_MAX, VENDOR_TAGS, type VendorFacts } from "../tiff/vendor.js";
import { windowed } from "../tiff/window.js";
import { allKnown, emptyFacts, type PeekFacts } from "./facts.js";
import { feiAcquisition } from "./tiff-acquisition.js";
import { countTiffPages, endOfPixels } from "./tiff-pages.js";
import { tiffVoxelSize } from "./tiff-voxel.js";

/** Requests that a peek may spend on a file. */
export interface PeekBudget {
  /** Requests so far. */
  spent(): number;
  /** Most requests, unless all is to be known exactly. */
  requestsMax: number;
  /** Count every page. */
  exact: boolean;
  /** The source beneath the blocks, for reads that are many and small. */
  beneath: RandomAccess;
  /** Facts of a format whose reader needs a file of this machine. */
  onDisk?: (() => Promise<PeekFacts[]>) | undefined;
  signal?: AbortSignal | undefined;
}

/** Tags that are kept. */
const KEPT: ReadonlySet<number> = new Set([
  TAG.NewSubfileType,
  TAG.ImageWidth,
  TAG.ImageLength,
  TAG.BitsPerSample,
  TAG.Compression,
  TAG.PhotometricInterpretation,
  TAG.FillOrder,
  TAG.ImageDescription,
  TAG.Make,
  TAG.Model,
  TAG.StripOffsets,
  TAG.Orientation,
  TAG.SamplesPerPixel,
  TAG.RowsPerStrip,
  TAG.StripByteCounts,
  TAG.XResolution,
  TAG.YResolution,
  TAG.PlanarConfiguration,
  TAG.ResolutionUnit,
  TAG.PageNumber,
  TAG.Software,
  TAG.DateTime,
  TAG.Predictor,
  TAG.TileWidth,
  TAG.TileLength,
  TAG.TileOffsets,
  TAG.TileByteCounts,
  TAG.SubIFDs,
  TAG.ExtraSamples,
  TAG.SampleFormat,
  TAG.IJMetadataByteCounts,
  TAG.MicroManagerMetadata,
]);

const TEXT_MAX = 256 * 1024;
const VALUES_MAX = 16_384;
/** Values that lie no further apart than this are fetched together. */
const SPAN_MAX = 768 * 1024;
const DIRECTORY_BYTES = 16 * 1024;

/**
 * Facts of a TIFF in at most three requests. Pages are counted by PageNumber, ImageJ or OME, else along the directories at hand,
 * then by their distance (`sources.shape: "derived"`).
 *
 * @throws {EmporiumError} as `readTiffHeader`.
 */
export async function peekTiff(source: BlockSource, budget: PeekBudget): Promise<PeekFacts> {
  const { signal } = budget;
  const { layout, firstOffset } = await readLayout(source, { signal });
  // a directory across the border of two blocks comes in one request
  await source.read({ offset: firstOffset, length: DIRECTORY_BYTES }, { signal });
  const directory = await readDirectory(source, layout, firstOffset, { signal });
  await fetchValues(source, directory, signal);
  const page = await pageOf(source, directory);
  const lost = new Map<string, string>();
  const passed: PassedOver = (what) => (error) => {
    if (!isEmporiumError(error) || !error.code.startsWith("FORMAT_")) throw error;
    lost.set(what, error.message);
    return undefined;
  };
  const raw = await rawTags(source, directory, budget, passed);
  const ndTiff = await ndTiffVersion(source, layout.littleEndian);
  const description = typeof raw.ImageDescription === "string" ? raw.ImageDescription : "";
  const warnings: string[] = [];
  const imageJ = parseImageJ(description);
  const ome = imageJ ? undefined : omeOf(description, directory, source.name, warnings);
  const vendor = await vendorOf(source, directory, budget, passed);
  const pages = await pagesOf({ source, budget, directory, page, imageJ, ome, raw, warnings });
  const calibration = {
    xResolution: pair(await directory.value(TAG.XResolution, 1).catch(passed("XResolution"))),
    yResolution: pair(await directory.value(TAG.YResolution, 1).catch(passed("YResolution"))),
    resolutionUnit: (await directory.numbers(TAG.ResolutionUnit, 1))?.[0] ?? 2,
    imageJ,
    ome: ome?.image,
    vendor,
  };
  const voxel = tiffVoxelSize(calibration);
  warnings.push(...voxel.warnings);
  for (const [what, why] of lost) warnings.push(`tag-unreadable: ${what}: ${why}`);
  const axes = [stackAxis(imageJ, ome?.image), "y", "x"];
  if (axes[0] !== "z") [voxel.voxelSize[0], voxel.unit[0]] = [null, null];
  const samples = page.samplesPerPixel;
  const facts = emptyFacts({
    name: source.name,
    format: "tiff",
    version: layout.bigTiff ? "BigTIFF" : "TIFF",
    shape: [pages.count, page.height, page.width],
    axes,
    dtype: dtypeOf(page, source.name, warnings),
    voxelSize: voxel.voxelSize,
    unit: voxel.unit,
    offset: [null, vendor?.offset?.y ?? null, vendor?.offset?.x ?? null],
    channels: ome ? ome.image.sizeC : imageJ && imageJ.channels > 1 ? imageJ.channels : samples,
    contrast: imageJ?.min !== undefined && imageJ.max !== undefined ? { min: imageJ.min, max: imageJ.max } : null,
    acquisition: vendor?.maker === "FEI" ? feiAcquisition(vendor) : {},
    warnings,
    pages,
    dimensions: dimensionsOf(imageJ, ome?.image),
    raw: ndTiff ? { ...raw, NDTiff: ndTiff } : raw,
  });
  facts.sources = {
    shape: pages.by === "stride" ? "derived" : "file",
    dtype: "file",
    channels: "file",
    ...(allKnown(voxel.voxelSize.slice(1)) ? { voxelSize: "file" } : {}),
    ...(facts.contrast ? { contrast: "file" } : {}),
    ...(Object.keys(facts.acquisition).length > 0 ? { acquisition: "file" } : {}),
  };
  return facts;
}

/** Values that stand apart from the directory, all in one request where they lie close enough together. */
async function fetchValues(source: BlockSource, directory: Directory, signal: AbortSignal | undefined): Promise<void> {
  const needed = [
    TAG.BitsPerSample,
    TAG.SampleFormat,
    TAG.ImageDescription,
    TAG.XResolution,
    TAG.YResolution,
    TAG.Software,
    ...VENDOR_TAGS,
    TAG.IJMetadataByteCounts,
  ]
    .map((tag) => directory.away(tag, tag === TAG.ImageDescription ? TEXT_MAX : VENDOR_BYTES_MAX))
    .filter(
      (range) => range !== undefined && range.offset + range.length <= directory.layout.sizeBytes && !source.holds(range),
    ) as ByteRange[];
  needed.sort((a, b) => a.offset - b.offset);
  while (needed.length > 0) {
    const { offset, length } = needed.shift()!;
    let end = offset + length;
    while (needed.length > 0 && Math.max(end, needed[0]!.offset + needed[0]!.length) - offset <= SPAN_MAX) {
      const next = needed.shift()!;
      end = Math.max(end, next.offset + next.length);
    }
    await source.read({ offset, length: end - offset }, { signal });
  }
}

/** Tags by name. Long lists that would cost a request of their own are left out. */
async function rawTags(source: BlockSource, directory: Directory, budget: PeekBudget, passed: PassedOver): Promise<JsonObject> {
  const raw: Record<string, Json> = {};
  for (const tag of directory.tags) {
    const name = KEPT.has(tag) ? tagName(tag) : undefined;
    const range = directory.away(tag, tag === TAG.ImageDescription ? TEXT_MAX : VENDOR_BYTES_MAX);
    if (name === undefined || (range && !source.holds(range) && !budget.exact)) continue;
    const value = await directory
      .value(tag, tag === TAG.ImageDescription || tag === TAG.MicroManagerMetadata ? TEXT_MAX : VALUES_MAX)
      .catch(passed(name));
    if (value !== undefined) raw[name] = plain(value);
  }
  const counts = await directory.numbers(TAG.IJMetadataByteCounts, VALUES_MAX).catch(passed("IJMetadataByteCounts"));
  const stands = directory.away(TAG.IJMetadata, TEXT_MAX);
  if (counts && stands && (source.holds(stands) || budget.exact)) {
    const bytes = await directory.bytesOf(TAG.IJMetadata, TEXT_MAX).catch(passed("IJMetadata"));
    if (bytes) raw.IJMetadata = { ...parseImageJMetadata(counts, bytes, directory.layout.littleEndian) } as unknown as JsonObject;
  }
  return raw;
}

/** Takes the error of an optional value that cannot be read: the page may be read without it, and a warning says so. */
type PassedOver = (what: string) => (error: unknown) => undefined;

/** Takes the error of reading the first part of a long text, which is read whole later: undefined for errors of the format. */
function missing(error: unknown): undefined {
  if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return undefined;
  throw error;
}

function plain(value: TagValue): Json {
  if (typeof value === "string") return value;
  const list = value.map((one) => (typeof one === "number" ? finiteOrText(one) : one));
  return list.length === 1 ? list[0]! : list;
}

function finiteOrText(value: number): Json {
  return Number.isFinite(value) ? value : String(value);
}

function pair(value: TagValue | undefined): readonly [number, number] | undefined {
  const first = Array.isArray(value) ? value[0] : undefined;
  return typeof first === "number" ? [first, 1] : first;
}

interface OmeFacts {
  image: OmeImage;
  /** Planes that this file holds, where the metadata say so. */
  planes: number | undefined;
}

function omeOf(description: string, directory: Directory, name: string, warnings: string[]): OmeFacts | undefined {
  if (!isOmeXml(description)) return undefined;
  if (directory.count(TAG.ImageDescription) > TEXT_MAX) {
    const image = headOf(description, name);
    if (!image) warnings.push("ome-long: the OME-XML is long, and its first part describes no image");
    return image && { image, planes: omePlaneCount(image) };
  }
  const ome = readableOme(description, name, warnings);
  if (!ome) return undefined;
  const [image] = ome.images;
  if (ome.metadataFile !== undefined) warnings.push(`ome-elsewhere: the metadata of this set stand in ${ome.metadataFile}`);
  if (!image) return undefined;
  if (ome.images.length > 1) warnings.push(`ome-images: ${counted(ome.images.length, "image")}, the first one is described`);
  const own = name.slice(name.lastIndexOf("/") + 1);
  let planes = 0;
  for (const one of ome.images) {
    const elsewhere = one.planes.some(({ file }) => file !== undefined && file !== own);
    if (!elsewhere) planes += omePlaneCount(one);
    else {
      for (const { file, count } of one.planes) if (file === undefined || file === own) planes += count ?? omePlaneCount(one);
    }
  }
  if (planes === 0) warnings.push(`ome-files: the planes are in other files than ${own}, or it was given another name`);
  return { image, planes: planes > 0 ? planes : undefined };
}

function headOf(description: string, name: string): OmeImage | undefined {
  try {
    return parseOmeHead(description, name);
  } catch (error) {
    return missing(error);
  }
}

/** Damaged OME-XML does not make the page unreadable; one that names files outside of the folder is refused. */
function readableOme(description: string, name: string, warnings: string[]): Ome | undefined {
  try {
    return parseOmeXml(description, name);
  } catch (error) {
    if (!isEmporiumError(error) || !error.code.startsWith("FORMAT_")) throw error;
    warnings.push(`ome-unreadable: ${error.message}`);
    return undefined;
  }
}

async function vendorOf(
  source: BlockSource,
  directory: Directory,
  budget: PeekBudget,
  passed: PassedOver,
): Promise<VendorFacts | undefined> {
  const read = async (offset: number, length: number) => {
    const affordable = budget.exact || source.holds({ offset, length }) || budget.spent() < budget.requestsMax;
    return affordable ? source.read({ offset, length }, { signal: budget.signal }) : undefined;
  };
  return readVendorTags(directory, read).catch(passed("the tags of the maker"));
}

async function pagesOf(at: {
  source: BlockSource;
  budget: PeekBudget;
  directory: Directory;
  page: TiffPage;
  imageJ: ImageJDescription | undefined;
  ome: OmeFacts | undefined;
  raw: JsonObject;
  warnings: string[];
}): Promise<NonNullable<PeekFacts["pages"]>> {
  const { source, budget, directory, page, imageJ, ome, raw, warnings } = at;
  const { layout } = directory;
  const planeBytes = Math.ceil((page.height * page.width * page.samplesPerPixel * page.bitsPerSample[0]!) / 8);
  // each page has a directory at least, and its pixels if they are not compressed
  const least = 18 + (page.compression === 1 ? planeBytes : 0);
  const fits = (count: number) => count * least <= layout.sizeBytes + planeBytes;
  const chained = async (): Promise<NonNullable<PeekFacts["pages"]>> => {
    const mayRead = (offset: number) =>
      budget.exact || source.holds({ offset, length: directory.bytes }) || budget.spent() < budget.requestsMax;
    const from = budget.exact ? await windowed(budget.beneath) : source;
    let cut = 0;
    let missingBytes = 0;
    const lookAt = async (one: Directory) => {
      const end = await endOfPixels(one).catch((error: unknown) => {
        // the table itself lies past the end
        if (isEmporiumError(error) && error.code === "FORMAT_TRUNCATED") return Number.NaN;
        throw error;
      });
      if (end === undefined || end <= layout.sizeBytes) return;
      cut++;
      if (!Number.isNaN(end)) missingBytes = Math.max(missingBytes, end - layout.sizeBytes);
    };
    const onPage = budget.exact ? lookAt : undefined;
    const { count, by, warnings: more } = await countTiffPages(from, layout, directory, mayRead, budget.signal, onPage);
    warnings.push(...more);
    if (cut > 0) {
      const missing = missingBytes > 0 ? `: ${counted(missingBytes, "byte is", "bytes are")} missing` : "";
      warnings.push(`truncated: pixels of ${cut} of ${counted(count, "page")} lie past the end of the file${missing}`);
    }
    return { count, by };
  };
  if (imageJ && imageJ.images > 1 && directory.next === 0) {
    const begin = directory.onlyNumber(TAG.StripOffsets);
    const there = page.compression === 1 && begin !== undefined && begin + imageJ.images * planeBytes <= layout.sizeBytes;
    if (!there) {
      warnings.push(`images-missing: ImageJ says ${counted(imageJ.images, "image")}, the file has one`);
      return { count: 1, by: "chain" };
    }
    return { count: imageJ.images, by: "ImageJ" };
  }
  if (budget.exact || directory.next === 0) return chained();
  const [number, total] = Array.isArray(raw.PageNumber) ? raw.PageNumber : [];
  if (typeof number === "number" && typeof total === "number" && total > 1 && number < total && fits(total)) {
    return { count: total, by: "PageNumber" };
  }
  if (imageJ && imageJ.images > 1 && fits(imageJ.images)) return { count: imageJ.images, by: "ImageJ" };
  if (ome?.planes !== undefined && ome.planes > 1 && fits(ome.planes)) return { count: ome.planes, by: "OME" };
  return chained();
}

/** Micro-Manager's stacks say so behind the header of TIFF. */
async function ndTiffVersion(source: BlockSource, littleEndian: boolean): Promise<JsonObject | undefined> {
  const head = await source.read({ offset: 8, length: 12 });
  if (head.length < 12) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, 12);
  if (view.getUint32(0, littleEndian) !== 483_729) return undefined;
  const majorVersion = view.getUint32(4, littleEndian);
  return majorVersion < 3 ? { majorVersion } : { majorVersion, minorVersion: view.getUint32(8, littleEndian) };
}

/** Lengths of what the pages are spread over. */
function dimensionsOf(imageJ: ImageJDescription | undefined, ome: OmeImage | undefined): PeekFacts["dimensions"] {
  if (imageJ) return { order: "czt", z: imageJ.slices, c: imageJ.channels, t: imageJ.frames };
  return ome && { order: ome.dimensionOrder.slice(2).toLowerCase(), z: ome.sizeZ, c: planeChannels(ome), t: ome.sizeT };
}

/** Name of the first axis: z, unless the only other axis longer than one is channels or time; `page` where several are mixed. */
function stackAxis(imageJ: ImageJDescription | undefined, ome: OmeImage | undefined): string {
  const { z, c, t } = dimensionsOf(imageJ, ome) ?? { z: 1, c: 1, t: 1 };
  const lengths = { z, c, t };
  const long = Object.entries(lengths).filter(([, length]) => length > 1);
  return long.length === 0 ? "z" : long.length === 1 ? long[0]![0] : "page";
}

function dtypeOf(page: TiffPage, name: string, warnings: string[]): string | null {
  if (EER.has(page.compression)) {
    warnings.push(`eer: ${compressionName(page.compression)}: pixels are not read; ${EER_HINT}`);
    return null;
  }
  try {
    return pixelTypeOf(page, name).dtype;
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    warnings.push(`pixels: ${error.message}`);
    return null;
  }
}
