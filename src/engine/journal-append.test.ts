import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAppender } from "./journal-append.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium append "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lines = ["one\n", "two two\n", "three three three\n"];

describe("openAppender", () => {
  it("writes on where the system took a part of a line", async () => {
    const path = join(folder, "j");
    const file = await open(path, "w+");
    await file.write("head\n");
    const small = {
      write: (bytes: Buffer, at: number, length: number, position: number) =>
        file.write(bytes, at, Math.min(length, 4), position),
      datasync: () => file.datasync(),
      close: () => file.close(),
    } as unknown as FileHandle;
    const appender = openAppender(small, 5, path);
    const spans = await Promise.all(lines.map((line) => appender.write(Buffer.from(line))));
    expect(spans).toEqual([
      { offset: 5, end: 9 },
      { offset: 9, end: 17 },
      { offset: 17, end: 35 },
    ]);
    await appender.close();
    expect(readFileSync(path, "utf8")).toBe(`head\n${lines.join("")}`);
  });

  it("fails every line that waits once a write has failed, and every later one", async () => {
    const full = {
      write: async () => Promise.reject(Object.assign(new Error("write"), { code: "ENOSPC" })),
      close: async () => {},
    } as unknown as FileHandle;
    const appender = openAppender(full, 0, "/x/j");
    const first = appender.write(Buffer.from("1\n"));
    await Promise.resolve().then(() => {}); // the first is being written by now
    const all = await Promise.allSettled([first, appender.write(Buffer.from("2\n")), appender.write(Buffer.from("3\n"))]);
    for (const each of all) expect(each).toMatchObject({ status: "rejected", reason: { code: "DISK_FULL" } });
    await expect(appender.write(Buffer.from("4\n"))).rejects.toBe(appender.broken);
    await appender.close();
  });
});
