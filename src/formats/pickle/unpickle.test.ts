import { expect, it } from "vitest";
import { unpickle } from "./unpickle.js";

// Python: pickle.dumps([0, 255, 256, 65535, 65536, -1, 2**31], 3)
it("reads whole numbers of any length", () => {
  const hex = "80035d7100284b004bff4d00014dffff4a000001004affffffff8a050000008000652e";
  const list = unpickle(new Uint8Array(Buffer.from(hex, "hex")), "x.pkl", new Set());
  expect(list).toEqual([0, 255, 256, 65535, 65536, -1, 2 ** 31]);
});
