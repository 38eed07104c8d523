import { memoryStore } from "../../src/stores/memory/store.js";
import { readSuite, writeSuite } from "./store-suite.js";

const open = async () => {
  const store = memoryStore();
  return { store, put: async (key: string, body: Uint8Array) => void (await store.write(key, body)) };
};

readSuite("memory", open);
writeSuite("memory", open);
