import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { peekHdf5 } from "../../src/arrays/loader/open-hdf5.js";
import { FOLDER_OPENERS, fileOpener } from "../../src/arrays/loader/openers.js";
import { openBlockVolume } from "../../src/arrays/loader/volume.js";
import { geometryOf } from "../../src/arrays/plane/facts.js";
import { openPlanes, planeFile } from "../../src/arrays/plane/open.js";
import { describeVolume, openVolume } from "../../src/arrays/stream/source/open-volume.js";
import { inMemory } from "../../src/core/bytes.js";
import { ITEM_BYTES, swapBytes } from "../../src/core/dtype.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { peekFile, peekFolder } from "../../src/formats/peek/peek.js";
import { FILE_FORMATS, type FileFormatId, FOLDER_FORMATS, fileFormatOf, titleOf } from "../../src/formats/registry.js";
import { VOLUME_DOCUMENTS, type VolumeFamily } from "../../src/model/volume-formats.js";
import { fileStore } from "../../src/stores/file/store.js";
import { FORMAT_EXAMPLES } from "../format-examples.js";
import { THOROUGH } from "../thorough.js";

/** Every row of the table of formats, by every door. */
const root = mkdtempSync(join(tmpdir(), "emporium-formats-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const store = fileStore(root);

const EXAMPLES = FILE_FORMATS.map((format) => ({ format, example: FORMAT_EXAMPLES[format.id as FileFormatId] }));
const READ = EXAMPLES.filter(({ format }) => format.peek && fileOpener(format));
const REFUSED = EXAMPLES.filter(({ format }) => !format.peek);
const HDF5_DATASET = "#/plain";

function write(name: string, bytes: Uint8Array): string {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), bytes);
  return name;
}

const peeked = async (bytes: Uint8Array, name: string) =>
  (await peekFile(inMemory(bytes, name), { hdf5: () => peekHdf5(join(root, name), name) })).images;
const datasetOf = (id: string) => (id === "hdf5" ? HDF5_DATASET : "");
/** Shape, type, voxel size in Å and all voxels of the finest level, as blocks read them. */
async function boxes(key: string) {
  const volume = await openBlockVolume({ store, key });
  try {
    const { shape, dtype, voxelSizeNm } = volume.levels[0]!;
    const bytes = await volume.levels[0]!.read({ start: [0, 0, 0], stop: shape });
    return { shape, dtype, voxelSize: voxelSizeNm.map((size) => size && size * 10), bytes: new Uint8Array(bytes) };
  } finally {
    await volume.close();
  }
}

async function streamed(key: string, scratch: string) {
  const { raw, shape, dtype, voxelSizeAngstrom } = await openVolume(store, key, {
    compat: false,
    scratch: async () => join(root, scratch),
  });
  const length = shape[0] * shape[1] * shape[2] * ITEM_BYTES[dtype];
  const { data } = raw;
  const bytes =
    "path" in data
      ? new Uint8Array(readFileSync(data.path).subarray(data.offset, data.offset + length))
      : await data.read(data.offset, length);
  if (!raw.littleEndian) swapBytes(bytes, ITEM_BYTES[dtype]);
  return { shape, dtype, voxelSize: voxelSizeAngstrom, bytes };
}

const near = (sizes: readonly (number | null | undefined)[]) =>
  sizes.map((size) => (size ? Number(size.toPrecision(5)) : undefined));

describe("rows of the table of formats", () => {
  it("have an example each, and no name twice", () => {
    for (const { format, example } of EXAMPLES) expect(example, format.id).toBeDefined();
    const names = FILE_FORMATS.flatMap(({ names = [] }) => names);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it.each(EXAMPLES)(
    "$format.id: its file is its own and nobody else's, whatever it is called",
    ({ format, example: [name, bytes] }) => {
      expect(fileFormatOf(bytes, name)?.id).toBe(format.id);
      for (const { format: other, example } of EXAMPLES) {
        if (other === format) continue;
        // frames of a Falcon camera are a TIFF by their bytes: without the name they are read as one, and refused by their compression
        const own = fileFormatOf(bytes, `b.${example[0]}`)?.id;
        if (format.needsName) expect([other.id, undefined, "tiff", "mrc"], `${format.id} as ${example[0]}`).toContain(own);
        else if (other.needsName && other.detect(bytes)) expect([format.id, other.id]).toContain(own);
        else expect(own, `${format.id} as ${example[0]}`).toBe(format.id);
      }
    },
  );

  it.each(REFUSED)(
    "$format.id is refused by its name at every door",
    async ({ format: { called, says }, example: [name, bytes] }) => {
      const key = write(name, bytes);
      const doors = [
        () => peeked(bytes, name),
        () => boxes(key),
        () => describeVolume(store, key, { compat: false }),
        () => streamed(key, "refused"),
      ];
      for (const door of doors) {
        const error = await door().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (!isEmporiumError(error)) throw error ?? new Error(`${name} was read`);
        expect([error.code, error.message, error.facts.hint]).toEqual([
          "FORMAT_UNSUPPORTED",
          expect.stringContaining(`${called} is not read`),
          says,
        ]);
      }
    },
  );

  it.each(READ)("$format.id: peek, blocks, planes and conversion agree", async ({ format, example: [name, bytes] }) => {
    const key = write(name, bytes);
    const whole = await boxes(`${key}${datasetOf(format.id)}`);
    const images = await peeked(bytes, name);
    const facts = format.hasDatasets ? images.find((one) => one.name.endsWith(HDF5_DATASET))! : images[0]!;
    const { voxelSizeAngstrom } = geometryOf(facts);
    expect({ shape: facts.shape.slice(-3), dtype: facts.dtype }).toEqual({
      shape: whole.shape.slice(-facts.shape.length),
      dtype: whole.dtype,
    });
    expect(near(voxelSizeAngstrom).slice(1)).toEqual(near(whole.voxelSize).slice(1));
    if (format.flat || format.isPaged) {
      const source = inMemory(bytes, name);
      const planes = await openPlanes(source, (await planeFile(source))!);
      const read = await planes.readBox(0, { start: [0, 0, 0], stop: whole.shape }, [1, 1, 1]);
      expect(Buffer.compare(read, whole.bytes)).toBe(0);
    }
    if (format.flat) {
      const stream = await streamed(key, `stream-${format.id}`);
      expect([stream.shape, stream.dtype, near(stream.voxelSize)]).toEqual([whole.shape, whole.dtype, near(whole.voxelSize)]);
      expect(Buffer.compare(stream.bytes, whole.bytes)).toBe(0);
    } else {
      await expect(describeVolume(store, key, { compat: false })).rejects.toMatchObject({
        code: "FORMAT_UNSUPPORTED",
        message: expect.stringContaining(`${format.called} is not read here`),
      });
    }
  });

  it.each(READ)(
    "$format.id: cut short anywhere it gives an error of ours, or the voxels that it has whole",
    async ({ format, example }) => {
      const [name, bytes] = example;
      const key = write(`cut/${name}`, bytes);
      const whole = await boxes(`${key}${datasetOf(format.id)}`);
      // HDF5 is read by a thread with a library that starts anew after each damaged file
      const step = format.hasDatasets
        ? Math.ceil(bytes.length / (THOROUGH ? 12 : 5))
        : Math.max(1, Math.floor(bytes.length / (THOROUGH ? 400 : 130)));
      let refused = 0;
      for (let length = 0; length < bytes.length; length += step) {
        write(`cut/${name}`, bytes.subarray(0, length));
        for (const door of [() => boxes(`${key}${datasetOf(format.id)}`), () => streamed(key, `cut-${format.id}-${length}`)]) {
          const got = await door().catch((error: unknown) => {
            if (!isEmporiumError(error)) throw error;
            refused++;
          });
          if (got) expect(Buffer.compare(got.bytes, whole.bytes), `${length}`).toBe(0);
        }
        await peeked(bytes.subarray(0, length), `cut/${name}`).catch((error: unknown) => {
          if (!isEmporiumError(error)) throw error;
        });
      }
      expect(refused).toBeGreaterThan(bytes.length / step / 2);
    },
  );

  it("frames of a Falcon camera: what they are, and no pixels", async () => {
    const [name, bytes] = FORMAT_EXAMPLES.eer;
    expect((await peeked(bytes, name))[0]!.warnings.join()).toContain("pixels are not read");
    await expect(boxes(write(name, bytes))).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
    await expect(describeVolume(store, name, { compat: false })).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
  });

  it("what is of no format is said to be so by every door, never taken for another", async () => {
    const noise = new Uint8Array(4096).map((_, at) => (at * 193 + 129) & 255);
    const key = write("noise.bin", noise);
    for (const door of [() => peeked(noise, key), () => boxes(key), () => describeVolume(store, key, { compat: false })])
      await expect(door()).rejects.toMatchObject({
        code: "FORMAT_UNKNOWN",
        message: expect.not.stringMatching(/\d{6,}×|MRC header/),
      });
  });
});

const golden = (path: string) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));

/** Volumes of folders, by their writers: objects by key. */
const FOLDERS: Readonly<Record<VolumeFamily, () => Record<string, Uint8Array>>> = {
  zarr: () => {
    const voxels = Uint8Array.from({ length: 24 }, (_, at) => at * 10);
    return {
      ".zarray": Buffer.from(
        JSON.stringify({
          ...{ zarr_format: 2, shape: [2, 3, 4], chunks: [2, 3, 4], dtype: "|u1", compressor: null },
          ...{ fill_value: 0, order: "C", filters: null },
        }),
      ),
      "0.0.0": voxels,
    };
  },
  n5: () => {
    const { attributes, blocks } = golden("golden/n5/n5.json").datasets["raw uint16"];
    const decoded = Object.entries<string>(blocks).map(([key, text]) => [key, Buffer.from(text, "base64")] as const);
    return { "attributes.json": Buffer.from(JSON.stringify(attributes)), ...Object.fromEntries(decoded) };
  },
  precomputed: () => ({
    info: Buffer.from(
      JSON.stringify({
        ...{ "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 1 },
        scales: [
          {
            ...{ key: "8_8_8", size: [4, 3, 2], chunk_sizes: [[4, 3, 2]], encoding: "raw" },
            ...{ resolution: [8, 8, 8], voxel_offset: [0, 0, 0] },
          },
        ],
      }),
    ),
    "8_8_8/0-4_0-3_0-2": Uint8Array.from({ length: 24 }, (_, at) => at * 10),
  }),
};

describe.each(Object.keys(FOLDERS) as VolumeFamily[])("a folder of %s", (family) => {
  const objects = FOLDERS[family]();
  const folder = `folder-${family}`;
  for (const [key, bytes] of Object.entries(objects)) write(`${folder}/${key}`, bytes);

  it("peek, blocks and conversion agree", async () => {
    const [facts] = (await peekFolder({ name: folder, read: async (key) => store.read(`${folder}/${key}`) })).images;
    const whole = await boxes(folder);
    expect([facts!.shape.slice(-3), facts!.dtype]).toEqual([[...whole.shape], whole.dtype]);
    expect(near(geometryOf(facts!).voxelSizeAngstrom)).toEqual(near(whole.voxelSize));
    expect(new Set(whole.bytes).size).toBeGreaterThan(4);
    if (!FOLDER_OPENERS[family].stream) {
      const named = write(`${folder}.${family}/x`, new Uint8Array(1)).replace("/x", "");
      if (family !== "n5") return;
      await expect(describeVolume(store, named, { compat: false })).rejects.toThrow(
        `${FOLDER_FORMATS[family].called} is not read here`,
      );
      return;
    }
    const stream = await streamed(`${folder}/`, `scratch-${family}`);
    expect([stream.shape, stream.dtype, near(stream.voxelSize)]).toEqual([whole.shape, whole.dtype, near(whole.voxelSize)]);
    expect(Buffer.compare(stream.bytes, whole.bytes)).toBe(0);
  });

  it("its documents cut short anywhere give an error of ours, or the volume", async () => {
    const document = VOLUME_DOCUMENTS.find(({ name, family: of }) => of === family && name in objects)!.name;
    const bytes = objects[document]!;
    const whole = await boxes(folder);
    for (let length = 0; length < bytes.length; length++) {
      write(`${folder}/${document}`, bytes.subarray(0, length));
      const got = await boxes(folder).catch((error: unknown) => {
        if (!isEmporiumError(error)) throw error;
      });
      if (got) expect(Buffer.compare(got.bytes, whole.bytes)).toBe(0);
    }
    write(`${folder}/${document}`, bytes);
  });
});

/** The page of the reference: what reads what. */
function formatsPage(): string {
  const mark = (is: unknown) => (is ? "yes" : "");
  const ends = (names: readonly string[] = []) => names.map((name) => `\`.${name}\``).join(" ");
  const read = FILE_FORMATS.filter(({ peek }) => peek).map((format) => [
    ...[titleOf(format), ends(format.names), "yes", mark(fileOpener(format)), mark(format.flat || format.isPaged)],
    ...[mark(format.flat), mark(format.flatOfHead || format.factsOfHead), format.flat ? "" : format.says],
  ]);
  const folders = Object.entries(FOLDER_FORMATS).map(([family, { title, says }]) => {
    const { stream } = FOLDER_OPENERS[family as VolumeFamily];
    const documents = VOLUME_DOCUMENTS.filter((one) => one.family === family).map(({ name }) => `\`${name}\``);
    return [title, documents.join(" "), "yes", "yes", "", mark(stream), "", stream ? "" : says];
  });
  const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
    [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const head = [
    "format",
    "names or documents",
    "`harvest peek`",
    "blocks, `serve`",
    "dropped on a page",
    "`ingest convert`, `ingest run`",
  ];
  return `# Formats of volumes

Written by \`npx vitest run test/conformance/formats.test.ts -u\` from the table in \`src/formats/registry.ts\`. A file is known by its first bytes; its name counts
where they do not tell.

${table([...head, "in gzip, bzip2", "where it is not read"], [...read, ...folders])}

These are recognised and refused by their names:

${table(
  ["format", "what reads it"],
  REFUSED.map(({ format }) => [titleOf(format), format.says]),
)}
`;
}

it("the page about formats tells what the table says", async () => {
  await expect(formatsPage()).toMatchFileSnapshot("../../docs/reference/formats.md");
});
