import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { readDataFrame } from "../pickle/data-frame.js";
import type { PointOptions } from "./points.js";
import { readTomotwin } from "./tomotwin.js";

/** Written by pandas: see the README beside it. */
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/points/tloc.golden.json", import.meta.url), "utf8")) as {
  tables: Record<string, { pickle: string; columns: Record<string, (number | string | boolean)[]> }>;
  refused: Record<string, string>;
};
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const OPTIONS: PointOptions = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };

async function points(bytes: Uint8Array, options: Partial<PointOptions> = {}) {
  const found: number[][] = [];
  for await (const { count, positions } of readTomotwin(inMemory(bytes, "a.tloc"), { ...OPTIONS, ...options })) {
    for (let i = 0; i < count; i++) found.push([...positions.subarray(3 * i, 3 * i + 3)]);
  }
  return found;
}

describe("TomoTwin's picks", () => {
  it.each(Object.entries(golden.tables))(
    "seam 51: a table pickled by pandas has its values: %s",
    async (_, { pickle, columns }) => {
      const table = readDataFrame(bytesOf(pickle), "a.tloc");
      expect([...table.names].sort()).toEqual(Object.keys(columns).sort());
      for (const [name, values] of Object.entries(columns)) {
        const wanted = values.map((value) => (typeof value === "boolean" ? Number(value) : value));
        // a column of no rows has no kind
        expect(values.length === 0 || [...table.column(name)!]).toEqual(values.length === 0 || wanted);
      }
      const axes = ["X", "Y", "Z"].map((axis) => columns[axis] as number[]);
      expect(await points(bytesOf(pickle), { binning: 2 })).toEqual(axes[0]!.map((_, row) => axes.map((axis) => axis[row]! / 2)));
    },
  );

  it("seam 51: points of one reference, by number and by name", async () => {
    const { pickle, columns } = golden.tables["numpy1, protocol 5"]!;
    const of = (wanted: number) =>
      columns.X!.flatMap((x, row) => (columns.predicted_class![row] === wanted ? [[x, columns.Y![row], columns.Z![row]]] : []));
    for (const filterValue of ["1", "proteasome", "proteasome.pdb"]) {
      expect(await points(bytesOf(pickle), { filterValue })).toEqual(of(1));
    }
    expect(await points(bytesOf(pickle), { filterValue: "ribosome" })).toEqual(of(0));
    expect(await points(bytesOf(pickle), { filterValue: "membrane" })).toEqual([]);
    const named = golden.tables["numpy1, texts and truth values"]!;
    expect(await points(bytesOf(named.pickle), { filterValue: "a" })).toHaveLength(2);
  });

  it.each(Object.entries(golden.refused))(
    "seam 51: no code runs and nothing but a plain table is read: %s",
    async (_, pickle) => {
      const error: unknown = await points(bytesOf(pickle)).catch((thrown: unknown) => thrown);
      expect(isEmporiumError(error) && error.code).toBe("FORMAT_UNSUPPORTED");
    },
  );

  const real = new URL("more/cryolo/valid.tloc", REAL_DATA);
  it.skipIf(!existsSync(real))("seam 51: a real .tloc has the rows that pandas reads", async () => {
    const bytes = readFileSync(real);
    const found = await points(bytes);
    // pandas 2.3.3
    expect(found).toHaveLength(14);
    for (const [row, wanted] of [
      [0, [86.068308, 26.546134, 98.655582]],
      [13, [76.362384, 94.541421, 10.350123]],
    ] as const)
      for (const [axis, value] of wanted.entries()) expect(found[row]![axis]).toBeCloseTo(value, 6);
    expect(await points(bytes, { filterValue: "cluster_2" })).toHaveLength(8);
    expect([...readDataFrame(bytes, "valid.tloc").column("size")!].slice(0, 4)).toEqual([18, 40, 90, -60000]);
  });
});
