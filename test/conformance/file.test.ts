import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { fileStore } from "../../src/stores/file/store.js";
import { readSuite, writeSuite } from "./store-suite.js";

/** The store's folder lies in another, which must stay as it is whatever the names: nothing may leave the root. */
const open = async () => {
  const outer = await mkdtemp(join(tmpdir(), "emporium-file-"));
  const store = fileStore(join(outer, "in", "root"), { sync: false });
  return {
    store,
    put: async (key: string, body: Uint8Array) => void (await store.write(key, body)),
    close: async () => {
      expect(await readdir(outer)).toEqual(["in"]);
      expect(await readdir(join(outer, "in"))).toEqual(["root"]);
      await rm(outer, { recursive: true });
    },
  };
};

readSuite("file", open);
writeSuite("file", open, { listing: 10_000 });
