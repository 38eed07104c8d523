import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatSeconds, parseBytes } from "./units.js";

describe("parseBytes", () => {
  it.each([
    ["0", 0],
    ["4096", 4096],
    ["512MiB", 536_870_912],
    ["1.5 GB", 1_500_000_000],
    [" 2 KiB ", 2048],
    ["1G", 1_073_741_824],
    ["3kB", 3000],
    ["3KB", 3000],
    ["1TiB", 1_099_511_627_776],
    ["7B", 7],
  ])("reads %s", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(["", "MiB", "-1MiB", "1 MIB", "1e3", "0x10", "1.", ".5G", "1,5GB", "512 MiB/s", "1constructor"])(
    "refuses %j",
    (text) => {
      expect(() => parseBytes(text)).toThrow(`"${text}" is not an amount of bytes`);
    },
  );
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1024 ** 2 * 512, "512 MiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [1024 ** 5 * 2000, "2000 PiB"],
  ])("writes %d", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("is read back within what its digits can say", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 49 }), (bytes) => {
        expect(Math.abs(parseBytes(formatBytes(bytes)) - bytes)).toBeLessThanOrEqual(Math.max(bytes * 0.051, 0));
      }),
    );
  });
});

describe("formatSeconds", () => {
  it.each([
    [0, "0.0s"],
    [9.94, "9.9s"],
    [12.3, "12s"],
    [59.4, "59s"],
    [59.7, "1m00s"],
    [75.3, "1m15s"],
    [3599.6, "1h00m"],
    [7260, "2h01m"],
    [9.97, "10s"],
  ])("writes %d", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});
