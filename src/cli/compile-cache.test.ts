import { homedir } from "node:os";
import { describe, expect, it } from "vitest";
import { keepCompiledCode } from "./compile-cache.js";

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
