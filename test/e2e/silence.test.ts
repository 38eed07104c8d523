import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { openBlockVolume } from "../../src/arrays/loader/volume.js";
import { inMemory } from "../../src/core/bytes.js";
import { readRelionCtf } from "../../src/formats/ctf/relion.js";
import { mdocLinesLost, parseMdoc } from "../../src/formats/mdoc/read.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { peekFile } from "../../src/formats/peek/peek.js";
import { POINT_READERS } from "../../src/formats/points/readers.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { planGraph } from "../../src/stations/blocks/graph/plan.js";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { newConfigFor } from "../../src/stations/ingest/laboratory/new-config.js";
import { walkSource } from "../../src/stations/publish/plan/walk.js";
import { fileStore } from "../../src/stores/file/store.js";
import { UnfollowedLinks } from "../../src/stores/unfollowed-links.js";
import { readImage } from "./blocks-kit.js";
import { tinyMrc } from "./ingest-plan-kit.js";

const root = mkdtempSync(join(tmpdir(), "emporium-silence-"));
afterAll(() => rmSync(root, { recursive: true }));
const bytesOf = (text: string) => new TextEncoder().encode(text);
const { signal } = new AbortController();

describe("what readers of files leave out", () => {
  it("(34.silence) a damaged gzip stream is told of, whether its head can be read or not", async () => {
    const header = mrcHeaderBytes({
      ...{ kind: "tomogram", shape: [2, 2, 2], dtype: "int8", voxelSizeAngstrom: [10, 10, 10], dateMs: 0 },
      statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    });
    const whole = gzipSync(header, { level: 0 });
    expect((await peekFile(inMemory(whole, "a.mrc.gz"))).images[0]!.warnings.join()).not.toContain("damaged");
    // the first block has another kind, of which there is none
    const damaged = Uint8Array.from(whole);
    damaged[10] = 0b111;
    await expect(peekFile(inMemory(damaged, "a.mrc.gz"))).rejects.toMatchObject({
      code: "FORMAT_UNKNOWN",
      message: expect.stringContaining("a gzip stream, damaged after 0 bytes of what is inside"),
      facts: { hint: "copy the file again: it is damaged" },
    });
  });

  it("(34.silence) a tag of a TIFF that points out of the file is a warning of the peek", async () => {
    const entries = [
      ...[
        [256, 3, 1, 2],
        [257, 3, 1, 2],
        [258, 3, 1, 8],
        [259, 3, 1, 1],
        [273, 4, 1, 200],
        [279, 4, 1, 4],
      ],
      [282, 5, 1, 90_000], // XResolution
    ];
    const file = new Uint8Array(256);
    const view = new DataView(file.buffer);
    file.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
    view.setUint16(8, entries.length, true);
    for (const [i, [tag, type, count, value]] of entries.entries()) {
      view.setUint16(10 + 12 * i, tag!, true);
      view.setUint16(12 + 12 * i, type!, true);
      view.setUint32(14 + 12 * i, count!, true);
      view.setUint32(18 + 12 * i, value!, true);
    }
    const [image] = (await peekFile(inMemory(file, "a.tif"))).images;
    expect(image).toMatchObject({ shape: [1, 2, 2] });
    expect(image!.warnings.filter((warning) => warning.startsWith("tag-unreadable"))).toEqual([
      expect.stringMatching(/^tag-unreadable: XResolution: /),
    ]);
  });

  it("(34.silence) lines of an mdoc without = are counted", () => {
    const mdoc = parseMdoc("[T = a]\n\nVoltage = 300\n[ZValue = 0]\nTiltAngle = 1\nExposureDo\n\nSubFr\n", "a.mdoc");
    expect(mdocLinesLost(mdoc)).toBe('a.mdoc: 2 lines have no "=" and are not read (line 6, 8): the file may be damaged');
    expect(mdocLinesLost(parseMdoc("Voltage = 300\n", "a.mdoc"))).toBeUndefined();
  });

  it("(34.silence) rows of RELION without a fit are counted", async () => {
    const rows = ["0 0 0", "10000 9000 1", "0 0 0"].join("\n");
    const star = `data_m\n\nloop_\n_rlnDefocusU #1\n_rlnDefocusV #2\n_rlnDefocusAngle #3\n${rows}\n`;
    const told: number[][] = [];
    const onUnfitted = (...counts: number[]) => void told.push(counts);
    expect(await readRelionCtf(inMemory(bytesOf(star), "a.star"), { onUnfitted })).toHaveLength(1);
    expect(told).toEqual([[2, 3]]);
  });

  it.each([
    [
      "dynamo_tbl",
      ["1", "2", "2"].map((tomogram) => [...Array(19).fill(0), tomogram, 0, 0, 0, 1, 2, 3].join(" ")).join("\n"),
      "1",
    ],
    [
      "relion4_star",
      `data_particles\n\nloop_\n${["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnTomoName"].map((name) => `_${name}`).join("\n")}\n1 2 3 a\n1 2 3 b\n1 2 3 c\n`,
      "a",
    ],
    ["eman2_json", JSON.stringify({ boxes_3d: [1, 2, 2].map((of) => [1, 2, 3, "", 1, of]) }), "1"],
  ])("(34.silence) rows that filter_value leaves out of %s are counted", async (format, text, filterValue) => {
    let [leftOut, points] = [-1, 0];
    const options = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: ",", filterValue } as const;
    const onLeftOut = (rows: number) => {
      leftOut = rows;
    };
    for await (const { count } of POINT_READERS[format]!.read(inMemory(bytesOf(text), "a"), { ...options, onLeftOut }))
      points += count;
    expect([points, leftOut]).toEqual([1, 2]);
  });
});

describe("a graph of a volume with channels", () => {
  it("(34.silence) says in plan and run that the first is read, and reads another where it is chosen", async () => {
    const em = join(root, "two.zarr");
    mkdirSync(em);
    const shape = [2, 4, 4, 4];
    const meta = {
      zarr_format: 2,
      shape,
      chunks: shape,
      dtype: "|u1",
      compressor: null,
      fill_value: 0,
      order: "C",
      filters: null,
    };
    writeFileSync(join(em, ".zarray"), JSON.stringify(meta));
    // voxels of the first channel are 1, those of the second 5
    writeFileSync(join(em, "0.0.0.0"), new Uint8Array(128).fill(1, 0, 64).fill(5, 64));
    const graph = (input: string | { from: string; select: Record<string, number> }, name: string): GraphGiven => ({
      ...{ version: 1, inputs: { em: input }, grid: { of: "em", block: [4, 4, 4] } },
      nodes: [{ id: "more", op: "affine", in: "em", offset: 2 }],
      outputs: { more: { to: join(root, `${name}.zarr`), chunk: [4, 4, 4] } },
    });
    const options = { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false };
    const told = "em: position 0 of axis c (2) is read: blocks have z, y and x";
    expect((await planGraph(graph(em, "first"), options)).notes).toContain(told);
    const first = await runGraph(graph(em, "first"), options);
    expect([first.exitStatus, first.notes.includes(told)]).toEqual([0, true]);
    const chosen = graph({ from: em, select: { c: 1 } }, "second");
    const second = await runGraph(chosen, options);
    expect([second.exitStatus, second.notes.includes(told), second.run === first.run]).toEqual([0, false, false]);
    for (const [name, value] of [
      ["first", 3],
      ["second", 7],
    ] as const)
      expect(new Set(Array.from((await readImage(join(root, `${name}.zarr`))).voxels as Float32Array))).toEqual(new Set([value]));
    // at the same place it is another graph's output
    await expect(runGraph(graph({ from: em, select: { c: 1 } }, "first"), options)).rejects.toMatchObject({
      code: "CONFIG_COLLISION",
    });
  });

  it("(34.silence) samples of a pixel and pages of channels of a TIFF are notes", async () => {
    const description = "ImageJ=1.53t\nimages=2\nchannels=2\nhyperstack=true\n\0";
    const page = (next: number, text: boolean) => [
      ...[[256, 3, 1, 2], [257, 3, 1, 2], [258, 3, 1, 8], [259, 3, 1, 1], ...(text ? [[270, 2, description.length, 400]] : [])],
      ...[
        [273, 4, 1, 500],
        [277, 3, 1, 1],
        [278, 3, 1, 2],
        [279, 4, 1, 4],
      ],
      [next],
    ];
    const file = new Uint8Array(512);
    const view = new DataView(file.buffer);
    file.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
    file.set(bytesOf(description), 400);
    for (const [at, entries] of [
      [8, page(200, true)],
      [200, page(0, false)],
    ] as const) {
      view.setUint16(at, entries.length - 1, true);
      for (const [i, [tag, type, count, value]] of entries.slice(0, -1).entries()) {
        view.setUint16(at + 2 + 12 * i, tag!, true);
        view.setUint16(at + 4 + 12 * i, type!, true);
        view.setUint32(at + 6 + 12 * i, count!, true);
        view.setUint32(at + 10 + 12 * i, value!, true);
      }
      view.setUint32(at + 2 + 12 * (entries.length - 1), entries.at(-1)![0]!, true);
    }
    writeFileSync(join(root, "channels.tif"), file);
    const volume = await openBlockVolume(join(root, "channels.tif"));
    await volume.close();
    expect(volume.notes).toEqual(["its pages are z 1, c 2, t 1, and are read one after the other, as z"]);
  });
});

describe("what walks leave out", () => {
  it("(34.silence) pipes are told of, in listings and in what is published", async () => {
    const folder = join(root, "pipes");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.txt"), "a");
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const links = new UnfollowedLinks();
    const keys: string[] = [];
    for await (const { key } of fileStore(folder).list("", { onLink: links.add })) keys.push(key);
    expect(keys).toEqual(["a.txt"]);
    expect(links.told("the folder")).toBe("1 pipe, socket or device is left out in the folder: pipe");
    const skipped: string[] = [];
    const sent: string[] = [];
    for await (const { path } of walkSource(folder, { onSkip: (path, { message }) => void skipped.push(`${path}: ${message}`) }))
      sent.push(path);
    expect(sent).toEqual(["a.txt"]);
    expect(skipped).toEqual([`pipe: ${join(folder, "pipe")} is a pipe, socket or device, which cannot be sent`]);
  });

  it("(34.silence) hidden files are named by ingest new", async () => {
    const folder = join(root, "lab");
    mkdirSync(join(folder, ".old"), { recursive: true });
    writeFileSync(join(folder, "TS_1.rec"), tinyMrc(4, 4, 4, 10));
    writeFileSync(join(folder, ".old/TS_2.rec"), tinyMrc(4, 4, 4, 10));
    const { yaml } = await newConfigFor(fileStore(folder), { sourcePrefix: "", input: folder, signal });
    expect(yaml).toContain("# left out on purpose:\n#   .old/TS_2.rec: hidden, and not looked at\n");
  });
});
