import { expect, it } from "vitest";
import { parse } from "yaml";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { configOf } from "../new-config.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
const TOMOGRAMS = { "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "TS_03.mrc": volume(3) };

async function told(table: string, more: Record<string, string> = {}, tomograms: Record<string, Uint8Array> = TOMOGRAMS) {
  const laboratory = await laboratoryWith({ ...tomograms, "picks.csv": table, ...more });
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const config = await configOf({ laboratory, decisions }, { sourcePrefix: "", input: "/lab" });
  const document = parse(config.yaml) as {
    annotations?: {
      metadata: { annotation_object: { name: string } };
      sources: { Point: Record<string, unknown>; parent_filters?: unknown }[];
    }[];
  };
  const annotations = (document.annotations ?? []).map(({ metadata, sources }) => ({
    object: metadata.annotation_object.name,
    filters: sources.map(({ Point }) => Point.filter_value),
    runs: sources.map((source) => JSON.stringify(source.parent_filters ?? "all")),
    formats: [...new Set(sources.map(({ Point }) => Point.file_format))],
  }));
  return { annotations, decision: decisions.files.get("picks.csv"), notes: decisions.notes, questions: decisions.questions };
}

const rows = (...all: string[]) => `${all.join("\n")}\n`;

it("a table of the points of all tomograms is an annotation for each object, of the runs that have some", async () => {
  const { annotations, decision } = await told(
    rows("tomo,x,y,z,class", "TS_01,1,2,1,ribosome", "TS_01,9,3,2,fas", "TS_02,4,10,4,ribosome", "TS_02,5,1,4,ribosome"),
  );
  expect(decision).toMatchObject({ role: "points", details: { points: { format: "csv_by_name", rowName: "tomo" } } });
  expect(annotations).toEqual([
    {
      object: "ribosome",
      filters: ["tomo={run_name} & class=ribosome"],
      runs: [`{"exclude":{"run":["^TS_03$"]}}`],
      formats: ["csv_by_name"],
    },
    {
      object: "fas",
      filters: ["tomo={run_name} & class=fas"],
      runs: [`{"include":{"run":["^TS_01$"]}}`],
      formats: ["csv_by_name"],
    },
  ]);
});

it("tomograms may be called by their files, or stand in a column of any name", async () => {
  const { annotations } = await told(rows("where,id,x,y,z", "TS_01.mrc,1,1,2,1", "TS_02.mrc,2,9,3,2", "TS_02.mrc,3,4,10,4"));
  expect(annotations.flatMap(({ filters }) => filters)).toEqual(["where=TS_01.mrc", "where=TS_02.mrc"]);
});

it("a table of what was measured of segmented objects is no list of positions, unlike one with the size of each pick", async () => {
  const measured = await told(
    rows("Label,Name,Volume (nm3),Surface (nm2),Center X,Center Y,Center Z", "1,pre,120.5,80,11,14,9", "2,post,130,90,3,7,5"),
    ...[{}, { "TS_01.mrc": volume(1) }],
  );
  expect(measured.annotations).toEqual([]);
  expect(measured.questions).toEqual([]);
  const picked = await told(rows("tomo,x,y,z,volume", "TS_01,1,2,1,30", "TS_01,9,3,2,41", "TS_02,4,10,4,38"));
  expect(picked.decision?.role).toBe("points");
});

it("rows that somebody has put aside are told and not read", async () => {
  const { annotations, notes } = await told(
    rows(
      "tomo,x,y,z,class,keep",
      "TS_01,1,2,1,a,1",
      "TS_01,9,3,2,a,0",
      "TS_02,4,10,4,junk,1",
      "TS_02,4,10,4,a,1",
      "TS_02,5,1,4,a,1",
    ),
  );
  expect(annotations.map(({ filters }) => filters)).toEqual([["tomo={run_name} & class=a & keep=1"]]);
  expect(notes).toContain("picks.csv: 1 row put aside, where keep is not 1.");
  expect(notes).toContain("picks.csv: 1 row put aside, where class is junk.");
});

it("a column keep that nobody has filled in says nothing", async () => {
  const { annotations } = await told(rows("tomo,x,y,z,keep", "TS_01,1,2,1,", "TS_01,9,3,2,", "TS_02,4,10,4,"));
  expect(annotations.map(({ filters }) => filters)).toEqual([["tomo={run_name}"]]);
});

it("a column that counts the particles of each tomogram tells no classes", async () => {
  const counted = ["TS_01,1,1,2,1", "TS_01,2,9,3,2", "TS_01,3,8,3,2", "TS_02,1,4,10,4", "TS_02,2,4,9,4", "TS_02,3,5,9,4"];
  const { annotations } = await told(rows("tomo,particle,x,y,z", ...counted));
  expect(annotations.map(({ filters }) => filters)).toEqual([["tomo={run_name}"]]);
  for (const [head, body] of [
    ["tomo,particle,x,y,z", counted.map((row) => row.replace(",3,", ",2,"))],
    ["tomo,particle,x,y,z", counted.toReversed()],
    ["tomo,class,x,y,z", counted],
  ] as const)
    expect((await told(rows(head, ...body))).decision?.because).toContain("nothing tells which objects");
});

it("a table of one run has each of its objects, and its unit by the names of the columns", async () => {
  const nm = rows("z [nm];y [nm];x [nm];type;score", "1;2;1;a;0.3", "4;1;9;b;0.2", "4;1;9;b;0.2", "2;7;9;a;0.2");
  const { annotations } = await told(rows("x,y,z,score", "1,2,1,0.3"), { "TS_02_picks.csv": nm });
  expect(annotations.map(({ object, filters }) => [object, filters])).toEqual([
    ["a", ["type=a"]],
    ["b", ["type=b"]],
  ]);
});

it.each([
  [
    "classes without names",
    "tomo,x,y,z,class",
    ["TS_01,1,2,1,1", "TS_01,9,3,2,2", "TS_02,4,10,4,2", "TS_02,4,9,4,1"],
    "nothing tells which objects",
  ],
  ["filaments", "tomo,x,y,z,filament", ["TS_01,1,2,1,1", "TS_01,9,3,2,1", "TS_02,4,10,4,2"], "follow filaments"],
  ["tilts", "tilt,x,y,z", ["-60,1,2,1", "-57,9,3,2", "-54,4,10,4"], "tells of tilts"],
  ["a row a tomogram", "tomo,x,y,z", ["TS_01,1,2,1", "TS_02,9,3,2", "TS_03,9,3,2"], "one row for each tomo"],
  ["numbers of tomograms", "tomo,x,y,z", ["1,1,2,1", "1,9,3,2", "2,4,10,4"], "nothing tells which tomograms"],
  [
    "two names of one run",
    "tomo,x,y,z",
    ["TS_01.mrc,1,2,1", "TS_01_bin4,9,3,2", "TS_01_bin4,4,10,4"],
    "both seem to be the run TS_01",
  ],
  [
    "a keep of several words",
    "tomo,x,y,z,keep",
    ["TS_01,1,2,1,yes", "TS_01,9,3,2,1", "TS_02,4,10,4,maybe"],
    "do not tell the rows that count",
  ],
])("what cannot be read rightly is left out with the reason: %s", async (_, head, body, because) => {
  const { decision, annotations } = await told(rows(head, ...body));
  expect(decision).toMatchObject({ role: "left out", because: expect.stringContaining(because) });
  expect(annotations).toEqual([]);
});

it("angles of a table are not published, and that is told", async () => {
  const { notes } = await told(rows("tomo,x,y,z,rot,tilt,psi", "TS_01,1,2,1,0,0,0", "TS_01,9,3,2,0,0,0"));
  expect(notes).toContain("picks.csv: its angles (rot, tilt, psi) are not read; its points are published without orientation.");
});

it("rows of two samples with tomograms of one name are told apart by the column of the sample, and those of a third one are not read", async () => {
  const { annotations, notes } = await told(
    rows(
      "sample,series,x,y,z",
      ...["wt,TS_01,1,2,1", "wt,TS_01,9,3,2", "dko,TS_01,4,10,4", "dko,TS_01,5,1,4"],
      ...["wt,TS_02,3,3,3", "wt,TS_02,4,3,3", "dko,TS_02,7,7,2", "dko,TS_02,8,7,2"],
    ),
    {},
    { "wt/rec/TS_01.mrc": volume(1), "dko/rec/TS_01.mrc": volume(2), "wt/rec/TS_02.mrc": volume(3), ...stacks() },
  );
  expect(annotations.flatMap(({ filters, runs }) => filters.map((filter, at) => [filter, runs[at]]))).toEqual([
    ["series=TS_01 & sample=dko", `{"include":{"run":["^dko_TS_01$"]}}`],
    ["series=TS_01 & sample=wt", `{"include":{"run":["^wt_TS_01$"]}}`],
    ["series=TS_02 & sample=wt", `{"include":{"run":["^TS_02$"]}}`],
  ]);
  expect(notes.join()).toContain("picks.csv: 2 rows of TS_02 & sample=dko are not published: their tomogram is not here.");
});

const stacks = () => ({
  "wt/st/TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 4 }),
  "dko/st/TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 5 }),
  "wt/st/TS_02.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 6 }),
});

it("an evaluation of picks, with true and false ones in one list, is left out", async () => {
  const { annotations, decision } = await told(
    rows("tomo,x,y,z,match", "TS_01,1,2,1,TP", "TS_01,9,3,2,FP", "TS_02,4,10,4,FN", "TS_02,5,1,4,TP"),
  );
  expect(annotations).toEqual([]);
  expect(decision).toMatchObject({
    role: "left out",
    because: expect.stringContaining("its column match tells which picks are false"),
  });
});

it("a motive list of cryoCAT is told: its places are sums of two columns", async () => {
  const { decision } = await told(
    rows(
      "score,geom1,geom2,subtomo_id,tomo_id,object_id,subtomo_mean,x,y,z,shift_x,shift_y,shift_z,geom3,geom4,geom5,phi,psi,theta,class",
      "0.3,0,0,1,1,1,0,3,4,2,0.5,-0.2,0.1,0,0,0,10,20,30,1",
      "0.4,0,0,2,1,1,0,9,8,4,0.1,0.3,-0.4,0,0,0,10,20,30,1",
    ),
  );
  expect(decision).toMatchObject({
    role: "left out",
    because: expect.stringMatching(/^a motive list of cryoCAT, whose places are x \+ shift_x/),
  });
});
