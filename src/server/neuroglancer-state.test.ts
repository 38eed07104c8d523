import { expect, it } from "vitest";
import { LIMITS } from "../core/limits.js";
import type { Log } from "../core/log.js";
import { memoryStore } from "../stores/memory/store.js";
import { readdressedStates } from "./neuroglancer-state.js";

const KEY = "10001/TS_1/neuroglancer_config.json";
const source = (address: string) => `{"layers":[{"source":"${address}"}]}`;

/** What is sent in the place of a file, and what is said of it. */
async function sent(text: string | Uint8Array, { key = KEY, size = text.length } = {}) {
  const store = memoryStore();
  await store.write(key, typeof text === "string" ? Buffer.from(text) : text);
  const said: string[] = [];
  const log = { warn: (line: string) => said.push(line) } as unknown as Log;
  const given = readdressedStates(() => "http://lab.test/files", log);
  const stat = { ...(await store.stat(key))!, size };
  const bytes = await given({ store, key, stat }, new Request("http://lab.test/"));
  return [bytes && new TextDecoder().decode(bytes), said];
}

const place = "10001/TS_1/Reconstructions/VoxelSpacing10.000/Tomograms/100/x.zarr";

it("sources of a view are those of this server", async () => {
  expect(await sent(source(`zarr://https://elsewhere.test/${place}`))).toEqual([
    source(`zarr://http://lab.test/files/${place}`),
    [],
  ]);
});

it("sources that are not of the tree stay, and are told", async () => {
  const text = source("precomputed://https://elsewhere.test/seg");
  expect(await sent(text)).toEqual([
    text,
    [expect.stringMatching(/^10001\/TS_1\/neuroglancer_config\.json names sources that are not in this tree/)],
  ]);
});

it("other files, those that are no text and larger ones than any view go as they are", async () => {
  const text = source(`zarr://https://elsewhere.test/${place}`);
  expect((await sent(text, { key: "10001/TS_1/other.json" }))[0]).toBeUndefined();
  expect((await sent(Uint8Array.of(0xff, 0xfe)))[0]).toBeUndefined();
  expect((await sent(text, { size: LIMITS.metadataBytes + 1 }))[0]).toBeUndefined();
  expect((await sent(text, { size: LIMITS.metadataBytes }))[0]).toBeDefined();
});
