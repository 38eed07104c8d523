import { describe, expect, it } from "vitest";
import { memoryStore } from "../../../stores/memory/store.js";
import { readRunData } from "./run-data-map.js";
import type { IngestConfig } from "./schema.js";

const place = { file: "c.yaml", line: 2, column: 9 };

async function read(text: string, name = "maps/m.csv", setting: keyof IngestConfig["maps"] = "run_data_map_file") {
  const store = memoryStore();
  await store.write(`lab/${name}`, new TextEncoder().encode(text));
  return readRunData(
    { file: "c.yaml", sourcePrefix: "lab", maps: { [setting]: { value: name, place } }, sections: new Map() },
    store,
  );
}

describe("readRunData", () => {
  it("gives each run its cells as text, blanks kept, lacking ones null; of two rows the last counts", async () => {
    const data = await read("run_name\tq\tx-y\r\na\t4 \t1.0\r\nb\t5\r\na\t6\t2\r\n", "m.tsv");
    expect(data.columns).toEqual(["run_name", "q", "x-y"]);
    expect(Object.fromEntries(data.row("a")!)).toEqual({ run_name: "a", q: "6", "x-y": "2" });
    expect(Object.fromEntries(data.row("b")!)).toEqual({ run_name: "b", q: "5", "x-y": null });
    expect(data.row("c")).toBeUndefined();
    expect([...data.mapped("a").values()]).toEqual([null, null, null]);
  });

  it("reads a two-column map without a header", async () => {
    const data = await read("a,3dimage_1/x.rec\nb,y.rec\n", "t.csv", "run_to_tomo_map_csv");
    expect(Object.fromEntries(data.mapped("a"))).toEqual({
      mapped_tomo_name: "3dimage_1/x.rec",
      mapped_frame_name: null,
      mapped_ts_name: null,
    });
    expect(data.mapped("c").get("mapped_tomo_name")).toBeNull();
    expect(data.row("a")).toBeUndefined();
  });

  it.each([
    ["no run_name column", "name,x\na,1\n", "CONFIG_FIELD"],
    ["an empty file", "", "CONFIG_FIELD"],
    ["a quote without an end", 'run_name,x\na,"1\n', "CONFIG_SYNTAX"],
  ])("%s is refused with the map's line", async (_name, text, code) => {
    await expect(read(text)).rejects.toMatchObject({
      code,
      facts: { place: { file: "memory:/lab/maps/m.csv", line: expect.any(Number) } },
    });
  });

  it.each([
    ["tomogram_name", "takes the map's value"],
    ["run_path", "takes the map's value"],
    ["int_run_name", "takes the map's value"],
    ["voxel_spacing_name", "takes the map's value"],
    ["alignment_id", "takes the map's value"],
    ["output_path", "takes the map's value"],
    ["dataset_name", "is the dataset's own"],
    ["deposition_output_path", "is the deposition's own"],
  ])("seam 5: a column called %s is taken, with a word", async (column, says) => {
    const { row, remarks } = await read(`run_name,${column}\na,here\n`);
    expect(row("a")!.get(column)).toBe("here");
    expect(remarks).toEqual([
      { message: expect.stringContaining(`{${column}} ${says}`), place: { file: "memory:/lab/maps/m.csv", line: 1 } },
    ]);
  });

  it("columns of the maps that are in use hide nothing", async () => {
    const columns = [
      "run_name",
      "mapped_run_name",
      "tomo-voxel_spacing",
      "gain_file",
      "mdoc_name",
      "tomograms_voxel_spacing",
      "frame_prefix",
    ];
    const data = await read(`${columns.join(",")}\n`);
    expect([data.columns, data.remarks]).toEqual([columns, []]);
  });
});
