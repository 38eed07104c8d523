import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inMemory, type RandomAccess } from "../../core/bytes.js";
import { scanStar } from "./scan.js";
import { equalTo, numberOf, textOf } from "./values.js";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Gives fewer bytes than asked for, as a store may. */
function dripping(text: string, pieceBytes: number): RandomAccess {
  const whole = inMemory(bytesOf(text), "a.star");
  return { ...whole, read: ({ offset, length }) => whole.read({ offset, length: Math.min(length, pieceBytes) }) };
}

const ROWS = "data_p\nloop_\n_x\n_name\n_y\n1 a 2\n3 b 4\n;5\n; 'a' 6\n7 c 8\n";

async function rows(source: RandomAccess, keep?: string) {
  const found: unknown[][] = [];
  const pick = { numbers: [2, 0], texts: [1], keep: keep === undefined ? undefined : { column: 1, test: equalTo(keep) } };
  for await (const { count, numbers, texts, lines } of scanStar(source, () => pick)) {
    for (let i = 0; i < count; i++) found.push([lines[i], numbers[0]![i], numbers[1]![i], texts[0]![i]]);
  }
  return found;
}

describe("scanning", () => {
  it("gives the columns asked for, in the order asked for, wherever reads end", async () => {
    const wanted = [
      [6, 2, 1, "a"],
      [7, 4, 3, "b"],
      [8, 6, 5, "a"],
      [10, 8, 7, "c"],
    ];
    for (let piece = 1; piece <= ROWS.length; piece++) expect(await rows(dripping(ROWS, piece))).toEqual(wanted);
  });

  it("keeps the rows that pass and does not look at others", async () => {
    expect(await rows(dripping(ROWS.replace("3 b 4", "no b number"), 9), "a")).toEqual([
      [6, 2, 1, "a"],
      [8, 6, 5, "a"],
    ]);
    await expect(rows(dripping(ROWS.replace("3 b 4", "no b number"), 9), "b")).rejects.toThrow(
      'a.star: y is "number"; expected a number in line 7',
    );
  });

  it("makes batches of bounded length", async () => {
    const counts: number[] = [];
    const text = `data_\nloop_\n_x\n${"1\n".repeat(20_000)}`;
    for await (const { count, numbers } of scanStar(inMemory(bytesOf(text)), () => ({ numbers: [0] }))) {
      expect(numbers[0]!.length).toBe(count);
      counts.push(count);
    }
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20_000);
    expect(Math.max(...counts)).toBeLessThanOrEqual(8192);
  });

  it("fails as its source does", async () => {
    const source = { ...inMemory(bytesOf(ROWS), "a.star"), read: () => Promise.reject(new Error("gone")) };
    await expect(rows(source)).rejects.toThrow("gone");
  });
});

describe("numbers", () => {
  const parse = (text: string) => numberOf(bytesOf(text), 0, bytesOf(text).length);

  it("are those of JavaScript, to the last digit", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), fc.nat(20), (value, digits) => {
        for (const text of [
          String(value),
          value.toFixed(digits),
          value.toExponential(digits),
          `+${Math.abs(value).toFixed(digits)}`,
        ]) {
          expect(parse(text)).toBe(Number(text));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("of digits beyond those that are exact", () => {
    for (const text of [
      "0.1234567890123456789",
      "123456789012345678901234567890.5",
      "0.00000000000000000000000123",
      "-.5",
      "5.",
      "1E3",
      "-0.0",
    ]) {
      expect(parse(text)).toBe(Number(text));
    }
  });

  it.each([
    "",
    "-",
    ".",
    "+.",
    "e5",
    "1e",
    "nan",
    "inf",
    "-Infinity",
    "0x10",
    "1,5",
    "1 2",
    "1.2.3",
    "--1",
    "1e999",
    "١",
    "9".repeat(401),
    "<NA>",
  ])("%j is none", (text) => expect(parse(text)).toBeNaN());
});

describe("names", () => {
  const same = (wanted: string, found: string) => equalTo(wanted)(bytesOf(found), 0, bytesOf(found).length);

  it("are equal letter by letter", () => {
    expect([same("TS_1", "TS_1"), same("TS_1", "TS_10"), same("TS_1", "ts_1"), same("Å", "Å"), same("", "")]).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
  });

  it("are equal as numbers, both ways", () => {
    for (const [a, b] of [
      ["7", "007"],
      ["7", "7.0"],
      ["0026", "26"],
      ["-1", "-1.000000"],
    ] as const) {
      expect([same(a, b), same(b, a)]).toEqual([true, true]);
    }
    expect([same("7", "TS_7"), same("TS_7", "7"), same("7", "77"), same("nan", "nan"), same("7", "")]).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  it("are read as they stand, however long", () => {
    for (const text of ["a", "Ångström", "x".repeat(5000), `${"y".repeat(200)}µ`]) {
      const bytes = bytesOf(`[${text}]`);
      expect(textOf(bytes, 1, bytes.length - 1)).toBe(text);
    }
  });
});
