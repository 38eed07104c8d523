import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { axisColumns, columnNames, conditionsIn, filterOf, readCsvByName, tomogramColumn } from "./csv-by-name.js";
import type { PointOptions } from "./points.js";

const OPTIONS: PointOptions = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };
const fileOf = (text: string) => inMemory(new TextEncoder().encode(text), "picks.csv");

async function points(text: string, options: Partial<PointOptions> = {}) {
  const found: number[][] = [];
  for await (const { count, positions } of readCsvByName(fileOf(text), { ...OPTIONS, ...options }))
    for (let i = 0; i < count; i++) found.push([...positions.subarray(3 * i, 3 * i + 3)]);
  return found;
}
async function refusal(text: string, options: Partial<PointOptions> = {}) {
  const error: unknown = await points(text, options).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? [error.code, error.message, error.facts.hint].join(" | ") : error;
}

const TABLE = "tomo,z,y,x,class\nTS_01,3,2,1,ribosome\nTS_02,6,5,4,ribosome\nTS_01,9,8,7,fas\nTS_01,12,11,10,ribosome\n";

describe("csv_by_name", () => {
  it("takes x, y, z by the names of their columns, and rows by those of others", async () => {
    let leftOut = 0;
    const onLeftOut = (rows: number) => {
      leftOut = rows;
    };
    expect(await points(TABLE, { filterValue: "tomo=TS_01 & class=ribosome", onLeftOut })).toEqual([
      [1, 2, 3],
      [10, 11, 12],
    ]);
    expect(leftOut).toBe(2);
    expect(await points(TABLE, { filterValue: "Tomo=TS_02", binning: 2 })).toEqual([[2, 2.5, 3]]);
    expect(await points(TABLE, { filterValue: "tomo=TS_03" })).toEqual([]);
  });

  it("knows names as people write them", async () => {
    const semicolons = '#;Tomogram;z [Å];y [Å];x [Å];type\n1;"TS_01";3;2;1;a\n';
    expect(await points(semicolons, { delimiter: ";" })).toEqual([[1, 2, 3]]);
    expect(await points("# tomo x y z\nTS_01 1 2 3\n", { delimiter: " " })).toEqual([[1, 2, 3]]);
    expect(await points("# x,y,z,class\n1,2,3,1.0\n4,5,6,2\n", { filterValue: "class=1" })).toEqual([[1, 2, 3]]);
    expect(axisColumns(["x_nm", "y_nm", "z_nm", "x", "y", "z"])).toEqual([3, 4, 5]);
    expect(axisColumns(["x_nm", "y_nm", "z_nm", "x_px", "y_px", "z_px"])).toBeUndefined();
    expect(tomogramColumn(["id", "Tilt series", "x", "y", "z"])).toBe(1);
    expect(tomogramColumn(["tomo", "filename", "x"])).toBeUndefined();
    expect(await columnNames(fileOf("\ufeffa, b ,c\n1,2,3\n"), ",")).toEqual(["a", "b", "c"]);
  });

  it("refuses a table of several tomograms of which none is chosen, also where they meet far behind", async () => {
    expect(await refusal(TABLE)).toMatch(/FORMAT_FIELD .*TS_01 and TS_02 in line 3 .* filter_value: "tomo=\{run_name\}"/);
    expect(await refusal(TABLE, { filterValue: "class=ribosome" })).toMatch(/names several tomograms/);
    const row = "TS_01,1,2,3,ribosome\n";
    const first = row.repeat(Math.floor((2 ** 20 - 17) / row.length));
    expect(await refusal(`tomo,x,y,z,class\n${first}${row}TS_02,1,2,3,ribosome\n`)).toMatch(/names several tomograms/);
    expect(await points(`tomo,x,y,z,class\n${row}${row}`)).toHaveLength(2);
  });

  it("refuses what it cannot choose by, with the names that there are", async () => {
    expect(await refusal(TABLE, { filterValue: "TS_01" })).toMatch(/filter_value TS_01 has no column.*tomo, z, y, x, class/);
    expect(await refusal(TABLE, { filterValue: "run=TS_01" })).toMatch(/no column is called run; there are tomo, z/);
    expect(await refusal("tomo,x,y\nTS_01,1,2\n")).toMatch(/expected columns called x, y and z.*there are tomo, x, y/);
    expect(await refusal("tomo,x,y,z\nTS_01,1,2\n")).toMatch(/3 columns in line 2; expected 4/);
    expect(await refusal('tomo;x;y;z\nTS_01;"1,5";2;3\n', { delimiter: ";" })).toMatch(/"1,5" in column 2 of line 2/);
  });

  it("writes filters that it reads, and none that it would read otherwise", () => {
    const all = [
      ["tomo", "a b=c"],
      ["class", "1"],
    ] as const;
    expect(conditionsIn(filterOf(all)!)).toEqual(all);
    expect(filterOf([["a=b", "1"]])).toBeUndefined();
    expect(filterOf([["tomo", "cells & nuclei"]])).toBeUndefined();
    expect(filterOf([["tomo", ""]])).toBeUndefined();
  });
});
