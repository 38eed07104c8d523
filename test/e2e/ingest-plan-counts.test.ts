import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { plan, smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";

/** Angles of a tilt series of so many sections: 3° apart, in the order of the stack. */
const angles = (count: number) => Array.from({ length: count }, (_, i) => 3 * i);
const lines = (values: readonly unknown[]) => `${values.join("\n")}\n`;
const mdoc = (count: number) =>
  lines(
    angles(count).map((angle, i) => `[ZValue = ${i}]\nTiltAngle = ${angle}\nExposureTime = 1\nSubFramePath = X:\\f${i}.eer\n`),
  );
const SECTIONS = 5;
const SERIES = "tiltseries: [{metadata: {pixel_spacing: 2}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]\n";
const RAW = "rawtilts: [{sources: [{source_glob: {list_glob: 'st/{run_name}.rawtlt'}}]}]\n";
const MDOC = "collection_metadata: [{sources: [{source_glob: {list_glob: 'st/{run_name}.mdoc'}}]}]\n";
type Files = Record<string, string | Uint8Array>;
const files: Files = {
  "lab/rec/A.rec": tinyMrc(4, 4, 4, 10.5),
  "lab/st/A.st": tinyMrc(4, 4, SECTIONS, 2),
  "lab/st/A.rawtlt": lines(angles(SECTIONS)),
  "lab/st/A.mdoc": mdoc(SECTIONS),
};

/** What a plan says of numbers, and whether `--strict` refuses it. */
async function counted(more: string, changes: Files = {}, options: { format?: string; target?: Files; compat?: boolean } = {}) {
  const { format, target = {}, compat } = options;
  const alignments = format && `[{metadata: {format: ${format}}, sources: [{source_glob: {list_glob: 'ali/{run_name}.*'}}]}]`;
  const config = smallConfig({ more, ...(alignments && { alignments }) });
  const source = { ...files, ...changes };
  const made = await plan({ config, source, target: await storeOf(target, "memory:out"), options: { compat } });
  expect([made.failures, made.refusals]).toEqual([[], []]);
  const strict = await plan({ config, source, target: await storeOf(target, "memory:out"), options: { strict: true, compat } });
  const ofNumbers = (all: readonly { code?: string; message: string }[]) =>
    all.filter(({ code }) => code === "CONFIG_COUNTS").map(({ message }) => message);
  return { told: ofNumbers(made.warnings as never), refused: ofNumbers(strict.refusals) };
}
const differ = (kind: string, found: string, expected: string) =>
  `${kind}: numbers differ in 1 run: A has ${found}, but ${expected}`;

const PROGRAMS: Record<string, (rows: number) => Files> = {
  IMOD: (rows) => ({
    "lab/ali/A.xf": lines(angles(rows).map(() => "1 0 0 1 0 0")),
    "lab/ali/A.tlt": lines(angles(rows)),
  }),
  ARETOMO3: (rows) => ({
    "lab/ali/A.aln": lines([
      `# RawSize = 4 4 ${rows}`,
      "# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT",
      ...angles(rows).map((angle, i) => `${i} 0 1 0 0 1 1 1 0 ${angle}`),
    ]),
  }),
  RELION: (rows) => ({
    "lab/ali/A.star": `data_global\n\nloop_\n_rlnTomoName\n_rlnTomoTiltSeriesPixelSize\nA 2\n\ndata_A\n\nloop_\n${lines(
      ["rlnTomoXTilt", "rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"].map((name) => `_${name}`),
    )}${lines(angles(rows).map((angle) => `0 ${angle} 0 0 0`))}`,
  }),
  WARP: (rows) => ({
    "lab/ali/A.xml": `<?xml version="1.0"?>\n<TiltSeries><Angles>${angles(rows).join("\n")}</Angles><AxisAngle>${angles(rows)
      .map(() => 0)
      .join("\n")}</AxisAngle><CTF><Param Name="PixelSize" Value="2" /></CTF></TiltSeries>`,
  }),
};
/** Sections of the files that it names, and what an alignment of another number of sections is compared with. */
const SCENES: [string, string, string][] = [
  ["a stack alone", SERIES, "5 sections in its stack"],
  ["a stack with raw tilt angles", SERIES + RAW, "5 sections in its stack"],
  ["a stack with an mdoc", SERIES + MDOC, "5 sections in its stack"],
  ["all three", SERIES + RAW + MDOC, "5 sections in its stack"],
];

describe.each(Object.entries(PROGRAMS))("an alignment by %s", (format, alignmentOf) => {
  it.each(SCENES)("(34.law) is compared with the sections of the tilt series: %s", async (_, more, expected) => {
    expect(await counted(more, alignmentOf(SECTIONS), { format })).toEqual({ told: [], refused: [] });
    for (const rows of [SECTIONS - 1, SECTIONS + 1]) {
      const told = [differ("alignments", `${rows} sections in its alignment`, expected)];
      expect(await counted(more, alignmentOf(rows), { format })).toEqual({ told, refused: told });
    }
  });

  it("(34.law) without a stack with the mdoc, which may have more images", async () => {
    const told = [differ("alignments", "6 sections in its alignment", "5 images in its mdoc")];
    expect(await counted(MDOC, alignmentOf(6), { format })).toEqual({ told, refused: told });
    expect(await counted(MDOC, alignmentOf(4), { format })).toEqual({ told: [], refused: [] });
  });
});

describe("an alignment", () => {
  const stored = (z: number) => ({
    "10700/A/TiltSeries/100/tiltseries_metadata.json": JSON.stringify({ deposition_id: 10390, size: { x: 4, y: 4, z } }),
  });

  it("(34.law) is compared with the tilt series that is on the target", async () => {
    const options = { format: "IMOD", target: stored(7) };
    const told = [differ("alignments", "5 sections in its alignment", "7 sections in its stack")];
    expect(await counted("", PROGRAMS.IMOD!(5), options)).toEqual({ told, refused: told });
    expect((await counted("", PROGRAMS.IMOD!(7), options)).told).toEqual([]);
    // also where the configuration refers to it
    const referred =
      "tiltseries: [{sources: [{destination_glob: {list_glob: '10700/{run_name}/TiltSeries/*/tiltseries_metadata.json'}}]}]\n";
    expect((await counted(referred, PROGRAMS.IMOD!(5), options)).told).toEqual(told);
  });

  it("(34.law) of which one file is missing is counted by the other", async () => {
    const { "lab/ali/A.xf": xf, "lab/ali/A.tlt": tlt } = PROGRAMS.IMOD!(4);
    const told = [differ("alignments", "4 sections in its alignment", "5 sections in its stack")];
    expect((await counted(SERIES, { "lab/ali/A.xf": xf! }, { format: "IMOD" })).told).toEqual(told);
    expect((await counted(SERIES, { "lab/ali/A.tlt": tlt! }, { format: "IMOD" })).told).toEqual(told);
  });

  it("(34.law) fits one of two tilt series", async () => {
    const both = SERIES.replace("]}]\n", ", {source_glob: {list_glob: 'st/{run_name}_b.st'}}]}]\n");
    const second = { "lab/st/A_b.st": tinyMrc(4, 4, 7, 2) };
    expect((await counted(both, { ...second, ...PROGRAMS.IMOD!(7) }, { format: "IMOD" })).told).toEqual([]);
    expect((await counted(both, { ...second, ...PROGRAMS.IMOD!(6) }, { format: "IMOD" })).told).toHaveLength(1);
  });

  it("(34.law) may leave out dark frames (AreTomo), views (IMOD) and images (Warp, RELION)", async () => {
    const lists = "ali/{run_name}*";
    const left: [string, Files][] = [
      [
        "ARETOMO3",
        {
          "lab/ali/A.aln": lines([
            "# RawSize = 4 4 5",
            "# DarkFrame = 0 0 0.00",
            "# DarkFrame = 4 4 12.00",
            "# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT",
            ...[1, 2, 3].map((at) => `${at} 0 1 0 0 1 1 1 0 ${3 * at}`),
          ]),
        },
      ],
      [
        "ARETOMO3",
        // version 1 does not give the size
        {
          "lab/ali/A.aln": lines([
            "# DarkFrame = 0 0 0.00",
            "# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT",
            ...[1, 2, 3, 4].map((at) => `${at} 0 1 0 0 1 1 1 0 ${3 * at}`),
          ]),
        },
      ],
      ["IMOD", { ...PROGRAMS.IMOD!(5), "lab/ali/A_tilt.com": "$tilt -StandardInput\nEXCLUDELIST 1,5\n" }],
      [
        "WARP",
        {
          "lab/ali/A.xml": String(PROGRAMS.WARP!(5)["lab/ali/A.xml"]).replace(
            "<Axis",
            "<UseTilt>True\nTrue\nFalse\nTrue\nFalse</UseTilt><Axis",
          ),
        },
      ],
      [
        "RELION",
        {
          "lab/ali/A.star": `data_A\n\nloop_\n${lines(
            [
              "rlnMicrographMovieName",
              "rlnTomoXTilt",
              "rlnTomoYTilt",
              "rlnTomoZRot",
              "rlnTomoXShiftAngst",
              "rlnTomoYShiftAngst",
            ].map((name) => `_${name}`),
          )}f1.eer 0 3 0 0 0\nf3.eer 0 9 0 0 0\n`,
        },
      ],
    ];
    for (const [format, changes] of left) {
      const alignments = `[{metadata: {format: ${format}}, sources: [{source_glob: {list_glob: '${lists}'}}]}]`;
      const config = smallConfig({ alignments, more: SERIES + RAW + MDOC });
      const made = await plan({ config, source: { ...files, ...changes }, options: { strict: true } });
      expect([format, made.failures, made.refusals]).toEqual([format, [], []]);
    }
  });

  it("(34.law) is compared under compat too, and never refused", async () => {
    const told = [differ("alignments", "4 sections in its alignment", "5 sections in its stack")];
    expect(await counted(SERIES + RAW + MDOC, PROGRAMS.IMOD!(4), { format: "IMOD", compat: true })).toEqual({
      told,
      refused: [],
    });
  });
});

/** A stack of 4 × 4 pixels of 2 Å in other formats. By hand: the fields that their specifications ask for. */
function nrrd(sections: number): Uint8Array {
  const head = `NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 4 ${sections}\nencoding: raw\nspacings: 2 2 2\n\n`;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(16 * sections)]);
}
function nifti(sections: number): Uint8Array {
  const head = Buffer.alloc(352);
  head.writeInt32LE(348, 0);
  for (const [at, value] of [3, 4, 4, sections, 1, 1, 1, 1].entries()) head.writeInt16LE(value, 40 + 2 * at);
  head.writeInt16LE(2, 70);
  head.writeInt16LE(8, 72);
  for (const at of [80, 84, 88]) head.writeFloatLE(2, at);
  head.writeFloatLE(352, 108);
  head.write("n+1", 344);
  return Buffer.concat([head, Buffer.alloc(16 * sections)]);
}
function zarr(sections: number): Files {
  const shape = [sections, 4, 4];
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [2, 2, 2] }] }];
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
  const array = {
    zarr_format: 2,
    shape,
    chunks: shape,
    dtype: "|u1",
    compressor: null,
    filters: null,
    fill_value: 0,
    order: "C",
  };
  return {
    "/.zgroup": JSON.stringify({ zarr_format: 2 }),
    "/.zattrs": JSON.stringify({ multiscales: [{ version: "0.4", axes, datasets }] }),
    "/0/.zarray": JSON.stringify(array),
  };
}
const KINDS: [string, (sections: number) => Uint8Array | Files][] = [
  ["st.gz", (sections) => gzipSync(tinyMrc(4, 4, sections, 2))],
  ["nrrd", nrrd],
  ["nii", nifti],
  ["nii.gz", (sections) => gzipSync(nifti(sections))],
  ["zarr", zarr],
];

describe.each(KINDS)("a tilt series as %s", (extension, stackOf) => {
  const series = SERIES.replace(".st'", `.${extension}'`);
  const stack = (sections: number): Files => {
    const made = stackOf(sections);
    const entries = made instanceof Uint8Array ? [["", made] as const] : Object.entries(made);
    return Object.fromEntries(entries.map(([below, body]) => [`lab/st/A.${extension}${below}`, body]));
  };

  it("(34.law) is compared with angles, mdoc and alignment as an MRC is", async () => {
    const right = { ...stack(SECTIONS), ...PROGRAMS.IMOD!(SECTIONS) };
    expect(await counted(series + RAW + MDOC, right, { format: "IMOD" })).toEqual({ told: [], refused: [] });
    const expected = "4 sections in its stack";
    const raw = [differ("tiltseries", "5 raw tilt angles", expected)];
    expect(await counted(series + RAW, stack(4))).toEqual({ told: raw, refused: raw });
    expect((await counted(series + MDOC, stack(4))).told).toEqual([differ("tiltseries", "5 images in its mdoc", expected)]);
    const more = [differ("tiltseries", "5 images in its mdoc", "6 sections in its stack")];
    expect(await counted(series + MDOC, stack(6))).toEqual({ told: more, refused: more });
    const aligned = [differ("alignments", "5 sections in its alignment", expected)];
    expect(await counted(series, { ...stack(4), ...PROGRAMS.IMOD!(5) }, { format: "IMOD" })).toEqual({
      told: aligned,
      refused: aligned,
    });
  });
});

describe("a tilt series that is no volume that is read", () => {
  it.each(["tif", "tiff", "eer"])("(34.law) is an error of the plan: .%s", async (extension) => {
    const image = readFileSync(
      new URL(`../fixtures/tiff/${extension === "eer" ? "events.eer" : "movie-u8-le.tif"}`, import.meta.url),
    );
    const made = await plan({
      config: smallConfig({ more: SERIES.replace(".st'", `.${extension}'`) }),
      source: { "lab/rec/A.rec": files["lab/rec/A.rec"]!, [`lab/st/A.${extension}`]: image },
    });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["FORMAT_UNSUPPORTED", "TASK_BLOCKED"]);
    expect(made.failures[0]!.error.message).toContain(
      extension === "eer" ? "an EER movie is not read here" : "a TIFF image is not read here",
    );
  });
});

describe("a tilt series", () => {
  it("(34.law) has as many raw tilt angles as sections, with an mdoc and without", async () => {
    for (const count of [4, 6]) {
      const told = [differ("tiltseries", `${count} raw tilt angles`, "5 sections in its stack")];
      const changes = { "lab/st/A.rawtlt": lines(angles(count)) };
      expect(await counted(SERIES + RAW, changes)).toEqual({ told, refused: told });
      const withMdoc = { ...changes, "lab/st/A.mdoc": mdoc(6) };
      expect(await counted(SERIES + RAW + MDOC, withMdoc)).toEqual({ told, refused: told });
    }
  });

  it("(34.law) has no more sections than its mdoc has images; fewer are told, and never refused", async () => {
    const told = [differ("tiltseries", "4 images in its mdoc", "5 sections in its stack")];
    expect(await counted(SERIES + MDOC, { "lab/st/A.mdoc": mdoc(4) })).toEqual({ told, refused: told });
    for (const more of [SERIES + MDOC, SERIES + RAW + MDOC]) {
      expect(await counted(more, { "lab/st/A.mdoc": mdoc(6) })).toEqual({
        told: [differ("tiltseries", "6 images in its mdoc", "5 sections in its stack")],
        refused: [],
      });
    }
  });
});
