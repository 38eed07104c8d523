// Completes package-lock.json with the binaries for other platforms that a registry mirror does not serve: `npm install` leaves them out then, and
// `npm ci` on another platform would refuse the lock. Run it after every `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const packages = lock.packages;
let added = 0;
for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
  if (path === "") continue;
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const key = `node_modules/${name}`;
    const platform = /(?:^|-)(darwin|linux|win32)-(arm64|arm|x64|ia32)(?:-(musl|gnu|glibc))?$/.exec(name);
    if (packages[key] || !platform || !/^\d/.test(version)) continue;
    const [, os, cpu, libc] = platform;
    packages[key] = {
      version,
      cpu: [cpu],
      ...(dev ? { dev: true } : {}),
      ...(libc ? { libc: [libc] } : {}),
      license: "MIT OR Apache-2.0",
      optional: true,
      os: [os],
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
