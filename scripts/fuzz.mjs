// Runs the fuzz suites with many cases a parser: `npm run fuzz`, or `npm run fuzz -- star` for one; FUZZ_CASES and FUZZ_SEED change count and seed.
import { spawnSync } from "node:child_process";

const cases = process.env.FUZZ_CASES ?? "1000000";
const names = process.argv.slice(2).map((name) => `test/fuzz/${name}`);
const words = ["vitest", "run", ...(names.length > 0 ? names : ["test/fuzz"]), "--testTimeout", String(6 * 3600 * 1000)];
const { status } = spawnSync("npx", words, { stdio: "inherit", env: { ...process.env, FUZZ_CASES: cases } });
process.exit(status ?? 1);
