import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { keepCompiledCode, runScript, type ScriptHost } from "./compile-cache.js";

const foldersOf = (env: Record<string, string>) => {
  const folders: (string | undefined)[] = [];
  keepCompiledCode(env, (folder) => folders.push(folder));
  return folders;
};

describe("the cache of compiled code", () => {
  it("is in the user's cache folder", () => {
    expect(foldersOf({ XDG_CACHE_HOME: "/somewhere" })).toEqual(["/somewhere/emporium/compiled"]);
    expect(foldersOf({})).toEqual([`${homedir()}/.cache/emporium/compiled`]);
  });

  it("is not in the working folder where the variable is relative or empty", () => {
    for (const folder of ["", "cache", "./cache"])
      expect(foldersOf({ XDG_CACHE_HOME: folder })).toEqual([`${homedir()}/.cache/emporium/compiled`]);
  });

  it("is where Node's own variable says", () => {
    expect(foldersOf({ NODE_COMPILE_CACHE: "/theirs", XDG_CACHE_HOME: "/somewhere" })).toEqual([undefined]);
  });

  it("is nowhere where Node has none or refuses the folder", () => {
    expect(() => keepCompiledCode({}, undefined)).not.toThrow();
    const refused = () => {
      throw new Error("EACCES");
    };
    expect(() => keepCompiledCode({}, refused)).not.toThrow();
  });
});

describe("scripts with the code of earlier processes", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-compiled-"));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    delete (globalThis as Record<string, unknown>).emporiumTestHear;
  });
  const start = pathToFileURL(join(folder, "start.cjs"));
  const env = { XDG_CACHE_HOME: join(folder, "cache") };
  let ran: unknown[] = [];
  const hear = (...words: unknown[]) => ran.push(...words);
  (globalThis as Record<string, unknown>).emporiumTestHear = hear;
  const write = (id: string, word: string) => {
    writeFileSync(
      fileURLToPath(start),
      `/*${id.repeat(64)}*/"use strict";exports.word = ${JSON.stringify(word)};
const other = require("./other.cjs");
globalThis.emporiumTestHear(other.twice(exports.word));
require.later("./command-ABCDEFGH.cjs").then(async ({ name, asked }) => globalThis.emporiumTestHear(name, (await asked()).word));`,
    );
    writeFileSync(join(folder, "beside.mjs"), `export const word = "beside";`);
    writeFileSync(join(folder, "other.cjs"), `exports.twice = (text) => text + text;`);
    writeFileSync(
      join(folder, "command-ABCDEFGH.cjs"),
      `exports.name = require("node:path").basename(__filename) + "ü";
exports.asked = () => require.module("./beside.mjs");`,
    );
  };
  /** Runs them as a process does, its end included. */
  const run = async (host: Partial<ScriptHost> = {}) => {
    ran = [];
    const ends: (() => void)[] = [];
    runScript(start, { env, execArgv: [], on: (_, end) => ends.push(end), ...host });
    await vi.waitFor(() => expect(ran).toHaveLength(3));
    for (const end of ends) end();
    return ran;
  };
  const kept = () => {
    const [made] = existsSync(join(folder, "cache")) ? readdirSync(join(folder, "cache/emporium/compiled")) : [];
    return made === undefined
      ? []
      : readdirSync(join(folder, "cache/emporium/compiled", made))
          .map((name) => join(folder, "cache/emporium/compiled", made, name))
          .sort();
  };
  const NAMES = ["command-ABCDEFGH.cjsü", "beside"];

  it("run the same without, with, and with damaged code", async () => {
    write("a", "one");
    expect(await run({ env: { ...env, NODE_DISABLE_COMPILE_CACHE: "1" } })).toEqual(["oneone", ...NAMES]);
    expect(kept()).toEqual([]);
    expect(await run()).toEqual(["oneone", ...NAMES]);
    expect(kept().map((path) => basename(path))).toEqual(["command", "start"]);
    expect(await run()).toEqual(["oneone", ...NAMES]);
    for (const path of kept()) {
      const whole = readFileSync(path);
      for (const at of [0, 21, 30, 200, whole.length - 9]) {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= 0x55;
        writeFileSync(path, bytes);
        expect(await run()).toEqual(["oneone", ...NAMES]);
      }
      writeFileSync(path, whole.subarray(0, 100));
      expect(await run()).toEqual(["oneone", ...NAMES]);
    }
  });

  it("are never run with the code of scripts of the same length", async () => {
    write("b", "two");
    expect(await run()).toEqual(["twotwo", ...NAMES]);
    expect(await run()).toEqual(["twotwo", ...NAMES]);
  });

  it("keep the code of the first three processes, and no more where nothing is new", async () => {
    write("c", "three");
    const stamps: number[] = [];
    for (let one = 0; one < 5; one++) {
      await run();
      stamps.push(statSync(kept()[1]!, { bigint: false }).ino);
    }
    expect(stamps[2]).not.toBe(stamps[1]);
    expect(stamps.slice(3)).toEqual([stamps[2], stamps[2]]);
  });

  it("take the place of those that nobody has used for two months", async () => {
    write("e", "five");
    const cache = join(folder, "cache/emporium/compiled");
    rmSync(cache, { recursive: true, force: true });
    const [old, young, foreign] = ["scripts-v20.0.0-x64-00000001", "scripts-v20.0.0-x64-00000002", "mine"];
    const ago = (days: number) => Date.now() / 1000 - days * 24 * 3600;
    for (const [name, days] of [
      [old, 61],
      [young, 59],
      [foreign, 300],
    ] as const) {
      mkdirSync(join(cache, name), { recursive: true });
      writeFileSync(join(cache, name, "start"), "");
      utimesSync(join(cache, name, "start"), ago(days), ago(days));
    }
    await run();
    expect(readdirSync(cache).filter((name) => [old, young, foreign].includes(name))).toEqual([foreign, young]);
  });

  it("run where the folder cannot be made", async () => {
    write("d", "four");
    expect(await run({ env: { XDG_CACHE_HOME: fileURLToPath(start) } })).toEqual(["fourfour", ...NAMES]);
  });
});
