import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { type NewTable, sqliteFile } from "../../../../../../test/sqlite-kit.js";
import { decisionsOf, recognisedIn } from "../../know.js";
import { scipion } from "./recognise.js";

const { signal } = new AbortController();
type Value = string | number | null;

/** A pair of tables of a set, as pyworkflow/mapper/sqlite.py makes them. */
function pair(prefix: string, columns: readonly string[], rows: readonly (readonly Value[])[], enabled = 1): NewTable[] {
  const names = columns.map((_, at) => `c${`${at + 1}`.padStart(2, "0")}`);
  return [
    {
      name: `${prefix}Classes`,
      sql: `CREATE TABLE ${prefix}Classes (id INTEGER PRIMARY KEY AUTOINCREMENT, label_property TEXT UNIQUE, --object label\n column_name TEXT UNIQUE, class_name TEXT DEFAULT NULL)`,
      rows: [["self", "c00"], ...columns.map((name, at) => [name, names[at]!])].map(([property, column], at) => ({
        row: at + 1,
        values: [null, property!, column!, "String"],
      })),
    },
    {
      name: `${prefix}Objects`,
      sql: `CREATE TABLE ${prefix}Objects (id INTEGER PRIMARY KEY, enabled INTEGER DEFAULT 1, label TEXT DEFAULT NULL, comment TEXT, creation DATE ${names.map((name) => `,${name} TEXT DEFAULT NULL`).join("")})`,
      rows: rows.map((values, at) => ({ row: at + 1, values: [null, enabled, "", "", "2024-03-12", ...values] })),
    },
  ];
}

function set(kind: string, rate: number, ...tables: NewTable[]): Uint8Array {
  const properties = [
    ["self", kind],
    ["_samplingRate", `${rate}`],
  ].map((values, at) => ({ row: at + 1, values }));
  return sqliteFile([
    { name: "Properties", sql: "CREATE TABLE Properties (key TEXT UNIQUE, value TEXT DEFAULT NULL)", rows: properties },
    ...tables,
  ]);
}

const tomograms = (rate: number, rows: readonly (readonly Value[])[], enabled = 1) =>
  set("SetOfTomograms", rate, ...pair("", ["_filename", "_halfMapFilenames", "_tsId"], rows, enabled));
const series = (file: string) =>
  set(
    "SetOfTiltSeries",
    2.5,
    ...pair("", ["_tsId"], [["TS_01"]]),
    ...pair(
      "TS_01_",
      ["_index", "_filename", "_tsId"],
      [1, 2, 3].map((at) => [at, file, "TS_01"]),
    ),
  );
const project = (protocols: readonly (readonly [number: number, label: string, status: string])[]) =>
  sqliteFile([
    {
      name: "Objects",
      sql: "CREATE TABLE Objects (id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER REFERENCES Objects(id), name TEXT, classname TEXT, value TEXT, label TEXT, comment TEXT, creation DATE)",
      rows: protocols.flatMap(([number, label, status]) => [
        { row: number, values: [null, null, "", "Prot", null, label, "", ""] },
        { row: number + 1, values: [null, number, `${number}.status`, "String", status, "", "", ""] },
      ]),
    },
  ]);

const stack = (seed: number) => mrcFile([3, 24, 20], 2.5, { kind: "stack", seed });
const volume = (seed: number, spacing = 10) => mrcFile([5, 8, 6], spacing, { seed });
const at = (number: number, kind: string, file: string) => `Runs/${`${number}`.padStart(6, "0")}_${kind}/${file}`;
const FILES: Record<string, Uint8Array> = {
  "project.sqlite": project([
    [2, "import", "finished"],
    [290, "too thin", "aborted"],
    [301, "rec bin4", "finished"],
  ]),
  [at(2, "ProtImportTs", "tiltseries.sqlite")]: series(at(2, "ProtImportTs", "extra/TS_01.mrc")),
  [at(2, "ProtImportTs", "extra/TS_01.mrc")]: stack(1),
  [at(105, "ProtImodXraysEraser", "tiltseries.sqlite")]: series(at(105, "ProtImodXraysEraser", "extra/TS_01/TS_01.mrcs")),
  [at(105, "ProtImodXraysEraser", "extra/TS_01/TS_01.mrcs")]: stack(2),
  [at(110, "ProtImodEtomo", "extra/TS_01/TS_01.mrc")]: stack(2),
  [at(290, "ProtImodTomoReconstruction", "tomograms.sqlite")]: tomograms(10, [
    [at(290, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc"), "", "TS_01"],
  ]),
  [at(290, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc")]: volume(3),
  [at(301, "ProtImodTomoReconstruction", "tomograms.sqlite")]: tomograms(10, [
    [
      at(301, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc"),
      ["odd", "even"].map((half) => at(301, "ProtImodTomoReconstruction", `extra/TS_01/TS_01_${half}.mrc`)).join(","),
      "TS_01",
    ],
  ]),
  [at(301, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc")]: volume(4, 0),
  [at(301, "ProtImodTomoReconstruction", "extra/TS_01/TS_01_odd.mrc")]: volume(5),
  [at(301, "ProtImodTomoReconstruction", "extra/TS_01/TS_01_even.mrc")]: volume(6),
  [at(700, "ProtIsoNetTomoReconstruction", "tomograms.sqlite")]: tomograms(10, [
    [at(700, "ProtIsoNetTomoReconstruction", "extra/a.mrc"), "", "TS_01"],
  ]),
  [at(700, "ProtIsoNetTomoReconstruction", "extra/a.mrc")]: volume(7),
  [at(780, "ProtPicking", "coordinates.sqlite")]: set("SetOfCoordinates3D", 10, ...pair("", ["_x", "_tsId"], [[1.5, "TS_01"]])),
  [at(950, "ProtTomoApplyTomoMask", "tomograms.sqlite")]: tomograms(10, [
    [at(950, "ProtTomoApplyTomoMask", "extra/TS_01_masked.mrc"), "", "TS_01"],
  ]),
  [at(950, "ProtTomoApplyTomoMask", "extra/TS_01_masked.mrc")]: volume(8),
  [at(990, "ProtTomoFilter", "tomograms.sqlite")]: tomograms(20, [[at(990, "ProtTomoFilter", "extra/b.mrc"), "", "TS_01"]], 0),
  [at(990, "ProtTomoFilter", "extra/b.mrc")]: volume(9),
};

const told = async (files: Record<string, Uint8Array | string>) => {
  const recognised = await scipion.recognise(await laboratoryWith(files));
  return {
    recognised,
    of: (path: string) => recognised!.claims.find((claim) => claim.path === path),
  };
};

describe("a Scipion project", () => {
  it("tells by its databases of which series files are, and what was made of what", async () => {
    const { of, recognised } = await told(FILES);
    expect(of(at(2, "ProtImportTs", "extra/TS_01.mrc"))).toMatchObject({ role: "tilt series", run: "TS_01" });
    expect(of(at(105, "ProtImodXraysEraser", "extra/TS_01/TS_01.mrcs"))).toMatchObject({
      role: "left out",
      because: "000105_ProtImodXraysEraser made it of TS_01.mrc, which is published",
    });
    expect(of(at(110, "ProtImodEtomo", "extra/TS_01/TS_01.mrc"))).toMatchObject({ role: "left out" });
    expect(of(at(301, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc"))).toMatchObject({
      role: "tomogram",
      run: "TS_01",
      details: { spacingAngstrom: 10 },
    });
    expect(of(at(301, "ProtImodTomoReconstruction", "extra/TS_01/TS_01_odd.mrc"))).toMatchObject({ role: "half map" });
    expect(of(at(700, "ProtIsoNetTomoReconstruction", "extra/a.mrc"))).toMatchObject({
      run: "TS_01",
      details: { processing: "denoised" },
    });
    expect(recognised!.notes).toEqual([expect.stringMatching(/coordinates in databases of Scipion are not read: its protocol/)]);
  });

  it("knows a stack that was imported where the database of the import is empty", async () => {
    const { of } = await told({ ...FILES, [at(2, "ProtImportTs", "tiltseries.sqlite")]: "" });
    expect(of(at(2, "ProtImportTs", "extra/TS_01.mrc"))).toMatchObject({ role: "tilt series", run: "TS_01" });
    expect(of(at(105, "ProtImodXraysEraser", "extra/TS_01/TS_01.mrcs"))).toMatchObject({ role: "left out" });
  });

  it("leaves out what a mask erased, what was deselected, and what a stopped protocol made", async () => {
    const { of } = await told(FILES);
    expect(of(at(950, "ProtTomoApplyTomoMask", "extra/TS_01_masked.mrc"))).toMatchObject({ role: "left out" });
    expect(of(at(990, "ProtTomoFilter", "extra/b.mrc"))!.because).toContain("deselected");
    expect(of(at(290, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc"))!.because).toBe(
      "of 000290_ProtImodTomoReconstruction (“too thin”), which was stopped: 000301_ProtImodTomoReconstruction has another one",
    );
  });

  it("leaves out images of particles and aligned stacks, in whatever letters they are named", async () => {
    const [particle, aligned] = [
      at(1020, "ProtRelion5ExtractSubtomos", "extra/Subtomograms/TS_01/1_STACK2D.MRCS"),
      at(110, "ProtImodEtomo", "extra/TS_01/TS_01_interpolated.MRC"),
    ];
    const { of } = await told({ ...FILES, [particle]: stack(10), [aligned]: stack(11) });
    expect(of(particle)!.because).toContain("an image of a particle");
    expect(of(aligned)!.because).toContain("an aligned stack");
  });

  it("keeps the only tomogram that there is, though its protocol was stopped", async () => {
    const some = Object.fromEntries(Object.entries(FILES).filter(([path]) => !/\/000(?:301|700|990)_/.test(path)));
    const { of } = await told(some);
    expect(of(at(290, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc"))).toMatchObject({ role: "tomogram" });
  });

  it("is one series in all of its protocols, below whatever folder", async () => {
    const laboratory = await laboratoryWith(
      Object.fromEntries(Object.entries(FILES).map(([path, content]) => [`data/er/${path}`, content])),
    );
    const { runs, files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(runs).toEqual(["TS_01"]);
    expect(questions).toEqual([]);
    const published = [...files.values()].filter(({ role }) => ["tilt series", "tomogram"].includes(role));
    expect(published.map(({ path }) => path.replace(/^.*?Runs\/(\d+).*$/, "$1")).sort()).toEqual(["000002", "000301", "000700"]);
  });

  it("is left alone where its databases are none, or damaged", async () => {
    const whole = FILES[at(301, "ProtImodTomoReconstruction", "tomograms.sqlite")]!;
    const path = at(301, "ProtImodTomoReconstruction", "extra/TS_01/TS_01.mrc");
    const { of } = await told({ ...FILES, [at(301, "ProtImodTomoReconstruction", "tomograms.sqlite")]: whole.subarray(0, 1500) });
    expect(of(path)).toBeUndefined();
    expect(
      (await told({ "project.sqlite": "not a database\n", "a/b.mrc": volume(1) })).recognised?.claims.map((one) => one.path),
    ).toEqual(["project.sqlite"]);
  });
});
