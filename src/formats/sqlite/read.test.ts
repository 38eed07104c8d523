import { describe, expect, it } from "vitest";
import { sqliteFile } from "../../../test/sqlite-kit.js";
import { isEmporiumError } from "../../core/errors.js";
import { isSqlite, readSqlite } from "./read.js";

const TABLE =
  "CREATE TABLE Objects (id INTEGER PRIMARY KEY, -- a number, and a comment\n label TEXT DEFAULT NULL, size REAL CHECK (size > 0, size < 9), c01 INTEGER, PRIMARY KEY (id))";

describe("a database of SQLite", () => {
  it("has rows by the names of its columns, whatever their numbers are stored as", () => {
    const rows = [
      { row: 1, values: [null, "TS_01", 10.72, 1] },
      { row: 7, values: [null, "Ä", 0, -129] },
      { row: 300, values: [null, null, 1e300, 2 ** 40] },
      { row: 301, values: [null, "", -1.5, 0] },
    ];
    const database = readSqlite(sqliteFile([{ name: "Objects", sql: TABLE, rows }]), "a.sqlite");
    expect(database.tables).toEqual(["Objects"]);
    expect(database.rows("Objects")).toEqual([
      { id: 1, label: "TS_01", size: 10.72, c01: 1 },
      { id: 7, label: "Ä", size: 0, c01: -129 },
      { id: 300, label: null, size: 1e300, c01: 2 ** 40 },
      { id: 301, label: "", size: -1.5, c01: 0 },
    ]);
    expect(database.rows("Others")).toBeUndefined();
  });

  it("has rows in many pages, and some that are longer than a page", () => {
    const long = "matrix ".repeat(900);
    const rows = Array.from({ length: 400 }, (_, at) => ({
      row: at + 1,
      values: [null, at === 5 ? long : `TS_${at}`, at / 2, at],
    }));
    const read = readSqlite(sqliteFile([{ name: "Objects", sql: TABLE, rows }]), "a.sqlite").rows("Objects")!;
    expect(read).toHaveLength(400);
    expect(read[5]).toEqual({ id: 6, label: long, size: 2.5, c01: 5 });
    expect(read[399]).toEqual({ id: 400, label: "TS_399", size: 199.5, c01: 399 });
  });

  it("is refused where it is damaged, and where it is none", () => {
    const rows = Array.from({ length: 400 }, (_, at) => ({ row: at + 1, values: [null, `TS_${at}`, at, at] }));
    const whole = sqliteFile([{ name: "Objects", sql: TABLE, rows }]);
    expect(() => readSqlite(whole.subarray(0, 2048), "a.sqlite").rows("Objects")).toThrow(/a damaged database: there is no page/);
    expect(isSqlite(new TextEncoder().encode("SQLite format 3"))).toBe(false);
    expect(() => readSqlite(new Uint8Array(200), "b")).toThrow(/b: no database of SQLite 3/);
    const circle = whole.slice();
    const view = new DataView(circle.buffer);
    // the root of the table names itself
    view.setUint32(1024 + 8, 2);
    expect(() => readSqlite(circle, "a.sqlite").rows("Objects")).toThrow(/circle|no page/);
  });

  it("is read or refused with a reason, whatever bytes of it are wrong", () => {
    const rows = Array.from({ length: 60 }, (_, at) => ({
      row: at + 1,
      values: [null, at % 20 === 3 ? "x".repeat(3000) : "TS", at / 3, at],
    }));
    const whole = sqliteFile([{ name: "Objects", sql: TABLE, rows }]);
    let state = 7;
    const next = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 2000; round++) {
      const bytes = whole.slice(0, round % 10 === 0 ? next(whole.length) : undefined);
      for (let i = 0; i <= next(6); i++)
        bytes[next(2) === 0 ? 1024 * next(bytes.length / 1024) + next(40) : next(bytes.length)] = next(256);
      try {
        const database = readSqlite(bytes, "a.sqlite");
        for (const table of database.tables) database.rows(table);
      } catch (error) {
        if (!isEmporiumError(error)) throw error;
      }
    }
  });
});
