import { expect, it } from "vitest";
import { boxBytes } from "./box-bytes.js";

it("(34.13) a box that does not fit in one piece is refused with its size, before memory is asked for", () => {
  expect(boxBytes([10, 20, 30], 4)).toHaveLength(24_000);
  expect(() => boxBytes([2 ** 22, 2 ** 22, 2 ** 10], 4)).toThrow(
    expect.objectContaining({
      code: "FORMAT_LIMIT",
      message: expect.stringMatching(/4194304×4194304×1024 voxels .* has .*, more than/),
    }),
  );
  // what Node says of a buffer that is too long
  const slow = (length: number) => Buffer.allocUnsafeSlow(length);
  expect(() => boxBytes([2 ** 22, 2 ** 22, 2 ** 10], 4, slow)).toThrow(expect.objectContaining({ code: "FORMAT_LIMIT" }));
});
