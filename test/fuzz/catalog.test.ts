import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { type TiffTag, writeTiff } from "../../src/formats/tiff/write.js";
import { countFrames, framesGlobal } from "../../src/stations/catalog/frames/frame.js";
import { readFramePixels } from "../../src/stations/catalog/frames/frame-file.js";
import { openFrames } from "../../src/stations/catalog/frames/frame-source.js";
import { parseMlName, parseSmsName } from "../../src/stations/catalog/frames/name-parsers.js";
import { decodeFrame, encodeFrame } from "../../src/stations/catalog/frames/png.js";
import { planFrames } from "../../src/stations/catalog/frames/splitter.js";
import { parseUploadConfig } from "../../src/stations/catalog/inputs/config.js";
import { builtInMetaSchema } from "../../src/stations/catalog/inputs/meta-schema.js";
import { parseUploadTable } from "../../src/stations/catalog/inputs/upload-table.js";
import { parseWhere } from "../../src/stations/catalog/where.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { mutations, type Reader, truncations } from "./point-files.js";

/** Whatever is wrong is one of our errors, and none that blames emporium. Its place is another's matter here: rows, addresses, characters. */
const judged =
  (read: Reader): Reader =>
  async (bytes) => {
    try {
      await read(bytes);
    } catch (error) {
      if (!isEmporiumError(error) || error.code === "INTERNAL") throw error;
    }
  };

const text = (content: string) => new TextEncoder().encode(content);
const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** All that an upload does with a file before it stores it. */
const splits =
  (format: "ome_tiff" | "tif_id" | "tif_folder", name: string, beside: Record<string, Uint8Array> = {}): Reader =>
  async (bytes) => {
    const store = memoryStore();
    for (const [key, body] of Object.entries({ ...beside, [name]: bytes })) await store.write(key, body);
    const kind = format === "tif_folder" ? "folder" : "file";
    const source = { kind, store, key: kind === "file" ? name : "", origin: name, name } as const;
    const set = await planFrames(format, source, {
      schema: builtInMetaSchema,
      frameName: parseSmsName,
      datasetName: parseMlName,
    });
    expect(framesGlobal(set, countFrames(set.frames), "d").nbr_frames).toBe(set.frames.length);
    for (const { file, page } of set.frames.slice(0, 3)) {
      const pixels = await readFramePixels(await openFrames(store, set.files[file]!.key), page, {
        ...set.shape,
        fromFloat: set.fromFloat,
      });
      expect(pixels.length).toBe(set.shape.width * set.shape.height * set.shape.colours * (set.shape.depth === "uint8" ? 1 : 2));
    }
    let count = 0;
    for await (const metadata of set.metadataOf(set.frames.slice(0, 3))) {
      expect(typeof metadata).toBe("object");
      count++;
    }
    expect(count).toBe(Math.min(3, set.frames.length));
  };

async function tiff(pages: number, tags: (page: number) => TiffTag[]): Promise<Uint8Array> {
  async function* planes() {
    for (let page = 0; page < pages; page++) yield new Uint8Array(24).fill(page + 1);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTiff({ pages, height: 3, width: 4, samples: 1, dtype: "uint16", tags }, planes()))
    pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

const info = Buffer.from(JSON.stringify({ InitialPositionList: [{ Label: "Pos1" }] }), "utf16le");
const head = Buffer.from("JIJIofni\u0001\0\0\0", "latin1");
const OME = await tiff(2, (page) => [
  { tag: 50838, type: "long", value: [12, info.length] },
  { tag: 50839, type: "byte", value: new Uint8Array(Buffer.concat([head, info])) },
  {
    tag: 51123,
    type: "ascii",
    value: JSON.stringify({ ChannelIndex: page, Slice: 1, FrameIndex: 0, PositionIndex: 0, Channel: "a", Axes: { z: page } }),
  },
]);
const ID = await tiff(4, (page) =>
  page === 0 ? [{ tag: 270, type: "ascii", value: "ImageJ=1.52e\nimages=4\nchannels=2\nslices=2\n" }] : [],
);
const SUMMARY = text(JSON.stringify({ Summary: { Width: 4, Height: 3, PixelType: "GRAY16", BitDepth: 16 } }));
const PNG = await encodeFrame(new Uint8Array(24), { height: 3, width: 4, colours: 1, depth: "uint16" });

const PARSERS: [name: string, read: Reader, corpus: Uint8Array[], words: string[]][] = [
  [
    "table of an upload",
    async (bytes) => void parseUploadTable(read(bytes), "fuzz.csv"),
    [text('dataset_id,file_name,description,positions\r\nML-2018-11-07-09-35-54-0010,"a,\nb",nan,"[1, 2]"\n')],
    ['"', ",", "\r", "\ufeff", "[", "1e9", "-0", "ML-2018-02-30-09-35-54-0010"],
  ],
  [
    "configuration of an upload",
    async (bytes) => void parseUploadConfig(read(bytes), "fuzz.json"),
    [
      text(
        '{"upload_type": "frames", "microscope": "m", "frames_format": "tif_id",\n "filename_pattern": "(?<channel>.)_(?<slice>\\\\d+)", "storage": "s3"}',
      ),
    ],
    ['"__proto__": 1,', "{", "]", "null", "1e999", "(?<", "(a+)+", "\\ud800"],
  ],
  [
    "filter",
    async (bytes) => void parseWhere(read(bytes)),
    [text('nbr_slices >= 10 and metadata."a b".c contains "x" and frame.d exists')],
    ['"', ".", "and", "exists", "contains", "<", "\\", "metadata."],
  ],
  [
    "ome_tiff",
    splits("ome_tiff", "f_Pos1.ome.tif"),
    [OME],
    ["{", '"Axes":', "-1", "1e99", "null", "\0\0\0\0", "\xff\xff\xff\x7f"],
  ],
  ["tif_id", splits("tif_id", "A1_2_X_f.tif"), [ID], ["images=9", "channels=-1", "channels=99999999", "\0\0", "\xff\xff"]],
  [
    "metadata.txt",
    splits("tif_folder", "metadata.txt", { "img_a_t000_p000_z000.tif": ID }),
    [SUMMARY],
    ["{", "NaN", "-1", '"Width": 1e9,', "null"],
  ],
  [
    "stored frame",
    async (bytes) => void (await decodeFrame(bytes, "fuzz.png")),
    [PNG],
    ["IDAT", "IEND", "\0\0\0\0", "\xff\xff\xff\xff"],
  ],
];

describe.each(PARSERS)("%s", (_, parser, corpus, words) => {
  it("cut at every byte", async () => {
    expect((await truncations(judged(parser), corpus)).size).toBe(1);
    await parser(corpus[0]!);
  });

  it("changed at random", async () => {
    const pieces = words.map((word) => Uint8Array.from(word, (letter) => letter.charCodeAt(0)));
    expect((await mutations(judged(parser), corpus, pieces, 77)).size).toBe(1);
  });
});
