import { describe, expect, it } from "vitest";
import { crc32, crcText } from "../../../core/crc32.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { writeMetadata } from "./metadata.js";

const text = '{\n    "a": 1.0,\n    "b": "é"\n}';
const read = async (store: ReturnType<typeof memoryStore>) => new TextDecoder().decode(await store.read("x/m.json"));

describe("writeMetadata", () => {
  it("writes the plan's moment, and a receipt of the very bytes", async () => {
    const store = memoryStore();
    const receipt = await writeMetadata(store, "x/m.json", text, { createdMs: 1_790_000_000_500 });
    const bytes = (await store.read("x/m.json"))!;
    expect(await read(store)).toBe('{\n    "a": 1.0,\n    "b": "\\u00e9",\n    "last_updated_at": 1790000000\n}');
    expect(receipt).toEqual({
      key: "x/m.json",
      size: bytes.length,
      crc32: crcText(crc32(bytes)),
      etag: (await store.stat("x/m.json"))!.etag,
      modifiedMs: undefined,
    });
  });

  it("leaves what says the same at another time, with a receipt of what is there", async () => {
    const store = memoryStore();
    const first = await writeMetadata(store, "x/m.json", text, { createdMs: 1000 });
    expect(await writeMetadata(store, "x/m.json", text, { createdMs: 9000 })).toEqual(first);
    expect(await read(store)).toContain('"last_updated_at": 1\n');
  });

  it("replaces what differs, and everything when forced", async () => {
    const store = memoryStore();
    await writeMetadata(store, "x/m.json", text, { createdMs: 1000 });
    await writeMetadata(store, "x/m.json", text.replace("1.0", "1"), { createdMs: 2000 });
    expect(await read(store)).toContain('"a": 1,');
    await writeMetadata(store, "x/m.json", text.replace("1.0", "1"), { createdMs: 3000, force: true });
    expect(await read(store)).toContain('"last_updated_at": 3');
  });

  it("replaces what is no JSON", async () => {
    const store = memoryStore();
    await store.write("x/m.json", new Uint8Array([123]));
    await writeMetadata(store, "x/m.json", text, { createdMs: 1000 });
    expect(await read(store)).toContain("last_updated_at");
  });
});
