import { describe, expect, it } from "vitest";
import { readPicture } from "./picture.js";

/** 1 × 1 pixels each, as Pillow 11 writes them (`Image.new("L", (1, 1)).save`). */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
const GIF = "R0lGODdhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=";

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

describe("readPicture", () => {
  it("tells kind and size", async () => {
    expect(await readPicture(bytes(PNG), "a.png")).toEqual({ format: "PNG", width: 1, height: 1 });
    expect(await readPicture(bytes(GIF), "a.gif")).toEqual({ format: "GIF", width: 1, height: 1 });
    expect(await readPicture(jpeg(), "a.jpg")).toEqual({ format: "JPEG", width: 3, height: 2 });
  });

  it.each([
    ["PNG", bytes(PNG)],
    ["GIF", bytes(GIF)],
    ["JPEG", jpeg()],
  ])("refuses a %s that is cut short anywhere, and never hangs on one", async (_, whole) => {
    for (let length = 0; length < whole.length; length++) {
      await expect(readPicture(whole.subarray(0, length), "cut"), `${length} bytes`).rejects.toMatchObject({
        code: expect.stringMatching(/^FORMAT_/),
      });
    }
  });

  it("refuses a PNG with one wrong byte anywhere", async () => {
    const whole = bytes(PNG);
    for (let at = 0; at < whole.length; at++) {
      const wrong = whole.slice();
      wrong[at]! ^= 0x10;
      await expect(readPicture(wrong, "wrong"), `byte ${at}`).rejects.toMatchObject({ code: expect.stringMatching(/^FORMAT_/) });
    }
  });

  it("refuses what is no picture, whatever it is called", async () => {
    await expect(readPicture(new TextEncoder().encode("<html>404</html>"), "a.png")).rejects.toMatchObject({
      code: "FORMAT_UNKNOWN",
    });
  });
});

/** Markers of a JPEG of 3 × 2 pixels, with stuffed and restart bytes in its scan; the coefficients mean nothing. */
function jpeg(): Uint8Array {
  return Uint8Array.from([
    ...[0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0],
    ...[0xff, 0xc0, 0, 11, 8, 0, 2, 0, 3, 1, 1, 0x11, 0],
    ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
    ...[0x12, 0xff, 0, 0x34, 0xff, 0xd0, 0x56],
    ...[0xff, 0xd9],
  ]);
}
