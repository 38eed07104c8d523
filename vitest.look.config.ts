import { defineConfig } from "vitest/config";
import { reporters } from "./test/reporters.js";

/** `npm run look`: sheets of all pages, compared with those that somebody has looked at. */
export default defineConfig({
  test: {
    include: ["test/look/sheets.ts"],
    pool: "forks",
    globalSetup: ["./test/compile.ts", "./test/certificates.ts", "./test/temporary.ts"],
    setupFiles: "./test/setup.ts",
    reporters,
  },
});
