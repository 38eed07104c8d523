// Whether `emporium serve` answers, for a container's health check: 0 or 1, and the reply of /healthz.
// The address is that of `serve --port 8080` in the same container, or the first argument.
const address = process.argv[2] ?? "http://127.0.0.1:8080/healthz";
try {
  const reply = await fetch(address, { signal: AbortSignal.timeout(8_000) });
  console.log(`${reply.status} ${(await reply.text()).trim()}`);
  process.exitCode = reply.ok ? 0 : 1;
} catch (error) {
  console.log(`${address} does not answer: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
