/**
 * Small files that decode to very much: one of each codec that the program reads, for tests and benchmarks. Honest ones say how much they are;
 * the others promise a small volume and hold a large one.
 *
 *     node test/faults/bombs.mjs FOLDER
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, crc32, deflateRawSync, gunzipSync, inflateSync } from "node:zlib";

const MIB = 2 ** 20;
const PIECE = 16 * MIB;

/** What many bombs decode to, unless they say otherwise. */
export const BOMB_BYTES = 1024 * MIB;

// ---------------------------------------------------------------- streams

const ZEROS = new Uint8Array(PIECE);
let deflatedZeros;

/** Zeros behind `head` as raw deflate: a piece that ends at a byte, again and again. `bytes` is rounded up to whole pieces. */
function deflated(bytes, head) {
  deflatedZeros ??= deflateRawSync(ZEROS, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const piece = deflatedZeros;
  const first = deflateRawSync(head, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const count = Math.ceil(bytes / PIECE);
  return { count, body: Buffer.concat([first, ...Array(count).fill(piece), Uint8Array.of(3, 0)]) };
}

function adlerOf(head, zeros) {
  let [a, b] = [1, 0];
  for (const byte of head) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  b = (b + a * (zeros % 65521)) % 65521;
  return Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255);
}

export function zlibBomb(bytes = BOMB_BYTES, head = new Uint8Array(0)) {
  const { count, body } = deflated(bytes, head);
  return Buffer.concat([Uint8Array.of(0x78, 0xda), body, adlerOf(head, count * PIECE)]);
}

let steps;

/** The CRC-32 of what has `sum`, and a piece of zeros behind it: each bit of `sum` changes it by itself. */
function crcBehindZeros(sum) {
  steps ??= [0, ...Array.from({ length: 32 }, (_, bit) => 2 ** bit)].map((one) => crc32(ZEROS, one));
  const [none] = steps;
  let next = none;
  for (let bit = 0; bit < 32; bit++) if ((sum >>> bit) & 1) next ^= steps[bit + 1] ^ none;
  return next >>> 0;
}

/** Members one after the other: what is behind the first is decoded as well. */
export function gzipBomb(bytes = BOMB_BYTES, head = new Uint8Array(0)) {
  const { count, body } = deflated(bytes, head);
  let sum = crc32(head);
  for (let i = 0; i < count; i++) sum = crcBehindZeros(sum);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(sum >>> 0, 0);
  end.writeUInt32LE((head.length + count * PIECE) % 2 ** 32, 4);
  return Buffer.concat([Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255), body, end]);
}

/** A stream of its own for 32 MiB of zeros: Python's `bz2.compress(bytes(32 * 2**20))`. */
const BZIP2_ZEROS = Buffer.from("QlpoOTFBWSZTWaIgopoBAQHAAMAAAAggADCAKRtoAgGiAQDi7kinChIURBRTQA==", "base64");
export const BZIP2_PIECE = 32 * MIB;

function bzip2Sum(bytes) {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  }
  return ~sum >>> 0;
}

/** A stream of one small block: runs, sorted rotations, places in a list of bytes, and codes that are all equally long. */
export function bzip2Of(plain) {
  const block = [];
  for (let at = 0; at < plain.length; ) {
    let run = 1;
    while (run < 255 && plain[at + run] === plain[at]) run++;
    for (let i = 0; i < Math.min(run, 4); i++) block.push(plain[at]);
    if (run >= 4) block.push(run - 4);
    at += run;
  }
  const order = block.map((_, at) => at);
  const compare = (a, b) => {
    for (let i = 0; i < block.length; i++) {
      const difference = block[(a + i) % block.length] - block[(b + i) % block.length];
      if (difference !== 0) return difference;
    }
    return 0;
  };
  order.sort(compare);
  const list = [...new Set(block)].sort((a, b) => a - b);
  const end = list.length + 1;
  const symbols = [];
  let zeros = 0;
  const flush = () => {
    for (; zeros > 0; zeros = (zeros - 1) >> 1) symbols.push((zeros & 1) === 1 ? 0 : 1);
  };
  const recent = [...list];
  for (const at of order) {
    const place = recent.indexOf(block[(at + block.length - 1) % block.length]);
    if (place === 0) {
      zeros++;
      continue;
    }
    flush();
    symbols.push(place + 1);
    recent.unshift(...recent.splice(place, 1));
  }
  flush();
  symbols.push(end);
  const width = Math.max(1, Math.ceil(Math.log2(end + 1)));
  const bits = [];
  const put = (value, count) => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push(Math.floor(value / 2 ** bit) % 2);
  };
  const sum = bzip2Sum(plain);
  put(0x425a6839, 32);
  put(0x314159265359, 48);
  put(sum, 32);
  put(0, 1);
  put(order.indexOf(0), 24);
  const groups = Array.from({ length: 16 }, (_, group) => list.filter((byte) => byte >> 4 === group));
  for (const group of groups) put(group.length > 0 ? 1 : 0, 1);
  for (const group of groups)
    if (group.length > 0) for (let low = 0; low < 16; low++) put(group.some((byte) => (byte & 15) === low) ? 1 : 0, 1);
  put(2, 3);
  const selectors = Math.ceil(symbols.length / 50);
  put(selectors, 15);
  for (let i = 0; i < selectors; i++) put(0, 1);
  for (let table = 0; table < 2; table++) {
    put(width, 5);
    for (let symbol = 0; symbol <= end; symbol++) put(0, 1);
  }
  for (const symbol of symbols) put(symbol, width);
  put(0x177245385090, 48);
  put(sum, 32);
  while (bits.length % 8 > 0) bits.push(0);
  return Buffer.from(
    Array.from({ length: bits.length / 8 }, (_, at) => Number.parseInt(bits.slice(8 * at, 8 * at + 8).join(""), 2)),
  );
}

/** Streams one after the other, the first of `head`. */
export function bzip2Bomb(bytes = BOMB_BYTES, head = new Uint8Array(0)) {
  const first = head.length > 0 ? [bzip2Of(head)] : [];
  return Buffer.concat([...first, ...Array(Math.ceil(bytes / BZIP2_PIECE)).fill(BZIP2_ZEROS)]);
}

/** Python's `gzip.compress(lzma.compress(bytes(2**28)))`. */
const XZ_256_MIB = gunzipSync(
  Buffer.from(
    "H4sIALymBmsC/+3QUUuTYQCG4XemlTTbpCKL1MJsS0HdSVGmwohpyAod2KaGBSYUllrqImSuQhmj0pWGBOWB1dA0m5RG1FikRJiVRGVF1kwHA5EowskcX9Y/CDrzvo8feOAKbT9tLBQi3Pfuni5MbJJtEEIoXxlfSFK0rPyAEBUhSeoYkLIzc9ac2HEo78Elta+jcdnczGTc2TepQzt3yXJdlud2uz61I+pD/a1v5xOiDV9NMUM19glzoL+lXn7UM169p3TCX2zoCx+b3S2/XRJ1TOefelprG7iyv7tf7z0SWxHMtSnLtcO2rGLR9Hpv7xZ1S1V8RtNmb+V1Z0LJtHq4YbS1zW5JcvxQ1cyu8yxt07eFxnrfNisGEw2BX45tmoibd2cqnlTqs+WjjuiunoOxD1+6VDHFpkZ/Wb7R7a/tNk1OFUUsn3v2sWc+mJ9cPRJXtFE799mQEdhaGpluHU4q/3I//fvg45SSLkVmbpm2edVKSXk5UHXKFFgxIrWqdYrO+brx4NW0lAJPU8PPc2c8h//z9aMclc/YLillyWL6pMEZct+p06xvH7igOb54DP7tOk+R1QcYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABBhhggAEGGGCAAQYYYIABtjjBrGaLiPwL9j7+k1ss5Lx2w+SN2GcWMp8rzLqQTIiLibqC1WvT05b8GYSbCn8DrGmglhCZAAA=",
    "base64",
  ),
);
export const XZ_BYTES = 256 * MIB;
export const xzBomb = () => XZ_256_MIB;

/** RLE blocks of 128 KiB: four bytes each. */
export function zstdBomb(bytes = BOMB_BYTES) {
  const blocks = Math.ceil(bytes / (128 * 1024));
  const plain = blocks * 128 * 1024;
  const stream = Buffer.alloc(4 + 1 + 8 + 4 * blocks);
  stream.writeUInt32LE(0xfd2fb528, 0);
  stream[4] = 0xe0; // a single segment, eight bytes of content size
  stream.writeBigUInt64LE(BigInt(plain), 5);
  for (let i = 0; i < blocks; i++) {
    stream.writeUIntLE((128 * 1024 * 8) | 2 | (i === blocks - 1 ? 1 : 0), 13 + 4 * i, 3);
  }
  return stream;
}

/** One block: a zero, and matches one byte back that never end. */
export function lz4Block(bytes) {
  const match = bytes - 1 - 5 - 4;
  const run = Math.floor((match - 15) / 255);
  const length = Buffer.alloc(run + 1, 255);
  length[run] = (match - 15) % 255;
  return Buffer.concat([Uint8Array.of(0x1f, 0, 1, 0), length, Uint8Array.of(0x50, 0, 0, 0, 0, 0)]);
}

/** As numcodecs has it: the length, then the block. */
export function lz4Bomb(bytes = BOMB_BYTES / 4) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes);
  return Buffer.concat([length, lz4Block(bytes)]);
}

const INNER = { blosclz: 0, lz4: 1, zlib: 3, zstd: 4 };

/** A frame all of whose blocks are the same stored one: `promised` bytes, in blocks of 16 MiB. */
export function bloscBomb(inner = "lz4", promised = BOMB_BYTES) {
  const block = Math.min(promised, 16 * MIB);
  const blocks = Math.ceil(promised / block);
  const stream = { lz4: () => lz4Block(block), zlib: () => zlibBomb(block), zstd: () => zstdBomb(block) }[inner]();
  const start = 16 + 4 * blocks;
  const frame = Buffer.alloc(start + 4 + stream.length);
  frame.set([2, 1, (INNER[inner] << 5) | 16, 1]);
  frame.writeUInt32LE(promised, 4);
  frame.writeUInt32LE(block, 8);
  frame.writeUInt32LE(frame.length, 12);
  for (let i = 0; i < blocks; i++) frame.writeUInt32LE(start, 16 + 4 * i);
  frame.writeUInt32LE(stream.length, start);
  frame.set(stream, start + 4);
  return frame;
}

let brotliZeros;

export function brotliBomb() {
  brotliZeros ??= brotliCompressSync(new Uint8Array(BOMB_BYTES / 4), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  return brotliZeros;
}

/** TIFF's LZW of zeros: the table fills with ever longer runs, whose longest comes again and again: 3,838 bytes in twelve bits. */
export function lzwBomb(bytes) {
  const codes = [256, 0];
  let made = 1;
  for (let next = 258; next < 4096; next++, made += codes.length - 2) codes.push(next);
  for (; made < bytes; made += 3838) codes.push(4095);
  const stream = Buffer.alloc(Math.ceil(codes.length * 1.5) + 16);
  let at = 0;
  for (const code of codes) {
    const width = code >= 2047 ? 12 : code >= 1023 ? 11 : code >= 511 ? 10 : 9;
    for (let bit = width - 1; bit >= 0; bit--, at++) stream[at >> 3] |= ((code >> bit) & 1) << (7 - (at & 7));
  }
  return stream;
}

/** Runs of 128 zeros, two bytes each. */
export function packBitsBomb(bytes) {
  return Buffer.alloc(2 * Math.ceil(bytes / 128), Uint8Array.of(129, 0));
}

// ---------------------------------------------------------------- files and folders

/** An MRC header of bytes, `[z, y, x]`. */
export function mrcHead([z, y, x]) {
  const head = Buffer.alloc(1024);
  for (const [at, value] of [x, y, z, 0, 0, 0, 0, x, y, z].entries()) head.writeInt32LE(value, 4 * at);
  for (const [at, value] of [x, y, z, 90, 90, 90].entries()) head.writeFloatLE(value, 40 + 4 * at);
  for (const [at, value] of [1, 2, 3].entries()) head.writeInt32LE(value, 64 + 4 * at);
  head.writeInt32LE(1, 88);
  head.write("MAP ", 208, "latin1");
  head.set([0x44, 0x44], 212);
  return head;
}

/** A TIFF of bytes, one strip or several that are the same one. */
export function tiffOf(compression, [height, width], strip, count = 1) {
  const tags = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, compression],
    [262, 3, 1],
    [273, 4, 8, count],
    [277, 3, 1],
    [278, 4, height / count],
    [279, 4, strip.length, count],
  ];
  const head = Buffer.alloc(8);
  head.write("II*\0", 0, "latin1");
  head.writeUInt32LE(8 + strip.length, 4);
  const list = Buffer.alloc(2 + 12 * tags.length + 4);
  list.writeUInt16LE(tags.length, 0);
  const behind = [];
  let end = head.length + strip.length + list.length;
  for (const [i, [tag, type, value, times = 1]] of tags.entries()) {
    list.writeUInt16LE(tag, 2 + 12 * i);
    list.writeUInt16LE(type, 4 + 12 * i);
    list.writeUInt32LE(times, 6 + 12 * i);
    list.writeUInt32LE(times === 1 ? value : end, 10 + 12 * i);
    if (times === 1) continue;
    const values = Buffer.alloc(4 * times);
    for (let at = 0; at < times; at++) values.writeUInt32LE(value, 4 * at);
    behind.push(values);
    end += values.length;
  }
  return Buffer.concat([head, strip, list, ...behind]);
}

function png([height, width], packed) {
  const part = (type, body) => {
    const bytes = Buffer.concat([Buffer.from(type, "latin1"), body]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    sum.writeUInt32BE(crc32(bytes));
    return Buffer.concat([length, bytes, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([signature, part("IHDR", head), part("IDAT", packed), part("IEND", Buffer.alloc(0))]);
}

/** Local header of a ZIP archive, and a deflated member behind it: what `zipfile` reads once it has the list at the end, which is left out. */
function zipOf(key, packed) {
  const head = Buffer.alloc(30);
  head.write("PK\x03\x04", 0, "latin1");
  for (const [at, value] of [20, 0, 8].entries()) head.writeUInt16LE(value, 4 + 2 * at);
  head.writeUInt32LE(packed.length, 18);
  head.writeUInt32LE(BOMB_BYTES, 22);
  head.writeUInt16LE(key.length, 26);
  return Buffer.concat([head, Buffer.from(key), packed]);
}

/** A grey progressive JPEG with one scan of its means: one bit a block of 64 pixels. */
function jpegOf([height, width]) {
  const part = (marker, body) =>
    Buffer.concat([Uint8Array.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255), body]);
  const blocks = Math.ceil(height / 8) * Math.ceil(width / 8);
  const frame = Uint8Array.of(8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0);
  return Buffer.concat([
    Uint8Array.of(0xff, 0xd8),
    part(0xdb, Uint8Array.of(0, ...Array(64).fill(1))),
    part(0xc2, frame),
    part(0xc4, Uint8Array.of(0, 1, ...Array(15).fill(0), 0)),
    part(0xda, Uint8Array.of(1, 1, 0, 0, 0, 0)),
    Buffer.alloc(Math.ceil(blocks / 8)),
    Uint8Array.of(0xff, 0xd9),
  ]);
}

/** XXH32 of 32 MiB of zeros with lz4-java's seed, 28 bits of it: Python's `xxhash.xxh32(bytes(2**25), seed=0x9747b28c).intdigest() & 0xfffffff`. */
const XXH32_ZEROS = 0xba68691;

/** As lz4-java has it: blocks of 32 MiB, and the end. */
function lz4JavaBomb(bytes = BOMB_BYTES) {
  const head = (packed, plain, sum) => {
    const all = Buffer.alloc(21);
    all.write("LZ4Block", 0, "latin1");
    all[8] = (plain > 0 ? 0x20 : 0x10) | 15;
    for (const [at, value] of [packed, plain, sum].entries()) all.writeUInt32LE(value, 9 + 4 * at);
    return all;
  };
  const block = lz4Block(32 * MIB);
  const one = Buffer.concat([head(block.length, 32 * MIB, XXH32_ZEROS), block]);
  return Buffer.concat([...Array(Math.ceil(bytes / (32 * MIB))).fill(one), head(0, 0, 0)]);
}

/** A NIfTI-1 header of bytes, `[z, y, x]`, and the four bytes behind it. */
function niftiHead([z, y, x]) {
  const head = Buffer.alloc(352);
  head.writeInt32LE(348, 0);
  for (const [at, value] of [3, x, y, z, 1, 1, 1, 1].entries()) head.writeInt16LE(value, 40 + 2 * at);
  for (const [at, value] of [2, 8].entries()) head.writeInt16LE(value, 70 + 2 * at);
  for (const [at, value] of [1, 1, 1, 1].entries()) head.writeFloatLE(value, 76 + 4 * at);
  head.writeFloatLE(352, 108);
  head.writeFloatLE(1, 112);
  head.write("n+1\0", 344, "latin1");
  return head;
}

function nrrdOf([z, y, x], encoding, body) {
  return Buffer.concat([
    Buffer.from(`NRRD0004\ntype: uint8\ndimension: 3\nsizes: ${x} ${y} ${z}\nencoding: ${encoding}\n\n`),
    body,
  ]);
}

const json = (value) => Buffer.from(JSON.stringify(value));

function zarr(compressor, shape, chunk, body) {
  const meta = { zarr_format: 2, shape, chunks: chunk, dtype: "|u1", compressor, fill_value: 0, order: "C", filters: null };
  return { ".zarray": json(meta), "0.0.0": body };
}

function n5(compression, shape, body) {
  const head = Buffer.alloc(4 + 12);
  head.writeUInt16BE(3, 2);
  for (const [axis, length] of shape.entries()) head.writeUInt32BE(length, 4 + 4 * axis);
  const meta = { dimensions: shape, blockSize: shape, dataType: "uint8", compression };
  return { "attributes.json": json(meta), "0/0/0": Buffer.concat([head, body]) };
}

function precomputed(encoding, [z, y, x], body, ending = "") {
  const more = encoding === "compressed_segmentation" ? { compressed_segmentation_block_size: [8, 8, 8] } : {};
  const scale = {
    key: "1",
    size: [x, y, z],
    resolution: [1, 1, 1],
    chunk_sizes: [[x, y, z]],
    encoding,
    voxel_offset: [0, 0, 0],
    ...more,
  };
  const isLabels = encoding === "compressed_segmentation";
  const type = isLabels ? "segmentation" : "image";
  const info = { type, data_type: isLabels ? "uint32" : "uint8", num_channels: 1, scales: [scale] };
  return { info: json(info), [`1/0-${x}_0-${y}_0-${z}${ending}`]: body };
}

/** One inner chunk in a shard, and the index behind it, which may be encoded. */
function sharded(codec, shape, body, { indexCodecs = [], packed = (index) => index } = {}) {
  const index = Buffer.alloc(16);
  index.writeBigUInt64LE(BigInt(body.length), 8);
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  const configuration = {
    chunk_shape: shape,
    codecs: [bytes, codec],
    index_codecs: [bytes, ...indexCodecs],
    index_location: "end",
  };
  const grid = { name: "regular", configuration: { chunk_shape: shape } };
  const keys = { name: "default", configuration: { separator: "/" } };
  const meta = { zarr_format: 3, node_type: "array", shape, data_type: "uint8", chunk_grid: grid, chunk_key_encoding: keys };
  const codecs = [{ name: "sharding_indexed", configuration }];
  return {
    "zarr.json": json({ ...meta, fill_value: 0, codecs, attributes: {} }),
    "c/0/0/0": Buffer.concat([body, packed(index)]),
  };
}

const LYING = [64, 64, 64];
const HONEST = [512, 1024, 1024];
const HONEST_BYTES = 512 * MIB;

/**
 * Bombs by name: a file, or the files of a folder. Those called `lying` are 64³ bytes by their own words; `honest` and `many` are as large as they
 * say; `none` has no header.
 */
export function bombs() {
  const all = {};
  const add = (name, files) => {
    all[name] = Buffer.isBuffer(files) ? { "": files } : files;
  };
  // whole files
  for (const [name, shape, bytes] of [
    ["lying", LYING, 2048 * MIB],
    ["honest", [1024, 1024, 1024], 1024 * MIB],
  ]) {
    add(`${name}.mrc.bz2`, bzip2Bomb(bytes, mrcHead(shape)));
    add(`${name}.mrc.gz`, gzipBomb(bytes, mrcHead(shape)));
  }
  // no header in it at all
  add("none.mrc.bz2", bzip2Bomb(2048 * MIB));
  add("none.mrc.gz", gzipBomb(2048 * MIB));
  // chunks
  const streams = {
    zlib: [{ id: "zlib", level: 1 }, zlibBomb],
    gzip: [{ id: "gzip", level: 1 }, gzipBomb],
    bz2: [{ id: "bz2", level: 1 }, bzip2Bomb],
    lzma: [{ id: "lzma", format: 1 }, xzBomb],
    zstd: [{ id: "zstd", level: 1 }, zstdBomb],
    lz4: [{ id: "lz4", acceleration: 1 }, (bytes) => lz4Bomb(Math.min(bytes, 256 * MIB))],
    "blosc-lz4": [{ id: "blosc", cname: "lz4", clevel: 5, shuffle: 0 }, (bytes) => bloscBomb("lz4", bytes)],
    "blosc-zlib": [{ id: "blosc", cname: "zlib", clevel: 5, shuffle: 0 }, (bytes) => bloscBomb("zlib", bytes)],
    "blosc-zstd": [{ id: "blosc", cname: "zstd", clevel: 5, shuffle: 0 }, (bytes) => bloscBomb("zstd", bytes)],
  };
  for (const [name, [compressor, make]] of Object.entries(streams)) {
    add(`lying-${name}.zarr`, zarr(compressor, LYING, LYING, make(BOMB_BYTES)));
    const [shape, bytes] = ["lzma", "lz4"].includes(name) ? [[256, 1024, 1024], 256 * MIB] : [HONEST, HONEST_BYTES];
    add(`honest-${name}.zarr`, zarr(compressor, shape, shape, make(bytes)));
    // sixty-four chunks of 16 MiB
    const many = make(16 * MIB);
    const meta = zarr(compressor, [64 * 64, 512, 512], [64, 512, 512], many);
    if (!["lzma", "bz2"].includes(name))
      add(`many-${name}.zarr`, {
        ...meta,
        ...Object.fromEntries(Array.from({ length: 64 }, (_, z) => [`${z}.0.0`, many])),
      });
  }
  for (const [name, compression, body] of [
    ["gzip", { type: "gzip", level: 1 }, gzipBomb()],
    ["bzip2", { type: "bzip2", blockSize: 9 }, bzip2Bomb()],
    ["xz", { type: "xz", preset: 6 }, xzBomb()],
    ["zstd", { type: "zstd", level: 3 }, zstdBomb()],
    ["lz4", { type: "lz4", blockSize: 2 ** 25 }, lz4JavaBomb()],
    ["blosc", { type: "blosc", cname: "lz4", clevel: 5, shuffle: 0, blocksize: 0, nthreads: 1 }, bloscBomb()],
  ]) {
    add(`lying-${name}.n5`, n5(compression, LYING, body));
  }
  add("honest-lz4.n5", n5({ type: "lz4", blockSize: 2 ** 25 }, HONEST, lz4JavaBomb(HONEST_BYTES)));
  const gzip = { name: "gzip", configuration: { level: 1 } };
  const zstd = { name: "zstd", configuration: { level: 1, checksum: false } };
  add("lying-shard-gzip.zarr", sharded(gzip, LYING, gzipBomb()));
  add("lying-shard-zstd.zarr", sharded(zstd, LYING, zstdBomb()));
  add("honest-shard-gzip.zarr", sharded(gzip, HONEST, gzipBomb(HONEST_BYTES)));
  const packedIndex = (codec, packed) => sharded(gzip, LYING, gzipBomb(64 * MIB), { indexCodecs: [codec], packed });
  add(
    "packed-index-gzip.zarr",
    packedIndex(gzip, (index) => gzipBomb(BOMB_BYTES, index)),
  );
  add(
    "packed-index-zstd.zarr",
    packedIndex(zstd, () => zstdBomb()),
  );
  // no store of ours: it is named, not opened
  add("unread.zarr.zip", zipOf("0/0.0.0", zlibBomb().subarray(2)));
  add("lying-raw-gzip.precomputed", precomputed("raw", LYING, gzipBomb()));
  add("lying-raw-brotli.precomputed", precomputed("raw", LYING, brotliBomb(), ".br"));
  add("lying-jpeg-gzip.precomputed", precomputed("jpeg", LYING, gzipBomb(500 * MIB)));
  add("lying-jpeg-brotli.precomputed", precomputed("jpeg", LYING, brotliBomb(), ".br"));
  add("lying-jpeg.precomputed", precomputed("jpeg", LYING, jpegOf([65535, 65535])));
  for (const side of [6400, 16000, 22000])
    add(`honest-jpeg-${side}.precomputed`, precomputed("jpeg", [1, side, side], jpegOf([side, side])));
  add("lying-labels-gzip.precomputed", precomputed("compressed_segmentation", LYING, gzipBomb(500 * MIB)));
  add("lying-png.precomputed", precomputed("png", LYING, png([4096, 64], zlibBomb())));
  add("lying-png-gzip.precomputed", precomputed("png", LYING, gzipBomb(500 * MIB)));
  // strips
  const strips = { lzw: [5, lzwBomb], deflate: [8, zlibBomb], packbits: [32773, packBitsBomb], zstd: [50000, zstdBomb] };
  for (const [name, [number, make]] of Object.entries(strips)) {
    add(`lying-${name}.tif`, tiffOf(number, [512, 512], make(name === "packbits" ? 64 * MIB : 512 * MIB)));
    if (name !== "packbits") add(`honest-${name}.tif`, tiffOf(number, [16384, 32768], make(HONEST_BYTES)));
  }
  add("many-deflate.tif", tiffOf(8, [16384, 32768], zlibBomb(16 * MIB), 32));
  add("huge-deflate.tif", tiffOf(8, [65536, 65536], zlibBomb(16 * MIB)));
  add("lying.nii.gz", gzipBomb(2048 * MIB, niftiHead(LYING)));
  add("honest.nii.gz", gzipBomb(1024 * MIB, niftiHead([1024, 1024, 1024])));
  add("lying-gzip.nrrd", nrrdOf(LYING, "gzip", gzipBomb(2048 * MIB)));
  add("honest-gzip.nrrd", nrrdOf([1024, 1024, 1024], "gzip", gzipBomb(1024 * MIB)));
  add("lying-bzip2.nrrd", nrrdOf(LYING, "bzip2", bzip2Bomb(2048 * MIB)));
  for (const [name, packed] of Object.entries(HDF5_CHUNKS)) add(`${name}.h5`, gunzipSync(Buffer.from(packed, "base64")));
  add("lying.png", png([64, 64], zlibBomb()));
  add("honest.png", png([16384, 32767], zlibBomb(HONEST_BYTES)));
  return all;
}

/**
 * Datasets of one chunk with gzip, of 1 GiB and 448 MiB by their own words, whose stored chunk ends after 1 MiB: h5py's `create_dataset(…, chunks=shape,
 * compression="gzip")` and `write_direct_chunk((0, 0, 0), zlib.compress(bytes(2**20), 9))`, compressed by gzip.
 */
const HDF5_CHUNKS = {
  "huge-chunk":
    "H4sIAAAAAAACA+v0cHHj5ZLiYgABDg4GFgYBBmTwHwqOi6LyYfIJUJoRSndA6RVMMHFGsJwEVFwQaj66upAgV1eQ6v9oAGaPAQuE5mAYBSMReLg6BoDoCCgflkpPMKGqK8vPKc1NRaRHDwrtZWRgg5jFCONbQGhmqAA0XRJLMwNdzgh1PyNSimYF0iA+EzMTWJibQQHMZ4TbywHOSSmpaTmJJalwYzmA6sDmMrFUsCJZBcWMCJ84UCUegv38XRjBroEABebRtEkOAJV3jFjKO34W4vTvEEQTwJHeGEeDehSMglEwCkbBKBgFo2AUjIIhDypuvT1oCGrcH1rw1T+XI37BaJCMglEw8oAdM8MHBkYAh31HrscVAAA=",
  "large-chunk":
    "H4sIAAAAAAACA+v0cHHj5ZLiYgABDg4GFgYBBmTwHwqOi6LyYfIJUJoRSndA6RVMMHFGsJwEVFwQaj66upAgV1eQ6v9oAGaPAQuE5mAYBSMReLg6BoDoCCgflkpPMKGqK8vPKc1NRaRHDwrtZWRgg5jFCONbQGhmiMABmEUsqDQucWagyxmh7mdEStGsQBrEZ2JmAgtzMyiA+YxweznAOSklNS0nsSQVbiwHUB3YXCaWClYkq1kgmBHhEweqxEOwn78LI9g1EKDAPJo2yQGg8o4RS3nHz0Kc/h2CqHxc6Y1xNKhHwSgYBaNgFIyCUTAKRsEoGPKg4tbbg4agxv2hBV/9czniF4wGySgYBSMP2DEzfGBgBAAWDtJrxxUAAA==",
};

/** A dataset of random bytes, whose stored chunk is then another stream: its filter has no other end than that of the stream. */
async function writeHdf5(path, side, isLying) {
  const { default: h5wasm } = await import("h5wasm/node");
  await h5wasm.ready;
  const data = new Uint8Array(side ** 3);
  let state = 1;
  for (let i = 0; isLying && i < data.length; i++) {
    state = (state * 48271) % 2147483647;
    data[i] = state >> 8;
  }
  const file = new h5wasm.File(path, "w");
  file.create_dataset({ name: "volume", data, shape: [side, side, side], chunks: [side, side, side], compression: 1 });
  file.close();
  if (!isLying) return;
  const bytes = readFileSync(path);
  const bomb = zlibBomb(768 * MIB);
  for (let at = bytes.indexOf(0x78); at >= 0; at = bytes.indexOf(0x78, at + 1)) {
    try {
      if (!inflateSync(bytes.subarray(at)).equals(data)) continue;
    } catch {
      continue;
    }
    bomb.copy(bytes, at);
    writeFileSync(path, bytes);
    return;
  }
  throw new Error("no chunk found");
}

/** Writes bombs below a folder. @returns their names */
export async function writeBombs(folder, wanted = () => true) {
  const names = [];
  mkdirSync(folder, { recursive: true });
  for (const [name, files] of Object.entries(bombs())) {
    if (!wanted(name)) continue;
    for (const [key, body] of Object.entries(files)) {
      const path = join(folder, name, key);
      if (key !== "") mkdirSync(dirname(path), { recursive: true });
      writeFileSync(key === "" ? join(folder, name) : path, body);
    }
    names.push(name);
  }
  for (const [name, side] of [
    ["lying-gzip.h5", 96],
    ["honest-gzip.h5", 320],
  ]) {
    if (!wanted(name)) continue;
    await writeHdf5(join(folder, name), side, name.startsWith("lying"));
    names.push(name);
  }
  return names;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await writeBombs(process.argv[2] ?? "bombs")).join("\n"));
