/** The image files of the offline portals: true headers and tags, pixels of zeros that cost nothing. */
import { EMPIAR_FILES, EMPIAR_ID } from "./empiar.mjs";
import { EPFL_FILES } from "./epfl.mjs";
import { IDR_FILES } from "./idr.mjs";
import { patternFile, sparseFile } from "./tree.mjs";

const SHORT = 3;
const LONG = 4;
const ASCII = 2;
const RATIONAL = 5;

/**
 * Files of `ftp.ebi.ac.uk` and of `documents.epfl.ch`.
 * @param {{ small?: boolean | undefined }} [options] `small`: files of some megabytes that hold no image, for those who fetch them whole
 */
export function dataFiles({ small = false } = {}) {
  if (small) {
    return {
      archive: [
        ...IDR_FILES.map((path) => [`pub/databases/IDR/${path}`, patternFile(7_000_001, path)]),
        ...EMPIAR_FILES.map((path, at) => [`empiar/world_availability/${EMPIAR_ID}/${path}`, patternFile(300_000 + at, path)]),
      ],
      documents: EPFL_FILES.map((path, at) => [path, patternFile(1_500_000 + 1000 * at, path)]),
    };
  }
  return {
    archive: [
      ...IDR_FILES.map((path) => [`pub/databases/IDR/${path}`, imagejStack(path)]),
      ...EMPIAR_FILES.map((path) => [`empiar/world_availability/${EMPIAR_ID}/${path}`, dm3Slice(path)]),
    ],
    documents: EPFL_FILES.map((path) => [path, pagedTiff(path, path.endsWith("volumedata.tif") ? 1065 : 165, path)]),
  };
}

/**
 * 1536 rows of 2048 a page, 384 strips a page, each directory behind its page: 8 bytes of head, pixels, directory, the next page, …
 * @param {string} name @param {number} pages
 */
function pagedTiff(name, pages) {
  const rows = 1536;
  const strips = 384;
  const stripBytes = 8192;
  const pixelBytes = strips * stripBytes;
  const pieces = [];
  let at = 8;
  let previous;
  for (let page = 0; page < pages; page++) {
    const offsets = Array.from({ length: strips }, (_, strip) => at + strip * stripBytes);
    const ifdAt = at + pixelBytes;
    const ifd = directory(ifdAt, [
      [254, LONG, [2]],
      [256, LONG, [2048]],
      [257, LONG, [rows]],
      [258, SHORT, [8]],
      [259, SHORT, [1]],
      [262, SHORT, [1]],
      [273, LONG, offsets],
      [277, SHORT, [1]],
      [278, LONG, [rows / strips]],
      [279, LONG, offsets.map(() => stripBytes)],
      [284, SHORT, [1]],
      [297, SHORT, [page, pages]],
      [305, ASCII, "InsightToolkit"],
      [339, SHORT, [1]],
    ]);
    if (previous) previous.link(ifdAt);
    else pieces.push({ offset: 0, bytes: tiffHead(ifdAt) });
    pieces.push({ offset: ifdAt, bytes: ifd.bytes });
    previous = ifd;
    at = ifdAt + ifd.bytes.length;
  }
  return sparseFile(at, pieces, name);
}

/** ImageJ's own form: one directory, 184 planes one behind the other. @param {string} name */
function imagejStack(name) {
  const [width, height, planes] = [1121, 775, 184];
  const text = `ImageJ=1.52p\nimages=${planes}\nslices=${planes}\nunit=\\u00B5m\nspacing=0.02\nloop=false\nmin=36.0\nmax=199.0\n`;
  const ifdAt = 8;
  const pixelsAt = 4096;
  const ifd = directory(ifdAt, [
    [254, LONG, [0]],
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, [8]],
    [259, SHORT, [1]],
    [262, SHORT, [1]],
    [270, ASCII, text],
    [273, LONG, [pixelsAt]],
    [277, SHORT, [1]],
    [278, SHORT, [height]],
    [279, LONG, [width * height]],
    [282, RATIONAL, [50_000_000, 1_000_000]],
    [283, RATIONAL, [50_000_000, 1_000_000]],
    [296, SHORT, [1]],
  ]);
  const pieces = [
    { offset: 0, bytes: tiffHead(ifdAt) },
    { offset: ifdAt, bytes: ifd.bytes },
  ];
  return sparseFile(pixelsAt + width * height * planes, pieces, name);
}

function tiffHead(ifdAt) {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint16(0, 0x4949);
  head.setUint16(2, 42, true);
  head.setUint32(4, ifdAt, true);
  return new Uint8Array(head.buffer);
}

/** A directory at its place in the file, long values behind it; `link` sets the offset of the next. */
function directory(at, tags) {
  const tableBytes = 2 + 12 * tags.length + 4;
  const values = tags.map(([, type, value]) => valueBytes(type, value));
  let end = tableBytes;
  const places = values.map(({ length }) => {
    if (length <= 4) return undefined;
    const place = end;
    end += length + (length % 2);
    return place;
  });
  const view = new DataView(new ArrayBuffer(end));
  const bytes = new Uint8Array(view.buffer);
  view.setUint16(0, tags.length, true);
  for (const [row, [tag, type, value]] of tags.entries()) {
    const entry = 2 + 12 * row;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    const count = type === ASCII ? value.length + 1 : type === RATIONAL ? value.length / 2 : value.length;
    view.setUint32(entry + 4, count, true);
    const place = places[row];
    if (place === undefined) bytes.set(values[row], entry + 8);
    else {
      view.setUint32(entry + 8, at + place, true);
      bytes.set(values[row], place);
    }
  }
  return { bytes, link: (next) => view.setUint32(tableBytes - 4, next, true) };
}

function valueBytes(type, value) {
  if (type === ASCII) return new TextEncoder().encode(`${value}\0`);
  const width = type === SHORT ? 2 : 4;
  const view = new DataView(new ArrayBuffer(width * value.length));
  for (const [at, number] of value.entries()) {
    if (width === 2) view.setUint16(2 * at, number, true);
    else view.setUint32(4 * at, number, true);
  }
  return new Uint8Array(view.buffer);
}

/** One slice of DigitalMicrograph's version 3, its tags before and behind the pixels. @param {string} name */
function dm3Slice(name) {
  const [width, height] = [5496, 5500];
  const pixelBytes = width * height;
  const slice = /(\d{4})\.dm3$/.exec(name)?.[1] ?? "0000";
  const axis = group([
    ["Origin", float32(0)],
    ["Scale", float32(0.007998250424861908)],
    ["Units", text("µm")],
  ]);
  // The pixels' own entry ends the head: kind, name, `%%%%`, three info words (array of u8, count).
  const before = [
    [
      "Calibrations",
      group([
        [
          "Brightness",
          group([
            ["Origin", float32(0)],
            ["Scale", float32(1)],
            ["Units", text("")],
          ]),
        ],
        [
          "Dimension",
          group([
            ["", axis],
            ["", axis],
          ]),
        ],
      ]),
    ],
  ];
  const after = [
    ["DataType", uint32(6)],
    [
      "Dimensions",
      group([
        ["", uint32(width)],
        ["", uint32(height)],
      ]),
    ],
    ["PixelDepth", uint32(1)],
  ];
  const imageData = { before, after, pixelBytes };
  const tags = group([
    [
      "Microscope Info",
      group([
        ["Voltage", float32(1900)],
        ["Probe Current (nA)", float32(0)],
        ["Indicated Magnification", float64(2159)],
        ["Illumination Mode", text("SEM")],
        ["Name", text("FEI Quanta")],
        [
          "Stage Position",
          group([
            ["Stage X", float32(79.3)],
            ["Stage Y", float32(-773.7)],
            ["Stage Z", float32(21)],
          ]),
        ],
      ]),
    ],
    ["DigiScan", group([["Sample Time", float64(0.5)]])],
    [
      "DataBar",
      group([
        ["Acquisition Date", text("2018-11-06")],
        ["Acquisition Time", text("22:27:16")],
      ]),
    ],
  ]);
  const { head, tail } = dm3Around(imageData, tags, `3VBSED_slice_${slice}`);
  const pieces = [
    { offset: 0, bytes: head },
    { offset: head.length + pixelBytes, bytes: tail },
  ];
  return sparseFile(head.length + pixelBytes + tail.length, pieces, name);
}

/** The bytes before and behind the pixels of a file with one image. */
function dm3Around({ before, after, pixelBytes }, tags, name) {
  const dataEntry = Buffer.concat([Buffer.from([21]), label("Data"), Buffer.from("%%%%"), words(3, 20, 10, pixelBytes)]);
  const openGroup = (count) => Buffer.concat([Buffer.from([1, 0]), word(count)]);
  const named = (kind, title) => Buffer.concat([Buffer.from([kind]), label(title)]);
  const head = Buffer.concat([
    openGroup(1), // the root
    named(20, "ImageList"),
    openGroup(1),
    named(20, ""),
    openGroup(3),
    named(20, "ImageData"),
    openGroup(before.length + 1 + after.length),
    ...before.map(entry),
    dataEntry,
  ]);
  const tail = Buffer.concat([...after.map(entry), entry(["ImageTags", tags]), entry(["Name", text(name)]), Buffer.alloc(8)]);
  const size = head.length + pixelBytes + tail.length - 8 + 12;
  return { head: Buffer.concat([words(3, size - 16, 1), head]), tail };
}

const word = (number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
};
const words = (...numbers) => Buffer.concat(numbers.map(word));

function label(title) {
  const bytes = Buffer.from(title, "latin1");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function entry([title, value]) {
  return Buffer.concat([Buffer.from([value.kind]), label(title), value.body]);
}

function group(entries) {
  return { kind: 20, body: Buffer.concat([Buffer.from([1, 0]), word(entries.length), ...entries.map(entry)]) };
}

const datum = (info, bytes) => ({ kind: 21, body: Buffer.concat([Buffer.from("%%%%"), words(info.length, ...info), bytes]) });

function float32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(number);
  return datum([6], bytes);
}

function float64(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(number);
  return datum([7], bytes);
}

function uint32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return datum([5], bytes);
}

function text(content) {
  return datum([20, 4, content.length], Buffer.from(content, "utf16le"));
}
