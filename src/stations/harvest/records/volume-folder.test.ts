import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../../core/errors.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { folderOf } from "./volume-folder.js";

describe("a folder of a volume", () => {
  it("(34.silence) whose document a disk refuses is no folder without it; a server's refusal says that there is none", async () => {
    const store = memoryStore();
    const denied = async () => {
      throw new EmporiumError("STORE_DENIED", "may not be read");
    };
    const onServer = { ...store, local: undefined, read: denied };
    expect(await folderOf(onServer, "", "x", {}).read(".zattrs")).toBeUndefined();
    const onDisk = { ...onServer, local: { path: (key: string) => `/${key}` } } as unknown as typeof store;
    await expect(folderOf(onDisk, "", "x", {}).read(".zattrs")).rejects.toMatchObject({ code: "STORE_DENIED" });
  });
});
