import { readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { encodeMod } from "../../src/formats/mod/write.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const golden = JSON.parse(readFileSync(new URL("../golden/points/tloc.golden.json", import.meta.url), "utf8")) as {
  tables: Record<string, { pickle: string; columns: Record<string, number[]> }>;
};
const { pickle, columns } = golden.tables["numpy1, protocol 5"]!;
const encode = (text: string) => new TextEncoder().encode(text);
/** Dynamo: a shift of 1 along x, a quarter turn tdrot. */
const DYNAMO = "1 1 1 1 0 0 90 0 0 NaN 0 0 0 0 0 0 0 0 0 4 0 0 0 10 20 30\n";
/** PEET: offsets of 1.5 and −2, a quarter turn psi. */
const MOTIVES = `CCC,,,pIndex,,,,,,,xOffset,yOffset,zOffset,,,,phi,psi,theta,\n1,0,0,1,1,0,0,0,0,0,1.5,-2,0,0,0,0,0,90,0,1\n`;
const CBOX = "data_cryolo\nloop_\n_CoordinateX\n_CoordinateY\n_CoordinateZ\n_Width\n_Height\n10 20 30 4 8\n";

it("seam 52, (34.29): points of Dynamo, crYOLO, EMAN2, TomoTwin and PEET are ingested as voxels of their tomogram", async () => {
  const source = memoryStore({ url: "memory:lab" });
  const target = memoryStore({ url: "memory:portal" });
  const files: Record<string, Uint8Array> = {
    "lab/rec/TS_1.mrc": tinyMrc(64, 64, 48, 10),
    "lab/p/TS_1.tbl": encode(DYNAMO),
    "lab/p/TS_1.cbox": encode(CBOX),
    "lab/p/TS_1_info.json": encode('{"apix_unbin": 2.5, "boxes_3d": [[-40, 0, 8, "manual"]]}'),
    "lab/p/TS_1.box": encode("1\t2\t3\n"),
    "lab/p/TS_1/cag_MOTL_Tom1_Iter4.csv": encode(MOTIVES),
    "lab/p/TS_1/cag.prm": encode("fnModParticle = {'/elsewhere/TS_1.mod'}\nfnOutput = 'cag'\n"),
    "lab/p/TS_1.mod": encodeMod({ max: [64, 64, 48], objects: [{ contours: [{ xyz: [10, 20, 30] }] }] }),
    "lab/p/TS_1.tloc": new Uint8Array(Buffer.from(pickle, "base64")),
  };
  for (const [key, bytes] of Object.entries(files)) await source.write(key, bytes);
  const sources = [
    "OrientedPoint: {file_format: dynamo_tbl, glob_string: 'p/{run_name}.tbl'}",
    "Point: {file_format: cryolo_cbox, glob_string: 'p/{run_name}.cbox'}",
    "Point: {file_format: eman2_json, glob_string: 'p/{run_name}_info.json'}",
    "Point: {file_format: eman2_box, glob_string: 'p/{run_name}.box'}",
    "Point: {file_format: tomotwin_tloc, glob_string: 'p/{run_name}.tloc', filter_value: proteasome, binning: 4}",
    "OrientedPoint: {file_format: peet_motl, glob_string: 'p/{run_name}/cag_MOTL_Tom1_Iter4.csv'}",
  ];
  const config = `version: 1.3.0
standardization_config: {deposition_id: 10000, source_prefix: lab}
depositions: [{sources: [{literal: {value: ['10000']}}]}]
datasets: [{sources: [{literal: {value: ['20000']}}]}]
runs: [{sources: [{source_glob: {list_glob: 'rec/*.mrc', name_regex: '(.*).mrc'}}]}]
voxel_spacings: [{sources: [{literal: {value: [10]}}]}]
tomograms: [{metadata: {fiducial_alignment_status: NON_FIDUCIAL}, sources: [{source_glob: {list_glob: 'rec/{run_name}.mrc'}}]}]
annotations:
${sources.map((text, i) => `- {metadata: {annotation_ingest_id: a-${i}, annotation_object: {name: a${i}}, version: 1.0}, sources: [{${text}}]}`).join("\n")}
`;
  const { errors } = await run({ config, source, target, workspace: tempFolder(), name: "points" });
  expect(errors).toEqual([]);
  const found: Record<string, { location: object; xyz_rotation_matrix?: number[][] }[]> = {};
  for await (const { key } of target.list("20000/")) {
    const name = /\/(a\d)-1\.0_\w+\.ndjson$/.exec(key)?.[1];
    if (!name) continue;
    const lines = new TextDecoder()
      .decode((await target.read(key))!)
      .trim()
      .split("\n");
    found[name] = lines.map((line) => JSON.parse(line) as (typeof found)[string][number]);
  }
  expect(found.a0).toMatchObject([{ location: { x: 11, y: 20, z: 30 } }]);
  // Z(−90): x becomes −y
  expect(found.a0![0]!.xyz_rotation_matrix!.map((row) => row.map((value) => value + 0))).toEqual([
    [0, 1, 0],
    [-1, 0, 0],
    [0, 0, 1],
  ]);
  expect(found.a1).toMatchObject([{ location: { x: 12, y: 24, z: 30 } }]);
  expect(found.a2).toMatchObject([{ location: { x: 32 - 10, y: 32, z: 24 + 2 } }]);
  expect(found.a3).toMatchObject([{ location: { x: 1, y: 2, z: 3 } }]);
  expect(found.a5).toMatchObject([{ location: { x: 11.5, y: 18, z: 30 } }]);
  // Z(90): x becomes y
  expect(found.a5![0]!.xyz_rotation_matrix!.map((row) => row.map((value) => value + 0))).toEqual([
    [0, -1, 0],
    [1, 0, 0],
    [0, 0, 1],
  ]);
  const rows = columns.predicted_class!.flatMap((one, row) => (one === 1 ? [row] : []));
  expect(found.a4!.map(({ location }) => location)).toEqual(
    rows.map((row) => ({ x: columns.X![row]! / 4, y: columns.Y![row]! / 4, z: columns.Z![row]! / 4 })),
  );
});
